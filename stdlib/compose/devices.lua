-- SPDX-License-Identifier: Apache-2.0
-- Devices of a service: "/dev/a:/dev/b:rw" and the long form become {source, target, permissions};
-- what is asked of a driver (`gpus`, reservations of `deploy`) becomes {driver, count, device_ids,
-- capabilities, options}.

local cast = require "std.compose.cast"
local json = require "std.json"
local origin = require "std.compose.origin"

local M = {}

local ALL <const> = -1

local function short(value, place, name)
  local source, rest = cast.string(value, place, name):match("^([^:]+):?(.*)$")
  if not source then origin.fail(place, "%s: '%s' is no device", name, tostring(value)) end
  local target, permissions = rest:match("^([^:]*):?(.*)$")
  return { source = source, target = target ~= "" and target or nil,
    permissions = permissions ~= "" and permissions or nil }
end

local long = cast.record({ source = cast.string, target = cast.string,
  permissions = cast.string }, short)

--- Reader of one item of `devices`.
function M.read(value, place, name, state)
  local out = long(value, place, name, state)
  if not out.source then origin.fail(place, "%s: source is missing", name) end
  out.target, out.permissions = out.target or out.source, out.permissions or "rwm"
  if not out.permissions:find("^[rwm]+$") then
    origin.fail(place, "%s: permissions are of r, w and m, not '%s'", name, out.permissions)
  end
  return out
end

--- Two devices at one place are the same device.
function M.key(device) return device.target end

local function count(value, place, name)
  if value == "all" then return ALL end
  return cast.integer(value, place, name)
end

local request = cast.record { driver = cast.string, count = count, device_ids = cast.list,
  capabilities = cast.list, options = cast.text_map }

local function complete(out, place, name)
  if out.count and out.device_ids then
    origin.fail(place, "%s: count and device_ids exclude each other", name)
  end
  if not out.device_ids then out.count = out.count or ALL end
  return out
end

local function one(value, place, name, state)
  return complete(request(value, place, name, state), place, name)
end

--- Reader of `deploy.resources.reservations.devices`.
M.requests = cast.list_of(function(value, place, name, state)
  local out = one(value, place, name, state)
  if not out.capabilities then origin.fail(place, "%s: capabilities are missing", name) end
  return out
end)

local gpu_list = cast.list_of(function(value, place, name, state)
  local out = one(value, place, name, state)
  out.capabilities = out.capabilities or json.array()
  if not table.concat(out.capabilities, " "):find("gpu", 1, true) then
    table.insert(out.capabilities, "gpu")
  end
  return out
end)

--- Reader of `gpus`: "all" or a list.
function M.gpus(value, place, name, state)
  if type(value) ~= "table" then
    if value ~= "all" then cast.wrong(place, name, "all or a list", value) end
    value = origin.place(json.array { origin.place({ count = ALL }, place) }, place)
  end
  return gpu_list(value, place, name, state)
end

return M
