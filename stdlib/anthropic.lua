-- SPDX-License-Identifier: Apache-2.0
-- The Messages API: one question, one answer, within a budget of tokens. The key goes into one
-- header of requests to the configured address (redirects are not followed) and nowhere else.

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local mask = require "std.mask"
local retry = require "std.retry"

local M = {}

local API_VERSION <const> = "2023-06-01"
local TIMEOUT <const> = 600
local LONGEST_PAUSE <const> = 60
local LEAST_OUTPUT <const> = 1024
local BYTES_PER_TOKEN <const> = 3 -- on the low side, so that estimates are on the high side
local TOKENS_PER_IMAGE <const> = 5000 -- on the high side: larger images are made smaller

-- budget -----------------------------------------------------------------------------------------

---@class anthropic.Budget
---@field limit integer
---@field used integer   input (cached or not) and output tokens of all calls
---@field reserved integer  what the requests of a batch may come to
local Budget = {}
Budget.__index = Budget

---@param limit integer tokens
---@return anthropic.Budget
function M.budget(limit)
  if math.type(limit) ~= "integer" or limit < 0 then
    error("anthropic.budget: limit must be a whole number of tokens", 2)
  end
  return setmetatable({ limit = limit, used = 0, reserved = 0 }, Budget)
end

function Budget:add(tokens) self.used = self.used + tokens end

--- Holds tokens back, or with a negative number gives them free.
function Budget:reserve(tokens) self.reserved = self.reserved + tokens end

-- How many tokens an answer may have, so that the call cannot pass the limit; or the error.
function Budget:room(request_tokens, wanted)
  local left = self.limit - self.used - self.reserved - request_tokens
  if left >= math.min(wanted, LEAST_OUTPUT) then return math.min(wanted, left) end
  return nil, error_of.new { op = "claude", code = "limit",
    message = ("token budget: %d of %d used, the next call needs about %d"):format(self.used,
      self.limit, request_tokens + math.min(wanted, LEAST_OUTPUT)),
    hint = "ANTHROPIC_TOKEN_BUDGET raises it" }
end

-- answers that are errors ------------------------------------------------------------------------

local CODES <const> = { [400] = "invalid", [401] = "denied", [402] = "denied", [403] = "denied",
  [404] = "not_found", [409] = "conflict", [413] = "invalid" }
local HINTS <const> = {
  [401] = "ANTHROPIC_API_KEY is not valid",
  [402] = "the account cannot be billed",
  [403] = "ANTHROPIC_API_KEY may not do this",
  [404] = "look at ANTHROPIC_MODEL and ANTHROPIC_BASE_URL",
}

-- What to do after an answer that is no success: false, true, or the pause that it asks for.
local function retry_wish(response)
  local headers, status = response.headers, response.status
  local wish = headers["x-should-retry"]
  local passing = status == 408 or status == 409 or status == 429 or status >= 500
  if wish == "false" or (wish ~= "true" and not passing) then return false end
  local milliseconds = tonumber(headers["retry-after-ms"])
  local pause = milliseconds and milliseconds / 1000 or http.retry_after(response)
  if pause and pause > 0 and pause <= LONGEST_PAUSE then return pause end
  return true
end

local function failure(response)
  local status = response.status
  local body = json.decode(response.body)
  local detail = type(body) == "table" and type(body.error) == "table" and body.error or {}
  local text = type(detail.message) == "string" and detail.message or ""
  local hint = HINTS[status]
  if status == 400 and text:find("output_config", 1, true) then
    hint = "this model cannot answer in a fixed form: set ANTHROPIC_MODEL to one that can"
  end
  return error_of.new { op = "claude", status = status, hint = hint,
    code = CODES[status] or (status >= 429 and "unavailable" or "http"),
    request_id = response.headers["request-id"], retry = retry_wish(response),
    message = mask.text(("HTTP %d %s %s"):format(status, tostring(detail.type or ""), text)
      :gsub("%s+", " "):gsub(" $", ""):sub(1, 400)) }
end

-- client -----------------------------------------------------------------------------------------

---@class anthropic.Client
---@field budget anthropic.Budget
local Client = {}
Client.__index = Client

local function text_option(options, name)
  local value = options[name]
  if type(value) ~= "string" or value == "" then
    error(("anthropic.new: %s must be a text"):format(name), 3)
  end
  return value
end

---@param options {api_key: string, base_url: string, model: string, budget: anthropic.Budget,
--- timeout: number|nil, sleep: function|nil}
---@return anthropic.Client|nil
---@return lsqm.Error|nil
function M.new(options)
  local key = text_option(options, "api_key")
  mask.add(key)
  if key:find("[^%g]") then
    return nil, error_of.new { op = "claude", code = "invalid",
      message = "ANTHROPIC_API_KEY holds a space or a control character" }
  end
  -- in a function: whoever prints the client shall not see it
  return setmetatable({ key = function() return key end, model = text_option(options, "model"),
    url = text_option(options, "base_url"):gsub("/+$", ""),
    budget = options.budget, timeout = options.timeout or TIMEOUT, sleep = options.sleep }, Client)
end

-- Each text ends a part that is cached: the first stays when the second changes.
local function system_of(texts)
  local blocks = {}
  for index, text in ipairs(texts) do
    blocks[index] = { type = "text", text = text, cache_control = { type = "ephemeral" } }
  end
  return json.array(blocks)
end

local function body_of(self, request)
  return {
    model = self.model, max_tokens = request.max_tokens, system = system_of(request.system),
    messages = json.array(request.messages),
    output_config = { format = { type = "json_schema", schema = request.schema } },
  }
end

