-- SPDX-License-Identifier: Apache-2.0
-- A Messages API on a loopback port that answers from a script. A reply is {status=, headers=,
-- json=|body=}, or {reset=true} (the connection breaks), or {cut=n} (breaks after n body bytes).
-- The last reply repeats. What was asked is in `requests`: {path=, headers=, json=}.
local json = require "std.json"
local luv = require "luv"

local M = {}

local function parse(text)
  local head, body = text:match("^(.-)\r\n\r\n(.*)$")
  local request = { path = head:match("^%u+ (%S+)"), headers = {}, json = json.decode(body) }
  for name, value in head:gmatch("\r\n([^:]+): ([^\r]*)") do
    request.headers[name:lower()] = value
  end
  return request
end

local function render(reply)
  local body = reply.body or json.encode(reply.json or {})
  local lines = { ("HTTP/1.1 %d Scripted"):format(reply.status or 200),
    "Content-Type: application/json", "Connection: close", "Content-Length: " .. #body }
  for name, value in pairs(reply.headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  local sent = reply.cut and body:sub(1, reply.cut) or body
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. sent
end

local function close(peer)
  if not peer:is_closing() then peer:close() end
end

local function on_data(server, peer, state, chunk)
  if not chunk then return close(peer) end
  state.text = state.text .. chunk
  local head_end = select(2, state.text:find("\r\n\r\n", 1, true))
  local length = tonumber(state.text:lower():match("content%-length: (%d+)")) or 0
  if not head_end or #state.text < head_end + length then return end
  server.requests[#server.requests + 1] = parse(state.text)
  local reply = server.replies[math.min(#server.requests, #server.replies)]
  if reply.reset then
    peer:close_reset()
  else
    peer:write(render(reply), function() close(peer) end)
  end
end

--- An answer as the API gives it: text (a table is encoded), and fields to replace.
function M.message(text, fields)
  local answer = { id = "msg_1", type = "message", role = "assistant", model = "claude-test-1",
    content = json.array { { type = "text",
      text = type(text) == "table" and json.encode(text) or text } },
    stop_reason = "end_turn", usage = { input_tokens = 100, output_tokens = 50,
      cache_creation_input_tokens = 7, cache_read_input_tokens = 3 } }
  for name, value in pairs(fields or {}) do answer[name] = value end
  return { json = answer }
end

--- An error as the API gives it.
function M.failure(status, kind, message, headers)
  return { status = status, headers = headers,
    json = { type = "error", error = { type = kind, message = message } } }
end

---@param replies table[]
function M.start(replies)
  local server = { requests = {}, replies = replies, peers = {} }
  local listener = luv.new_tcp()
  listener:bind("127.0.0.1", 0)
  listener:listen(16, function()
    local peer, state = luv.new_tcp(), { text = "" }
    server.peers[peer] = true
    listener:accept(peer)
    peer:read_start(function(_, chunk) on_data(server, peer, state, chunk) end)
  end)
  server.url = "http://127.0.0.1:" .. listener:getsockname().port
  return setmetatable(server, { __close = function()
    listener:close()
    for peer in pairs(server.peers) do close(peer) end
  end })
end

return M
