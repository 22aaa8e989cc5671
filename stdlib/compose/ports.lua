-- SPDX-License-Identifier: Apache-2.0
-- Published ports: "127.0.0.1:8080-8081:80-81/udp" and the long form become {target, published,
-- protocol, host_ip}, one for each port.

local cast = require "std.compose.cast"
local json = require "std.json"
local origin = require "std.compose.origin"

local M = {}

local function range(text, place, what, key)
  local first, last = text:match("^(%d+)%-(%d+)$")
  if not first then first, last = text:match("^%d+$"), text:match("^%d+$") end
  first, last = math.tointeger(tonumber(first)), math.tointeger(tonumber(last))
  if not first or first > last or last > 65535 then
    origin.fail(place, "%s: '%s' is no %s", key or "ports", text, what)
  end
  return first, last
end

-- Host address, published ports, target ports, protocol of the short form.
local function split(text, place)
  local rest, protocol = text:match("^(.-)/(%a+)$")
  rest = rest or text
  local ip, tail = rest:match("^%[([%x:.]+)%]:(.*)$")
  if not ip then
    ip, tail = rest:match("^([%d.]*):([^:]*:[^:]*)$")
    if not ip then tail = rest end
    if ip == "" then ip = nil end -- ":80:80"
  end
  local published, target = tail:match("^([^:]*):([^:]+)$")
  if not target then target = tail end
  if target:find(":", 1, true) then origin.fail(place, "ports: '%s' is no port mapping", text) end
  return ip, published ~= "" and published or nil, target, (protocol or "tcp"):lower()
end

local function check_protocol(protocol, place)
  if protocol ~= "tcp" and protocol ~= "udp" and protocol ~= "sctp" then
    origin.fail(place, "ports: protocol must be tcp or udp, not '%s'", protocol)
  end
end

local function short(text, place)
  local ip, published, target, protocol = split(text, place)
  check_protocol(protocol, place)
  local first, last = range(target, place, "container port")
  local host, host_last
  if published then host, host_last = range(published, place, "host port") end
  local out = json.array()
  if host and host_last - host ~= last - first then
    if first ~= last then
      origin.fail(place, "ports: '%s' has host and container ranges of different length", text)
    end
    out[1] = origin.place({ target = first, published = published, protocol = protocol,
      host_ip = ip, mode = "ingress" }, place)
    return out
  end
  for i = 0, last - first do
    out[#out + 1] = origin.place({ target = first + i, protocol = protocol, host_ip = ip,
      published = host and tostring(host + i) or nil, mode = "ingress" }, place)
  end
  return out
end

--- Reader of `expose`: "80", "80-82/udp".
function M.exposed(value, place, name)
  local list = cast.scalars(value, place, name)
  for i, text in ipairs(list) do
    local numbers, protocol = text:match("^(%d+%-?%d*)/?(%a*)$")
    local at = origin.at(list, i) or place
    range(numbers or text, at, "container port", "expose")
    check_protocol(protocol ~= "" and protocol and protocol:lower() or "tcp", at)
  end
  return list
end

local long = cast.record {
  target = cast.integer, published = cast.text, protocol = cast.string, host_ip = cast.string,
  mode = cast.string, name = cast.string, app_protocol = cast.string,
}

--- Reader of one item of `ports`.
function M.read(value, place, name, state)
  if type(value) ~= "table" then return short(cast.scalar(value), place) end
  local out = long(value, place, name, state)
  if not out.target then origin.fail(place, "%s: target is missing", name) end
  if out.target < 1 or out.target > 65535 then
    origin.fail(place, "%s: %d is no container port", name, out.target)
  end
  if out.published then range(out.published, place, "host port") end
  out.protocol, out.mode = out.protocol or "tcp", out.mode or "ingress"
  check_protocol(out.protocol, place)
  return out
end

--- What makes two of them one and the same.
function M.key(port)
  return table.concat({ port.host_ip or "", port.target, port.published or "", port.protocol },
    "|")
end

return M
