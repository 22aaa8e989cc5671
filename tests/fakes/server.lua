-- SPDX-License-Identifier: Apache-2.0
-- A small HTTP/1.1 server on a free port of this process, for the fakes of outside services. The
-- handler runs as a task of its own: it may wait, for instance to ask another server.
--
--   local server <close> = new(function(request) return { status = 200, body = "…" } end)
--
-- request: {method, path, query = {name = value}, target, headers, body}
-- reply:   {status, headers, body} and at most one fault:
--   cut = n     the connection closes after n bytes of the body that was announced
--   reset = true    … is reset before an answer
--   stall = true    the head and one byte, then nothing
--   dribble = true  the head and one byte, then a space each tenth of a second
--   silence = true  nothing at all
local luv = require "luv"
local parallel = require "std.parallel"

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function parse(text)
  local head, body = text:match "^(.-\r\n)\r\n(.*)$"
  local method, target = head:match "^(%u+) (%S+)"
  local path, query = target:match "^([^?]*)%??(.*)$"
  local request = { method = method, target = target, path = path, query = {}, headers = {},
    body = body }
  for name, value in query:gmatch "([^&=]+)=([^&]*)" do
    request.query[decode(name)] = decode(value)
  end
  for name, value in head:gmatch "\r\n([^:\r]+):%s*([^\r]*)" do
    request.headers[name:lower()] = value
  end
  return request
end

local function bytes_of(reply)
  local body = reply.body or ""
  local lines = { ("HTTP/1.1 %d Answer"):format(reply.status), "Connection: close" }
  if reply.status ~= 204 and reply.status ~= 304 then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  for name, value in pairs(reply.headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  local head = table.concat(lines, "\r\n") .. "\r\n\r\n"
  if reply.stall or reply.dribble then return head .. body:sub(1, 1) end
  return head .. (reply.cut and body:sub(1, reply.cut) or body)
end

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

-- As long as the other side listens.
local function dribble(peer)
  local timer = luv.new_timer()
  timer:start(100, 100, function()
    if peer:is_closing() then close(timer) else peer:write " " end
  end)
end

local function send(peer, reply)
  if reply.silence or peer:is_closing() then return end
  if reply.reset then return peer:close_reset() end
  peer:write(bytes_of(reply), function()
    if reply.dribble then dribble(peer) elseif not reply.stall then close(peer) end
  end)
end

-- A handler that raises is the test's mistake: it is kept, and answered so that nobody waits.
local function answer(server, peer, request)
  local ok, reply = xpcall(server.handler, debug.traceback, request)
  if not ok then
    table.insert(server.mistakes, reply)
    reply = { status = 500, body = reply }
  end
  send(peer, reply)
end

local function is_whole(text)
  local _, head_end = text:find("\r\n\r\n", 1, true)
  local length = tonumber(text:lower():match "\r\ncontent%-length: *(%d+)") or 0
  return head_end and #text >= head_end + length
end

local function serve(server, listener)
  local peer, text, begun = luv.new_tcp(), "", false
  server.peers[peer] = true
  listener:accept(peer)
  peer:read_start(function(_, chunk)
    if not chunk then return close(peer) end
    text = text .. chunk
    if text:find "[Ee]xpect: 100" and text:find "\r\n\r\n$" then
      peer:write "HTTP/1.1 100 Continue\r\n\r\n"
    end
    if is_whole(text) and not begun then
      begun = true
      table.insert(server.tasks, parallel.spawn(answer, server, peer, parse(text)))
    end
  end)
end

local Server = {}
Server.__index = Server

function Server.__close(server)
  close(server.listener)
  for peer in pairs(server.peers) do close(peer) end
  for _, task in ipairs(server.tasks) do task:cancel() end
  for _, task in ipairs(server.tasks) do task:join() end
end

---@param handler fun(request: table): table
---@param host string|nil name that the URL shows; the address stays 127.0.0.1
return function(handler, host)
  local server = { handler = handler, peers = {}, tasks = {}, mistakes = {} }
  server.listener = luv.new_tcp()
  server.listener:bind("127.0.0.1", 0)
  server.listener:listen(64, function() serve(server, server.listener) end)
  server.port = server.listener:getsockname().port
  server.url = ("http://%s:%d"):format(host or "127.0.0.1", server.port)
  return setmetatable(server, Server)
end
