-- SPDX-License-Identifier: Apache-2.0
-- A module registry on a free port of this process: versions, download places and archives.
--   local registry <close> = fake.new { ["acme/queue/aws"] = { ["1.2.0"] = archive_bytes } }
--   registry.url, registry.paths (what was asked for)
local json = require "std.json"
local luv = require "luv"

local M = {}

local function answer(status, body, headers)
  local lines = { ("HTTP/1.1 %d Answer"):format(status), "Connection: close",
    "Content-Length: " .. #body }
  for name, value in pairs(headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

local function versions_of(modules, name)
  local list = {}
  for version in pairs(modules[name]) do list[#list + 1] = { version = version } end
  return json.encode { modules = { { source = name, versions = list } } }
end

local function reply(modules, path)
  local name = path:match("^/v1/modules/([^/]+/[^/]+/[^/]+)/versions$")
  if name and modules[name] then return answer(200, versions_of(modules, name)) end
  local version
  name, version = path:match("^/v1/modules/([^/]+/[^/]+/[^/]+)/([^/]+)/download$")
  if name and modules[name] and modules[name][version] then
    return answer(204, "", { ["X-Terraform-Get"] = ("/archives/%s/%s.tar.gz"):format(name,
      version) })
  end
  name, version = path:match("^/archives/([^/]+/[^/]+/[^/]+)/([^/]+)%.tar%.gz$")
  local bytes = name and modules[name] and modules[name][version]
  return bytes and answer(200, bytes) or answer(404, "")
end

local function close(handle)
  if not handle:is_closing() then handle:close() end
end

local function serve(server, modules, listener)
  local peer, text = luv.new_tcp(), ""
  listener:accept(peer)
  peer:read_start(function(_, chunk)
    if not chunk then return close(peer) end
    text = text .. chunk
    local path = text:find("\r\n\r\n", 1, true) and text:match("^GET (%S+)")
    if path then
      server.paths[#server.paths + 1] = path
      peer:write(reply(modules, path), function() close(peer) end)
    end
  end)
end

---@param modules table<string, table<string, string>> archives by module and version
function M.new(modules)
  local listener = luv.new_tcp()
  listener:bind("127.0.0.1", 0)
  local server = setmetatable({ paths = {} }, { __close = function() close(listener) end })
  listener:listen(16, function() serve(server, modules, listener) end)
  server.url = "http://127.0.0.1:" .. listener:getsockname().port
  return server
end

return M
