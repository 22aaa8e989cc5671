-- SPDX-License-Identifier: Apache-2.0
-- Mounts: "name:/path:ro", "./dir:/path" and the long form become {type, source, target,
-- read_only, …}. Sources on the host become absolute.

local cast = require "std.compose.cast"
local fs = require "std.fs"
local origin = require "std.compose.origin"

local M = {}

local PROPAGATION <const> = { rprivate = true, private = true, rshared = true, shared = true,
  rslave = true, slave = true }

--- A path of the host, from the folder of the file that names it.
function M.host_path(path, state)
  if path:sub(1, 1) == "~" then path = (os.getenv "HOME" or "/") .. path:sub(2) end
  if path:sub(1, 1) == "/" then return fs.normalize(path) end
  return fs.normalize(fs.join(state.dir, path))
end

local function add_options(mount, options, place)
  for option in options:gmatch("[^,]+") do
    if option == "ro" then
      mount.read_only = true
    elseif option == "nocopy" then
      mount.volume = { nocopy = true }
    elseif PROPAGATION[option] then
      mount.bind = mount.bind or {}
      mount.bind.propagation = option
    elseif option == "z" or option == "Z" then
      mount.bind = mount.bind or {}
      mount.bind.selinux = option
    elseif option ~= "rw" and option ~= "cached" and option ~= "delegated"
      and option ~= "consistent" then
      origin.fail(place, "volumes: unknown option '%s'", option)
    end
  end
end

local function short(text, place, _, state)
  local source, target, options = text:match("^([^:]+):([^:]+):?([^:]*)$")
  if not source then
    if text:find(":", 1, true) then origin.fail(place, "volumes: '%s' is no mount", text) end
    return { type = "volume", target = text }
  end
  local mount = { target = target, source = source, type = "volume" }
  if source:find("^[./~]") then
    mount.type, mount.source = "bind", M.host_path(source, state)
    mount.bind = { create_host_path = true }
  end
  add_options(mount, options, place)
  return mount
end

local long = cast.record({
  type = cast.string, source = cast.string, target = cast.string, read_only = cast.boolean,
  consistency = cast.string,
  bind = cast.record { propagation = cast.string, create_host_path = cast.boolean,
    selinux = cast.one_of { "z", "Z" }, recursive = cast.string },
  volume = cast.record { nocopy = cast.boolean, subpath = cast.string, labels = cast.text_map },
  tmpfs = cast.record { size = cast.bytes, mode = cast.rights },
  image = cast.record { subpath = cast.string },
}, function(value, place, name, state)
  return short(cast.string(value, place, name), place, name, state)
end)

local TYPES <const> = { volume = true, bind = true, tmpfs = true, npipe = true, image = true,
  cluster = true }

--- Reader of one item of `volumes`.
function M.read(value, place, name, state)
  local mount = long(value, place, name, state)
  mount.type = mount.type or "volume"
  if not TYPES[mount.type] then
    origin.fail(place, "%s: type must be volume, bind or tmpfs, not '%s'", name, mount.type)
  end
  if not mount.target then origin.fail(place, "%s: target is missing", name) end
  if type(value) == "table" and mount.type == "bind" then
    if not mount.source then origin.fail(place, "%s: a bind mount needs a source", name) end
    mount.source = M.host_path(mount.source, state)
  end
  mount.target = #mount.target > 1 and mount.target:gsub("/+$", "") or mount.target
  return mount
end

--- Two mounts at one place are the same mount.
function M.key(mount) return mount.target end

return M
