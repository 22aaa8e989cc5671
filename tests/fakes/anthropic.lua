-- SPDX-License-Identifier: Apache-2.0
-- The Messages API on a free port of this process. Requests are held to the published contract:
-- what breaks it is answered as the API does, and noted in `violations`. What a request that keeps
-- it gets is scripted: a list of replies, used one after the other; the last one stays.
--
--   local api <close> = fake.new { key = "sk-ant-…", fake.fault(529), fake.message("{}") }
--   api.url, api.requests (decoded bodies with .headers), api.violations
local json = require "std.json"
local luv = require "luv"

local M = {}

local REASONS = { [200] = "OK", [400] = "Bad Request", [401] = "Unauthorized", [404] = "Not Found",
  [429] = "Too Many Requests", [500] = "Internal Server Error", [529] = "Overloaded" }
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
function M.cut() return { cut = true } end

--- No answer at all.
function M.silence() return { silence = true } end

-- contract ---------------------------------------------------------------------------------------

local KNOWN = { model = "string", max_tokens = "number", messages = "table", system = "any",
  output_config = "table", metadata = "table", stop_sequences = "table", stream = "boolean",
  temperature = "number", thinking = "table", tool_choice = "table", tools = "table",
  top_k = "number", top_p = "number", service_tier = "string", cache_control = "table" }
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

local function check_blocks(blocks, path)
  if type(blocks) == "string" then return blocks == "" and path .. ": empty" or nil end
  if type(blocks) ~= "table" or #blocks == 0 then return path .. ": a list expected" end
  for _, block in ipairs(blocks) do
    if block.type ~= "text" or type(block.text) ~= "string" or block.text == "" then
      return path .. ": text content blocks must be non-empty"
    end
    local cache = block.cache_control
    local ttl = cache and (cache.ttl or "5m")
    if cache and (cache.type ~= "ephemeral" or (ttl ~= "5m" and ttl ~= "1h")) then
      return path .. ".cache_control: ephemeral with ttl 5m or 1h expected"
    end
  end
end

local function check_messages(messages)
  if #messages == 0 then return "messages: at least one message is required" end
  for index, message in ipairs(messages) do
    if message.role ~= (index % 2 == 1 and "user" or "assistant") then
      return ("messages.%d: roles must alternate"):format(index - 1)
    end
    local problem = check_blocks(message.content, ("messages.%d.content"):format(index - 1))
    if problem then return problem end
  end
  return #messages % 2 == 0 and "the conversation must end with a user message" or nil
end

local function check_body(body)
  if type(body) ~= "table" then return "the body is not JSON" end
  for name, value in pairs(body) do
    local want = KNOWN[name]
    if not want then return name .. ": Extra inputs are not permitted" end
    if want ~= "any" and type(value) ~= want then return name .. ": a " .. want .. " expected" end
  end
  for _, name in ipairs { "model", "max_tokens", "messages" } do
    if not body[name] then return name .. ": Field required" end
  end
  if math.type(body.max_tokens) ~= "integer" or body.max_tokens < 1 then
    return "max_tokens: Input should be greater than or equal to 1"
  end
  local problem = check_messages(body.messages)
    or (body.system and check_blocks(body.system, "system"))
  local form = body.output_config and body.output_config.format
  if problem or not form then return problem end
  if form.type ~= "json_schema" or type(form.schema) ~= "table" then
    return "output_config.format: json_schema with a schema expected"
  end
  return check_schema(form.schema, "output_config.format.schema")
end

-- Status and text of what is wrong with a request, or nil.
local function violation(request, key)
  if request.path ~= "/v1/messages" then return 404, "Not found: " .. request.path end
  if request.method ~= "POST" then return 400, "method " .. request.method end
  if (request.headers["x-api-key"] or "") == "" then return 401, "x-api-key header is required" end
  if key and request.headers["x-api-key"] ~= key then return 401, "invalid x-api-key" end
  if request.headers["anthropic-version"] ~= "2023-06-01" then
    return 400, "anthropic-version: header is required"
  end
  if (request.headers["content-type"] or ""):match "^[^;]*" ~= "application/json" then
    return 400, "content-type: application/json expected"
  end
  local problem = check_body(request.body)
  if problem then return 400, problem end
end

-- server -----------------------------------------------------------------------------------------

local function parse(text)
  local head, body = text:match "^(.-\r\n)\r\n(.*)$"
  local method, path = head:match "^(%u+) (%S+)"
  local headers = {}
  for name, value in head:gmatch "\r\n([^:\r]+):%s*([^\r]*)" do headers[name:lower()] = value end
  return { method = method, path = path, headers = headers, body = json.decode(body) }
end

local function bytes_of(reply)
  local lines = { ("HTTP/1.1 %d %s"):format(reply.status, REASONS[reply.status] or "Other"),
    "Content-Type: application/json", "request-id: req_test", "Connection: close",
    "Content-Length: " .. #reply.body }
  for name, value in pairs(reply.headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. reply.body
end

local function reply_to(server, request)
  local status, problem = violation(request, server.key)
  if status then
    server.violations[#server.violations + 1] = problem
    return M.fault(status, nil, problem)
  end
  server.requests[#server.requests + 1] = request
  return server.script[math.min(#server.requests, #server.script)]
end

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

local function send(peer, reply)
  if reply.silence then return end
  local bytes = reply.cut and "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"type\":"
    or bytes_of(reply)
  peer:write(bytes, function() close(peer) end)
end

local function is_whole(text)
  local _, head_end = text:find("\r\n\r\n", 1, true)
  local length = tonumber(text:lower():match "\r\ncontent%-length: *(%d+)") or 0
  return head_end and #text >= head_end + length
end

local function serve(server, listener)
  local peer, text = luv.new_tcp(), ""
  server.peers[peer] = true
  listener:accept(peer)
  peer:read_start(function(_, chunk)
    if not chunk then return close(peer) end
    text = text .. chunk
    if text:find("[Ee]xpect: 100", 1) and text:find "\r\n\r\n$" then
      peer:write "HTTP/1.1 100 Continue\r\n\r\n"
    end
    if is_whole(text) then send(peer, reply_to(server, parse(text))) end
  end)
end

--- Starts a server. The list part of `options` is the script, `key` the only valid key.
function M.new(options)
  local server = { requests = {}, violations = {}, peers = {}, key = options.key,
    script = table.move(options, 1, #options, 1, {}) }
  local listener = luv.new_tcp()
  listener:bind("127.0.0.1", 0)
  listener:listen(16, function() serve(server, listener) end)
  server.url = ("http://127.0.0.1:%d"):format(listener:getsockname().port)
  return setmetatable(server, { __close = function()
    close(listener)
    for peer in pairs(server.peers) do close(peer) end
  end })
end

return M