local function once(self, request)
  local response, err = http.request {
    method = request.method, url = self.url .. request.path, body = request.body,
    timeout = self.timeout, retries = 0, max_body = request.max_body,
    headers = { ["x-api-key"] = self.key(), ["anthropic-version"] = API_VERSION,
      ["Content-Type"] = request.body and "application/json" or nil, Accept = "application/json",
      ["User-Agent"] = "lsqm" },
  }
  if response and response.status >= 200 and response.status < 300 then return response end
  if response then return nil, failure(response) end
  -- what was sent in vain for ten minutes may have been worked on, and be billed
  if err.code == "timeout" then self.budget:add(request.tokens or 0) end
  local passing = err.code == "network" and not request.unrepeatable
  return nil, error_of.new { op = "claude", retry = passing,
    code = err.code == "limit" and "http" or err.code, message = mask.text(tostring(err)) }
end

--- A request to the API, repeated where the answer says that this may help.
---@param request {method: string, path: string, body: string|nil, tokens: integer|nil,
--- max_body: integer|nil, unrepeatable: boolean|nil}
function Client:call(request)
  return retry.call(function() return once(self, request) end, {
    attempts = 3, base = 0.5, max = 8, jitter = 0.25, sleep = self.sleep,
    retry_if = function(failed) return failed.retry end })
end

local function number(value)
  return math.type(value) == "integer" and value or 0
end

---@class anthropic.Usage
---@field input integer        all of the request, cached or not
---@field output integer
---@field cache_write integer
---@field cache_read integer

---@return anthropic.Usage
local function usage_of(raw)
  local write = number(raw.cache_creation_input_tokens)
  local read = number(raw.cache_read_input_tokens)
  return { input = number(raw.input_tokens) + write + read, output = number(raw.output_tokens),
    cache_write = write, cache_read = read }
end

local function text_of(message)
  local parts = {}
  for _, block in ipairs(type(message.content) == "table" and message.content or {}) do
    if type(block) == "table" and block.type == "text" and type(block.text) == "string" then
      parts[#parts + 1] = block.text
    end
  end
  return table.concat(parts)
end

local UNFINISHED <const> = {
  max_tokens = "the answer was cut at %d tokens",
  refusal = "the model refused",
  model_context_window_exceeded = "the architecture is too large for the model",
}
local FINISHED <const> = { end_turn = true, stop_sequence = true }

-- An unfinished answer is no answer; cut because of the budget means that the budget is spent.
local function unfinished(request, message)
  if FINISHED[message.stop_reason] then return nil end
  local text = UNFINISHED[message.stop_reason]
    or "the answer was stopped by " .. tostring(message.stop_reason):gsub("%%", "%%%%"):sub(1, 60)
  local by_budget = message.stop_reason == "max_tokens" and request.max_tokens < request.wanted
  return error_of.new { op = "claude", stop_reason = message.stop_reason,
    code = by_budget and "limit" or "rejected", message = text:format(request.max_tokens),
    hint = message.stop_reason == "max_tokens" and "config anthropic.max_tokens" or nil }
end

--- What a message says, paid from the budget.
---@param message any the decoded answer
---@param request table from prepare
---@param raw {size: integer, id: string|nil} bytes of the answer, the request's id
function Client:read(message, request, raw)
  if type(message) ~= "table" or type(message.usage) ~= "table" then
    self.budget:add(request.tokens + math.ceil(raw.size / BYTES_PER_TOKEN))
    return nil, error_of.new { op = "claude", code = "http", request_id = raw.id,
      message = "the answer is not a message" }
  end
  local usage = usage_of(message.usage)
  self.budget:add(usage.input + usage.output)
  local err = unfinished(request, message)
  if err then return nil, err end
  return { text = text_of(message), usage = usage, request_id = raw.id,
    model = type(message.model) == "string" and message.model or self.model }
end

-- Images cost by their size in pixels, not in bytes.
local function tokens_of(body)
  local bytes, images = #json.encode(body), 0
  for _, turn in ipairs(body.messages) do
    for _, block in ipairs(type(turn.content) == "table" and turn.content or {}) do
      if block.type == "image" then
        bytes, images = bytes - #block.source.data, images + 1
      end
    end
  end
  return math.ceil(bytes / BYTES_PER_TOKEN) + images * TOKENS_PER_IMAGE
end

--- A request that fits into the budget, with its body as a table; or the error (code "limit").
---@param options {system: string[], messages: table[], schema: table, max_tokens: integer}
---@return {body: table, tokens: integer, max_tokens: integer}|nil
---@return lsqm.Error|nil
function Client:prepare(options)
  local request = { system = options.system, messages = options.messages,
    schema = options.schema, wanted = options.max_tokens, max_tokens = options.max_tokens }
  request.tokens = tokens_of(body_of(self, request))
  local room, err = self.budget:room(request.tokens, request.wanted)
  if not room then return nil, err end
  request.max_tokens = room
  request.body = body_of(self, request)
  return request
end

--- Asks for a JSON text of a schema. The call is not made when the budget does not reach for it
--- (err.code "limit"); an answer that was cut or refused is an error ("rejected"), not a text.
---@param options {system: string[], messages: table[], schema: table, max_tokens: integer}
---@return {text: string, usage: anthropic.Usage, model: string, request_id: string|nil}|nil
---@return lsqm.Error|nil
function Client:message(options)
  local request, err = self:prepare(options)
  if not request then return nil, err end
  local response
  response, err = self:call { method = "POST", path = "/v1/messages", tokens = request.tokens,
    body = json.encode(request.body) }
  if not response then return nil, err end
  return self:read(json.decode(response.body), request,
    { size = #response.body, id = response.headers["request-id"] })
end

return M
