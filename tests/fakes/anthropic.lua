-- SPDX-License-Identifier: Apache-2.0
-- The Messages API on a free port of this process. Requests are held to the published contract:
-- what breaks it is answered as the API does, and noted in `violations`. What a request that keeps
-- it gets is scripted: a list of replies, used one after the other; the last one stays.
--
--   local api <close> = fake.new { key = "sk-ant-…", fake.fault(529), fake.message("{}") }
--   api.url, api.requests (decoded bodies with .headers), api.violations
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local tables = require "std.table"

local HERE = debug.getinfo(1, "S").source:match "^@(.*)/[^/]+$"
local server_of = dofile(HERE .. "/server.lua")

local M = {}

local MAX_BYTES = 32 * 1024 * 1024
local BEGUN = '{"type":'
local TYPES = { [400] = "invalid_request_error", [401] = "authentication_error",
  [403] = "permission_error", [404] = "not_found_error", [413] = "request_too_large",
  [429] = "rate_limit_error", [500] = "api_error", [529] = "overloaded_error" }

-- replies ----------------------------------------------------------------------------------------

--- An error as the API words it.
---@param status integer
---@param headers table|nil {["retry-after"] = "2"}
function M.fault(status, headers, text)
  return { status = status, headers = headers, body = json.encode { type = "error",
    error = { type = TYPES[status] or "api_error", message = text or "scripted fault" } } }
end

--- A message with this text; `extra` replaces its fields.
function M.message(text, extra)
  local message = { id = "msg_1", type = "message", role = "assistant",
    content = json.array { { type = "text", text = text } }, model = "claude-test",
    stop_reason = "end_turn", stop_sequence = json.null, usage = { input_tokens = 100,
      output_tokens = 50, cache_creation_input_tokens = 0, cache_read_input_tokens = 0 } }
  for key, value in pairs(extra or {}) do message[key] = value end
  return { status = 200, body = json.encode(message) }
end

--- These files as the JSON that an answer has for text.
function M.files(files)
  local fields = {}
  for name, text in pairs(files) do fields[name:gsub("%.", "_")] = text end
  return json.encode(fields)
end

--- A message with files.
function M.app(files, extra) return M.message(M.files(files), extra) end

