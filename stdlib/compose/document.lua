-- SPDX-License-Identifier: Apache-2.0
-- One Compose file: read, interpolated, brought to long forms, its `extends` resolved. What it
-- includes is left to std.compose.

local cast = require "std.compose.cast"
local file = require "std.compose.file"
local fs = require "std.fs"
local interpolate = require "std.compose.interpolate"
local json = require "std.json"
local merge = require "std.compose.merge"
local mounts = require "std.compose.mounts"
local origin = require "std.compose.origin"
local service = require "std.compose.service"
local table_of = require "std.table"
local yaml = require "std.yaml"

local M = {}

local external = cast.record({ name = cast.string }, function(value, place, name)
  return { cast.boolean(value, place, name) }
end)

-- `external: {name: x}` is the old way of writing `external: true` and a name.
local function resource(fields, accepts)
  fields.external = function(value, place, name)
    local out = external(value, place, name)
    if out[1] ~= nil then return out[1] end
    return out
  end
  local read = cast.merged(fields)
  return cast.named(function(value, place, name, state)
    local out = read(value, place, name, state)
    if type(out.external) == "table" and out.external ~= origin.NULL then
      out.name, out.external = out.external.name, true
    end
    return out
  end, accepts)
end

local function file_resource()
  return resource { file = function(value, place, name, state)
    return mounts.host_path(cast.string(value, place, name), state)
  end, environment = cast.string, content = cast.string, name = cast.string,
    labels = cast.text_map, template_driver = cast.string, driver = cast.string,
    driver_opts = cast.options }
end

-- A volume that is a folder of the host may name it from the file's folder.
local function volumes(value, place, name, state)
  local read = resource({ driver = cast.string, driver_opts = cast.options, name = cast.string,
    labels = cast.text_map }, { null = true })
  local out = read(value, place, name, state)
  for _, volume in pairs(out) do
    local options = type(volume) == "table" and volume.driver_opts
    if type(options) == "table" and (options.o or ""):find("bind", 1, true) and options.device then
      options.device = mounts.host_path(options.device, state)
    end
  end
  return out
end

local pool = cast.record { subnet = cast.string, gateway = cast.string, ip_range = cast.string,
  aux_addresses = cast.options }

local SECTIONS <const> = {
  networks = resource({ driver = cast.string, driver_opts = cast.options, name = cast.string,
    internal = cast.boolean, attachable = cast.boolean, labels = cast.text_map,
    enable_ipv4 = cast.boolean, enable_ipv6 = cast.boolean,
    ipam = cast.merged { driver = cast.string, config = cast.list_of(pool),
      options = cast.options } }, { null = true }),
  volumes = volumes, secrets = file_resource(), configs = file_resource(),
}
M.SECTIONS = { "services", "networks", "volumes", "secrets", "configs" }

local TOP <const> = { name = true, version = true, services = true, networks = true,
  volumes = true, secrets = true, configs = true, include = true, models = true }

local function on_tag(tag, value)
  if tag == "!reset" then return origin.RESET, true end
  if tag == "!override" then
    return type(value) == "table" and origin.mark_override(value) or value, true
  end
  return nil
end

local function check_top(raw, path)
  if type(raw) ~= "table" or json.is_array(raw) then
    origin.fail({ file = path, line = 1, col = 1 }, "a Compose file must be a mapping")
  end
  for key in pairs(raw) do
    if not TOP[key] and not tostring(key):find("^x%-") then
      cast.unknown(origin.at(raw, key), "the file", key, TOP)
    end
    if key == "name" or key == "version" then cast.string(raw[key], origin.at(raw, key), key) end
  end
end

local function read_raw(path, state)
  local text, err = file.read(path)
  if not text then error(err, 0) end
  local raw, marks = yaml.decode(text, { file = path, tags = on_tag, marks = true })
  if raw == nil then error(marks, 0) end
  if raw == json.null then raw, marks = {}, {} end
  origin.adopt(marks, path)
  check_top(raw, path)
  interpolate.tree(raw, state.variables)
  return raw
end

