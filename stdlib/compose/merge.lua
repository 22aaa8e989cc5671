-- SPDX-License-Identifier: Apache-2.0
-- The merge rules of Compose: mappings merge, lists append without repeats, some lists know their
-- items by a key, commands replace; `!override` replaces and `!reset` removes.

local cast = require "std.compose.cast"
local devices = require "std.compose.devices"
local json = require "std.json"
local mounts = require "std.compose.mounts"
local origin = require "std.compose.origin"
local ports = require "std.compose.ports"
local table_of = require "std.table"

local M = {}

local function replace(_, over) return over end

local function item_key(item)
  return type(item) == "table" and json.encode(item) or tostring(item)
end

-- Items of both, one for each key: the later one wins and keeps the earlier one's place.
local function keyed(key_of)
  return function(base, over)
    local out, index = origin.like(json.array(), over), {}
    for _, list in ipairs { base, over } do
      for i, item in ipairs(list) do
        local key = key_of(item)
        local at = index[key] or #out + 1
        index[key], out[at] = at, item
        origin.copy(out, at, list, i)
      end
    end
    return out
  end
end

local append = keyed(item_key)

local merge_value

local function merge_map(base, over, rules)
  local out = origin.like({}, over)
  for key, value in pairs(base) do
    out[key] = value
    origin.copy(out, key, base)
  end
  for key, value in pairs(over) do
    if value == origin.RESET then
      out[key] = nil
    elseif value ~= origin.NULL or out[key] == nil then
      out[key] = merge_value(out[key], value, rules and rules[key])
      origin.copy(out, key, over)
    end
  end
  return out
end

function merge_value(base, over, rule)
  if base == nil or base == origin.NULL or type(over) ~= "table" or type(base) ~= "table"
    or origin.is_override(over) then
    return over
  end
  if type(rule) == "function" then return rule(base, over) end
  if cast.is_list(over) or cast.is_list(base) then return append(base, over) end
  return merge_map(base, over, rule)
end

-- Options of another logging driver mean nothing to this one.
local function logging(base, over)
  if over.driver and base.driver and over.driver ~= base.driver then return over end
  return merge_map(base, over)
end

local function mounted_key(item) return item.target or item.source end

local SERVICE = {
  command = replace, entrypoint = replace, healthcheck = { test = replace }, logging = logging,
  ports = keyed(ports.key), volumes = keyed(mounts.key), secrets = keyed(mounted_key),
  configs = keyed(mounted_key), devices = keyed(devices.key),
  env_file = keyed(function(item) return item.path end),
}

--- One service over another of the same name.
function M.service(base, over)
  if origin.is_override(over) then return over end
  return merge_map(base, over, SERVICE)
end

local RULES = { services = setmetatable({}, { __index = function() return M.service end }) }

--- One file's content over that of the files before it.
---@param base table {services=, networks=, volumes=, secrets=, configs=, name=}
function M.document(base, over)
  return merge_map(base, over, RULES)
end

--- The service with each item of its lists once, as a merge leaves it.
function M.unique(service)
  for key, list in pairs(service) do
    local rule = SERVICE[key] or append
    if cast.is_list(list) and #list > 1 and rule ~= replace and type(rule) == "function" then
      service[key] = cast.kept_override(list, rule(json.array(), list))
    end
  end
  return service
end

local function has_null(value)
  for _, item in next, value do
    if item == origin.NULL or type(item) == "table" and has_null(item) then return true end
  end
  return false
end

--- Raises for the first key that has no value and nothing beneath.
---@param value table
---@param name string? of `value`, when it is not the whole
function M.refuse_nulls(value, name)
  if not has_null(value) then return end
  for key, item in table_of.sorted_pairs(value) do
    local label = name and name .. "." .. key or key
    if item == origin.NULL then cast.no_value(origin.at(value, key), label) end
    if type(item) == "table" then M.refuse_nulls(item, label) end
  end
end

--- What `!reset` left without anything to reset goes.
function M.without_resets(value)
  if type(value) ~= "table" then return value end
  for key, item in pairs(value) do
    if item == origin.RESET then
      value[key] = nil
    elseif type(item) == "table" and item ~= json.null then
      M.without_resets(item)
    end
  end
  return value
end

return M
