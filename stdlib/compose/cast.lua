-- SPDX-License-Identifier: Apache-2.0
-- Small readers of Compose values: each takes what was written and where, and gives the one form
-- that the rest works with, or raises a Compose error at that place.

local json = require "std.json"
local origin = require "std.compose.origin"
local units = require "std.compose.units"
local words = require "std.compose.words"

local M = {}

local function is_list(value)
  return type(value) == "table" and (json.is_array(value) or (#value > 0))
end
M.is_list = is_list

local function wrong(place, name, wanted, value)
  origin.fail(place, "%s must be %s, not %s", name, wanted,
    value == json.null and "null" or type(value) == "table"
    and (is_list(value) and "a list" or "a mapping") or ("'%s'"):format(tostring(value)))
end
M.wrong = wrong

--- Any scalar as text, as an environment variable would hold it.
function M.scalar(value)
  if math.type(value) == "float" then return ("%.14g"):format(value) end
  return tostring(value)
end

local function is_scalar(value) return type(value) ~= "table" and value ~= json.null end

--- Text, a number, true or false, as text.
function M.text(value, place, name)
  if not is_scalar(value) then wrong(place, name, "text", value) end
  return M.scalar(value)
end

--- Text only: what YAML takes for a number or a truth needs quotes, as in Docker Compose.
function M.string(value, place, name)
  if type(value) == "string" then return value end
  wrong(place, name, is_scalar(value) and "text, in quotes" or "text", value)
end

function M.boolean(value, place, name)
  if type(value) == "boolean" then return value end
  local text = tostring(value):lower()
  if text == "true" or text == "yes" or text == "on" or text == "1" then return true end
  if text == "false" or text == "no" or text == "off" or text == "0" then return false end
  wrong(place, name, "true or false", value)
end

function M.integer(value, place, name)
  local whole = type(value) ~= "table" and math.tointeger(tonumber(value))
  if not whole then wrong(place, name, "a whole number", value) end
  return whole
end

function M.number(value, place, name)
  local number = type(value) ~= "table" and type(value) ~= "boolean" and tonumber(value)
  if not number or number - number ~= 0 then wrong(place, name, "a number", value) end
  return math.tointeger(number) or number
end

--- A file's rights as a number: "1777" and 0o1777 are the same.
function M.rights(value, place, name)
  local mode = type(value) == "string" and tonumber(value, 8) or value
  return M.integer(mode, place, name)
end

function M.bytes(value, place, name)
  local bytes = type(value) ~= "table" and type(value) ~= "boolean" and units.bytes(value)
  if not bytes then wrong(place, name, "a size such as 512m", value) end
  return bytes
end

--- A size that has to be written as text, as in `deploy`.
function M.memory(value, place, name)
  return M.bytes(M.string(value, place, name), place, name)
end

function M.duration(value, place, name)
  local seconds = type(value) == "string" and units.duration(value)
  if not seconds then wrong(place, name, "a duration such as 30s", value) end
  return seconds
end

local function list_of_texts(read)
  return function(value, place, name)
    if not is_list(value) then wrong(place, name, "a list", value) end
    local out = origin.like(json.array(), value)
    for i, item in ipairs(value) do
      out[i] = read(item, origin.at(value, i), ("%s[%d]"):format(name, i - 1))
      origin.copy(out, i, value)
    end
    return out
  end
end

--- A list of texts, with places.
M.list = list_of_texts(M.string)

--- A list of texts and numbers, as texts.
M.scalars = list_of_texts(M.text)

--- A text is a list of one.
function M.string_or_list(value, place, name)
  if type(value) ~= "table" then
    return origin.place(json.array { M.string(value, place, name) }, place)
  end
  return M.list(value, place, name)
end

--- One of some words.
---@param list string[]
---@param pattern string? of further ones
function M.one_of(list, pattern)
  return function(value, place, name)
    for _, word in ipairs(list) do if value == word then return value end end
    if pattern and type(value) == "string" and value:find(pattern) then return value end
    wrong(place, name, table.concat(list, ", ", 1, #list - 1) .. " or " .. list[#list], value)
  end
end

--- A command: text is split into words as a shell would.
function M.command(value, place, name)
  if type(value) == "table" then return M.list(value, place, name) end
  local list, why = words.split(M.string(value, place, name))
  if not list then origin.fail(place, "%s: %s", name, why) end
  return origin.place(json.array(list), place)
end

local function pair(item, place, name)
  local key, value = M.string(item, place, name):match("^([^=]*)=(.*)$")
  if not key then return M.scalar(item), nil end
  return key, value
end

--- A mapping of texts; also a list of KEY=VALUE. What has no value is json.null.
function M.map(value, place, name)
  if type(value) ~= "table" then wrong(place, name, "a mapping or a list of KEY=VALUE", value) end
  local out = origin.like({}, value)
  if is_list(value) then
    for i, item in ipairs(value) do
      local key, text = pair(item, origin.at(value, i), ("%s[%d]"):format(name, i - 1))
      out[key] = text or json.null
      origin.copy(out, key, value, i)
    end
    return out
  end
  for key, item in pairs(value) do
    if item == origin.RESET or item == json.null then
      out[key] = item
    else
      out[key] = M.text(item, origin.at(value, key), name .. "." .. key)
    end
    origin.copy(out, key, value)
  end
  return out
end

--- A mapping of texts without values is a mapping to empty texts: labels, sysctls.
function M.text_map(value, place, name)
  local out = M.map(value, place, name)
  for key, item in pairs(out) do if item == json.null then out[key] = "" end end
  return out
end

--- A mapping of texts that cannot be written as a list: options of drivers.
function M.options(value, place, name)
  if is_list(value) then wrong(place, name, "a mapping", value) end
  return M.text_map(value, place, name)
end

--- As it was written.
function M.any(value) return value end

--- Raises for a key that has no value.
function M.no_value(place, name)
  origin.fail(place, "%s has no value (null): give it one or leave the key out", name)
end

-- `null(key, place, name)`: what becomes of a key without a value.
local function record(fields, short, null)
  return function(value, place, name, state)
    if type(value) ~= "table" or is_list(value) then
      if not short then wrong(place, name, "a mapping", value) end
      return origin.place(short(value, place, name, state), place)
    end
    local out = origin.like({}, value)
    for key, item in pairs(value) do
      local read = fields[key]
      local at = origin.at(value, key)
      if not read and not tostring(key):find("^x%-") then
        M.unknown(at, name, key, fields)
      end
      if item == origin.RESET or not read then
        out[key] = item
      elseif item == json.null then
        out[key] = null(key, at, name .. "." .. key)
      else
        out[key] = M.kept_override(item, read(item, at, name .. "." .. key, state))
      end
      origin.copy(out, key, value)
      if out[key] ~= item then origin.note(out, key, item) end
    end
    return out
  end
end

local function refuse_null(_, place, name) M.no_value(place, name) end

--- A reader of a mapping whose keys have readers of their own; unknown keys are errors.
---@param fields table<string, function>
---@param short (fun(value, place, name, state): table)? reads what is not a mapping
function M.record(fields, short)
  return record(fields, short, refuse_null)
end

--- The same of one that is merged key by key: a key without a value stands for what lies beneath.
---@param nulls table<string, any>? other meanings of it; false: as if it were not there
function M.merged(fields, short, nulls)
  return record(fields, short, function(key)
    local meaning = nulls and nulls[key]
    if meaning == nil then return origin.NULL end
    return meaning or nil
  end)
end

--- `!override` stays with the value that was made of it.
function M.kept_override(before, after)
  if type(before) == "table" and type(after) == "table" and origin.is_override(before) then
    origin.mark_override(after)
  end
  return after
end

function M.unknown(place, name, key, fields)
  origin.fail(place, "%s has no key '%s'%s", name, tostring(key),
    require("std.suggest").phrase(tostring(key), fields))
end

--- A reader of a list whose items have one reader; an item may become several.
function M.list_of(read)
  return function(value, place, name, state)
    if not is_list(value) then wrong(place, name, "a list", value) end
    local out = origin.like(json.array(), value)
    for i, item in ipairs(value) do
      local at = origin.at(value, i)
      if item == origin.RESET then
        origin.fail(at, "!reset cannot stand before an item: write !override before the list")
      end
      local made = read(item, at, ("%s[%d]"):format(name, i - 1), state)
      for _, one in ipairs(is_list(made) and made or { made }) do
        out[#out + 1] = one
        origin.set(out, #out, at)
        origin.note(out, #out, item)
      end
    end
    return out
  end
end

--- A reader of a mapping of names to records.
---@param accepts {list?: boolean, null?: boolean}? a list of names, a name without a value: empty
---  records
function M.named(read, accepts)
  accepts = accepts or {}
  return function(value, place, name, state)
    if type(value) ~= "table" or is_list(value) and not accepts.list then
      wrong(place, name, accepts.list and "a mapping or a list" or "a mapping", value)
    end
    local out = origin.like({}, value)
    for key, item in pairs(value) do
      local listed = is_list(value)
      local at = origin.at(value, key)
      local id = listed and M.string(item, at, name) or tostring(key)
      if item == origin.RESET then
        out[id] = item
      elseif item == json.null and not listed and not accepts.null then
        out[id] = origin.NULL
      else
        local given = (listed or item == json.null) and origin.place({}, at) or item
        out[id] = M.kept_override(item, read(given, at, name .. "." .. id, state))
      end
      origin.copy(out, id, value, key)
    end
    return out
  end
end

return M