local function read_services(raw, state)
  local out = origin.like({}, raw)
  for name, value in table_of.sorted_pairs(raw) do
    local place = origin.at(raw, name)
    if value == origin.RESET then
      out[name] = value
    else
      local own = value == json.null and value or service.read(name, value, place, state)
      out[name] = own == json.null and origin.NULL
        or cast.kept_override(value, merge.unique(own))
    end
    origin.set(out, name, place)
  end
  return out
end

-- A file of `extends` is read once, however many services extend it.
local function extended_file(path, state)
  state.extended = state.extended or {}
  local doc = state.extended[path]
  if not doc then
    local inner = setmetatable({ dir = fs.dirname(path), path = path }, { __index = state })
    doc = { raw = read_raw(path, inner), state = inner, done = {} }
    doc.services = read_services(doc.raw.services or {}, inner)
    state.extended[path] = doc
  end
  return doc
end

local function cycle(chain, id)
  local names = {}
  for _, link in ipairs(chain) do names[#names + 1] = link.name end
  names[#names + 1] = id
  return table.concat(names, " -> ")
end

local resolve

local function base_of(doc, value, place, chain)
  local target = doc
  if value.file then
    target = extended_file(service.extends_path(value.file, doc.state), doc.state)
  end
  if not value.service then origin.fail(place, "extends: service is missing") end
  local name = value.service
  if not target.services[name] or target.services[name] == origin.RESET then
    origin.fail(place, "extends: there is no service '%s' in %s%s", name, target.state.path,
      require("std.suggest").phrase(name, target.services))
  end
  return resolve(target, name, place, chain)
end

-- The service with what it extends beneath it.
function resolve(doc, name, place, chain)
  if doc.done[name] then return doc.done[name] end
  local id = doc.state.path .. "\0" .. name
  for _, link in ipairs(chain) do
    if link.id == id then origin.fail(place, "extends goes in a circle: %s", cycle(chain, name)) end
  end
  local own = doc.services[name]
  if type(own.extends) == "table" then
    local at = origin.at(own, "extends")
    local longer = table.move(chain, 1, #chain, 1, {})
    longer[#longer + 1] = { id = id, name = name }
    local base = base_of(doc, own.extends, at, longer)
    own.extends = nil
    own = merge.service(base, own)
    own.extends = nil
  end
  doc.done[name] = own
  return own
end

local function read_sections(raw, state)
  local out = origin.like({}, raw)
  for section, read in pairs(SECTIONS) do
    local value = raw[section]
    if value == json.null then
      out[section] = origin.NULL
    elseif value ~= nil and value ~= origin.RESET then
      out[section] = read(value, origin.at(raw, section), section, state)
    end
    if out[section] then origin.copy(out, section, raw) end
  end
  return out
end

local includes = cast.list_of(cast.record({ path = cast.string_or_list,
  project_directory = cast.string, env_file = cast.string_or_list }, function(value, place, name)
  return { path = cast.string_or_list(value, place, name) }
end))

local function read_includes(raw)
  local value = raw.include
  if value == nil or value == json.null or value == origin.RESET then return nil end
  return includes(value, origin.at(raw, "include"), "include")
end

--- The file's content in long forms: {services, networks, volumes, secrets, configs, name,
--- include, empty: boolean}. Raises what is wrong with it.
---@param state {dir: string, variables: table} see std.compose.interpolate
function M.read(path, state)
  local inner = setmetatable({ path = path }, { __index = state })
  local raw = read_raw(path, inner)
  local out = read_sections(raw, inner)
  local services = raw.services ~= json.null and raw.services or {}
  local doc = { state = inner, done = {}, services = read_services(services, inner) }
  out.services = origin.like({}, services)
  for name, value in table_of.sorted_pairs(doc.services) do
    local place = origin.at(doc.services, name)
    out.services[name] = value == origin.RESET and value or resolve(doc, name, place, {})
    origin.set(out.services, name, place)
  end
  if raw.services == json.null then out.services = origin.NULL end
  out.name = raw.name
  out.include = read_includes(raw)
  out.version, out.empty = raw.version, next(raw) == nil
  out.place = origin.at(raw)
  return out
end

return M