--- The connection is closed in the middle of the answer.
function M.cut() return { status = 200, body = BEGUN .. (" "):rep(900), cut = #BEGUN } end

--- The connection is reset before the answer.
function M.reset() return { reset = true } end

--- Headers and the beginning of an answer, then a byte now and then, and never its end.
function M.slow() return { status = 200, body = BEGUN .. (" "):rep(900), dribble = true } end

--- A batch that is ready after so many looks at it; answers: custom_id → message (a reply of
--- M.message), or the name of another kind of result. Its field `outage` is how many looks are
--- answered with 529 first.
function M.batch(looks, answers) return { looks = looks, answers = answers } end

--- No answer at all.
function M.silence() return { silence = true } end

-- contract ---------------------------------------------------------------------------------------

local CONTRACT = assert(json.read(HERE .. "/anthropic.schema.json"))

local function validator(name)
  return assert(jsonschema.compile { ["$schema"] = CONTRACT["$schema"],
    ["$defs"] = CONTRACT["$defs"], ["$ref"] = "#/$defs/" .. name })
end

local VALIDATE = { message = validator "message", batch = validator "batch" }

-- The words that schemas of answers may use; the service compiles them to a grammar.
local SCHEMA_WORDS = { type = true, properties = true, required = true, description = true,
  additionalProperties = true, items = true, enum = true, const = true, anyOf = true,
  allOf = true, ["$ref"] = true, ["$defs"] = true, format = true, title = true, default = true }

local function check_schema(schema, path)
  for word in pairs(schema) do
    if not SCHEMA_WORDS[word] then return ("%s: '%s' is not supported"):format(path, word) end
  end
  if schema.type == "object" and schema.additionalProperties ~= false then
    return path .. ": for 'object' type, 'additionalProperties' must be false"
  end
  for name, property in pairs(schema.properties or {}) do
    if not name:match "^[%w_]+$" then return ("%s: bad name '%s'"):format(path, name) end
    local problem = check_schema(property, path .. "." .. name)
    if problem then return problem end
  end
  return schema.items and check_schema(schema.items, path .. ".items")
end

local MAX_BREAKPOINTS = 4

local function breakpoints(blocks)
  local count = 0
  for _, block in ipairs(type(blocks) == "table" and blocks or {}) do
    if block.cache_control then count = count + 1 end
  end
  return count
end

-- What a schema cannot say of a message.
local function check_message(body)
  local cached = breakpoints(body.system)
  for index, message in ipairs(body.messages) do
    cached = cached + breakpoints(message.content)
    if message.role ~= (index % 2 == 1 and "user" or "assistant") then
      return ("messages.%d: roles must alternate"):format(index - 1)
    end
  end
  if #body.messages % 2 == 0 then return "the conversation must end with a user message" end
  if cached > MAX_BREAKPOINTS then return "a maximum of 4 blocks with cache_control" end
  local form = body.output_config and body.output_config.format
  return form and check_schema(form.schema, "output_config.format.schema")
end

local function check_batch(body)
  local seen = {}
  for index, request in ipairs(body.requests) do
    local problem = check_message(request.params)
    if problem then return ("requests.%d.params.%s"):format(index - 1, problem) end
    if seen[request.custom_id] then return "custom_id must be unique" end
    seen[request.custom_id] = true
  end
end

local BATCHES = "/v1/messages/batches"
local ROUTES = {
  { "POST", "^/v1/messages$", "message", check_message },
  { "POST", "^/v1/messages/batches$", "batch", check_batch },
  { "GET", "^/v1/messages/batches/[%w_]+$" },
  { "GET", "^/v1/messages/batches/[%w_]+/results$" },
}

local function route_of(request)
  for _, route in ipairs(ROUTES) do
    if request.method == route[1] and request.path:find(route[2]) then return route end
  end
end

local function check_body(route, body)
  local ok, result = VALIDATE[route[3]](body)
  if not ok then return jsonschema.describe(result) end
  return route[4](body)
end

-- Status and text of what is wrong with a request, or nil.
local function violation(request, key)
  local route = route_of(request)
  if not route then return 404, ("Not found: %s %s"):format(request.method, request.path) end
  if (request.headers["x-api-key"] or "") == "" then return 401, "x-api-key header is required" end
  if key and request.headers["x-api-key"] ~= key then return 401, "invalid x-api-key" end
  if request.headers["anthropic-version"] ~= "2023-06-01" then
    return 400, "anthropic-version: header is required"
  end
  if not route[3] then return end
  if (request.headers["content-type"] or ""):match "^[^;]*" ~= "application/json" then
    return 400, "content-type: application/json expected"
  end
  if #request.text > MAX_BYTES then return 413, "Request exceeds the maximum size" end
  local problem = check_body(route, request.body)
  if problem then return 400, problem end
end

-- server -----------------------------------------------------------------------------------------

local function results_of(batch)
  local lines = {}
  for id, answer in pairs(batch.answers) do
    local result = type(answer) == "table"
      and { type = "succeeded", message = json.decode(answer.body) } or { type = answer }
    if answer == "errored" then
      result.error = { type = "error", error = { type = "invalid_request_error",
        message = "scripted" } }
    end
    lines[#lines + 1] = json.encode { custom_id = id, result = result }
  end
  return table.concat(lines, "\n") .. "\n"
end

-- What the batch of the script says to one of its four requests.
local function batch_reply(api, request)
  local batch = api.batch
  if request.path:find "/results$" then return { status = 200, body = results_of(batch) } end
  if request.method == "GET" and (batch.outage or 0) > 0 then
    batch.outage = batch.outage - 1
    return M.fault(529)
  end
  if request.method == "GET" then batch.looks = batch.looks - 1 end
  local ended = batch.looks <= 0
  return { status = 200, body = json.encode { id = "msgbatch_1", type = "message_batch",
    processing_status = ended and "ended" or "in_progress",
    results_url = ended and "http://other.invalid/results" or json.null } }
end

local function reply_to(api, request)
  local status, problem = violation(request, api.key)
  if status then
    api.violations[#api.violations + 1] = problem
    return M.fault(status, nil, problem)
  end
  api.requests[#api.requests + 1] = request
  if api.batch and request.path:find(BATCHES, 1, true) then
    return batch_reply(api, request)
  end
  return api.script[math.min(#api.requests, #api.script)]
end

-- The body that the server got as a text, decoded; what it answers, with the headers of the API.
local function serve(api, request)
  request.text = request.body
  request.body = request.text ~= "" and json.decode(request.text) or nil
  local reply = reply_to(api, request)
  return tables.merge(reply, { headers = tables.merge({ ["Content-Type"] = "application/json",
    ["request-id"] = "req_test" }, reply.headers) })
end

--- Starts a server. The list part of `options` is the script, `key` the only valid key, `batch`
--- what the Message Batches API knows.
function M.new(options)
  local api = { requests = {}, violations = {}, key = options.key, batch = options.batch,
    script = table.move(options, 1, #options, 1, {}) }
  local server = server_of(function(request) return serve(api, request) end)
  api.url = server.url
  return setmetatable(api, { __close = function() server:__close() end })
end

return M
