-- SPDX-License-Identifier: Apache-2.0
-- YAML text of plain values: block style, sorted keys, texts quoted wherever some YAML version
-- could read them as something else.

local json = require "std.json"

local M = {}

local Tagged = { __name = "lsqm.yaml.tagged" }

--- A value with a tag before it, such as !override.
function M.tagged(tag, value)
  return setmetatable({ tag = tag, value = value }, Tagged)
end

-- What YAML 1.1 readers take for something else than text.
local WORDS <const> = { [""] = true, ["~"] = true, null = true, ["true"] = true, ["false"] = true,
  yes = true, no = true, on = true, off = true, y = true, n = true, [".inf"] = true,
  [".nan"] = true }

local function is_plain(text)
  if WORDS[text:lower()] or tonumber(text) or text:find("^[%d.+-][%d:_.eExX+-]*$") then
    return false
  end
  return text:find("^[%a_/.$][%w_/.$@%%+=,()-]*$") ~= nil
    or (text:find("^[%a_/][%w _/.$@%%+=,():-]*[%w_/.$)]$") ~= nil
      and not text:find(":%s") and not text:find("%s#"))
end

-- What YAML 1.1 readers fold as the end of a line, or refuse, where JSON takes it as it is.
local ESCAPES <const> = {}
for _, range in ipairs { { 0x7f, 0x9f }, { 0x2028, 0x2029 }, { 0xfeff, 0xfeff },
  { 0xfffe, 0xffff } } do
  for code = range[1], range[2] do ESCAPES[utf8.char(code)] = ("\\u%04x"):format(code) end
end

local function scalar(value)
  if value == nil or value == json.null then return "null" end
  if type(value) ~= "string" then return json.encode(value) end
  return is_plain(value) and value or (json.encode(value):gsub(utf8.charpattern, ESCAPES))
end

-- Keys in the order of the alphabet, those of `first` before all others.
local function sorted(t, first)
  local keys, place = {}, {}
  for i, key in ipairs(first or {}) do place[key] = i end
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    local x, y = place[a] or math.huge, place[b] or math.huge
    if x ~= y then return x < y end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local write

-- What stands after "key:" or "-": on the same line, or a block below.
local function after(out, value, indent, head, style)
  local tag = ""
  if getmetatable(value) == Tagged then tag, value = " " .. value.tag, value.value end
  if type(value) ~= "table" then
    out[#out + 1] = head .. tag .. " " .. scalar(value)
  elseif next(value) == nil then
    out[#out + 1] = head .. tag .. (json.is_array(value) and " []" or " {}")
  elseif style.compact and tag == "" and head:sub(-1) == "-" then
    local line = #out + 1
    write(out, value, indent, style)
    out[line] = head .. " " .. out[line]:sub(#head + 2)
  else
    out[#out + 1] = head .. tag
    write(out, value, indent, style)
  end
end

function write(out, value, indent, style)
  local pad = ("  "):rep(indent)
  if json.is_array(value) then
    for _, item in ipairs(value) do after(out, item, indent + 1, pad .. "-", style) end
    return
  end
  for _, key in ipairs(sorted(value, style.first)) do
    after(out, value[key], indent + 1, pad .. scalar(tostring(key)) .. ":", style)
  end
end

--- The YAML text of a value. Raises for what JSON cannot say either.
---@param value any
---@param style {compact: boolean|nil, first: string[]|nil}|nil compact: an item's first key stands
---  beside its hyphen; first: keys before those of the alphabet
---@return string
function M.text(value, style)
  if type(value) ~= "table" then return scalar(value) .. "\n" end
  if next(value) == nil then return json.is_array(value) and "[]\n" or "{}\n" end
  local out = {}
  write(out, value, 0, style or {})
  return table.concat(out, "\n") .. "\n"
end

return M
