-- SPDX-License-Identifier: Apache-2.0
-- Message Batches: many questions at once for half the price, answered within a day. Results are
-- fetched from the configured address, never from an address that an answer names: the key stays
-- where it belongs.

local error_of = require "std.error"
local json = require "std.json"
local mask = require "std.mask"
local parallel = require "std.parallel"
local retry = require "std.retry"
local time = require "std.time"

local M = {}

local PATH <const> = "/v1/messages/batches"
local POLL <const> = 30
local LONGEST <const> = 25 * 3600 -- the service ends a batch after 24 hours
local MOST_MISSES <const> = 60 -- in a row
local MAX_RESULTS <const> = 1 << 30

local function bad(text, code)
  return nil, error_of.new { op = "claude", code = code or "http", message = text }
end

local function decode_batch(response)
  local batch = json.decode(response.body)
  local id = type(batch) == "table" and batch.id
  if type(id) ~= "string" or not id:find "^[%w_-]+$" then
    return bad "the answer is not a batch"
  end
  return batch
end

-- Where creating it fails on the way, the batch may exist all the same: it is not created again.
local function create(client, entries)
  local response, err = client:call { method = "POST", path = PATH, unrepeatable = true,
    body = json.encode { requests = json.array(entries) } }
  if not response then return nil, err end
  return decode_batch(response)
end

-- Whether it has ended; nil, err when that cannot be told.
local function look(client, path)
  local response, err = client:call { method = "GET", path = path }
  if not response then return nil, err end
  local batch
  batch, err = decode_batch(response)
  if not batch then return nil, err end
  return batch.processing_status == "ended"
end

-- A batch that was paid for is not given up because the network was away for a while.
local function wait_for(client, batch, sleep)
  local path, misses = PATH .. "/" .. batch.id, 0
  local deadline = time.monotonic() + LONGEST
  local ended = batch.processing_status == "ended"
  while not ended do
    if time.monotonic() > deadline then
      return bad(("batch %s has not ended"):format(batch.id), "timeout")
    end
    sleep(POLL)
    local err
    ended, err = look(client, path)
    misses = ended == nil and misses + 1 or 0
    if ended == nil and (misses == MOST_MISSES or not retry.is_passing(err)) then
      return nil, err
    end
  end
  return client:call { method = "GET", path = path .. "/results", max_body = MAX_RESULTS }
end

local REASONS <const> = { errored = "rejected", canceled = "unavailable", expired = "timeout" }

local function read_result(client, line, request, id)
  local result = type(line.result) == "table" and line.result or {}
  if result.type == "succeeded" then
    return client:read(result.message, request, { size = #json.encode(line), id = id })
  end
  local kind = tostring(result.type):sub(1, 40)
  local detail = type(result.error) == "table" and type(result.error.error) == "table"
    and result.error.error.message
  return nil, error_of.new { op = "claude", code = REASONS[kind] or "http",
    message = mask.text(("batch request %s: %s"):format(kind, tostring(detail or "")))
      :sub(1, 400) }
end

local function read_results(client, response, requests, id)
  local answers = {}
  for text in response.body:gmatch "[^\r\n]+" do
    local line = json.decode(text)
    local request = type(line) == "table" and requests[line.custom_id]
    if request and not answers[line.custom_id] then
      local answer, err = read_result(client, line, request, id)
      answers[line.custom_id] = { answer = answer, err = err }
    end
  end
  return answers
end

--- Asks what the budget has room for, in the order of the list.
---@param client anthropic.Client
---@param questions {id: string, options: table}[] ids of letters, digits, - and _, up to 64 of
--- them; options as of Client:message
---@param sleep function|nil
---@return table<string, {answer: table|nil, err: lsqm.Error|nil}>|nil by id; what is not in it was
--- not asked, or has no answer
---@return lsqm.Error|nil
function M.ask(client, questions, sleep)
  local entries, requests, held = {}, {}, 0
  for _, question in ipairs(questions) do
    local request = client:prepare(question.options)
    if not request then break end
    requests[question.id] = request
    entries[#entries + 1] = { custom_id = question.id, params = request.body }
    held = held + request.tokens + request.max_tokens
    client.budget:reserve(request.tokens + request.max_tokens)
  end
  local _ <close> = setmetatable({}, { __close = function() client.budget:reserve(-held) end })
  if #entries == 0 then return {} end
  local batch, err = create(client, entries)
  if not batch then return nil, err end
  local response
  response, err = wait_for(client, batch, sleep or parallel.sleep)
  if not response then return nil, err end
  return read_results(client, response, requests, batch.id)
end

return M
