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
  yes = true, no = true, on = true, off = true, y = true, n = true }

local function is_plain(text)
  if WORDS[text:lower()] or tonumber(text) or text:find("^[%d.+-][%d:_.eExX+-]*$") then
    return false
  end
  return text:find("^[%a_/.$][%w_/.$@%%+=,()-]*$") ~= nil
    or (text:find("^[%a_/][%w _/.$@%%+=,():-]*[%w_/.$)]$") ~= nil
      and not text:find(":%s") and not text:find("%s#"))
end

local function scalar(value)
  if value == nil or value == json.null then return "null" end
  if type(value) == "string" then return is_plain(value) and value or json.encode(value) end
  return json.encode(value)
end

local function sorted(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local write

-- What stands after "key:" or "-": on the same line, or a block below.
local function after(out, value, indent, head)
  local tag = ""
  if getmetatable(value) == Tagged then tag, value = " " .. value.tag, value.value end
  if type(value) ~= "table" then
    out[#out + 1] = head .. tag .. " " .. scalar(value)
  elseif next(value) == nil then
    out[#out + 1] = head .. tag .. (json.is_array(value) and " []" or " {}")
  else
    out[#out + 1] = head .. tag
    write(out, value, indent)
  end
end

function write(out, value, indent)
  local pad = ("  "):rep(indent)
  if json.is_array(value) then
    for _, item in ipairs(value) do after(out, item, indent + 1, pad .. "-") end
    return
  end
  for _, key in ipairs(sorted(value)) do
    after(out, value[key], indent + 1, pad .. scalar(tostring(key)) .. ":")
  end
end

--- The YAML text of a value. Raises for what JSON cannot say either.
---@return string
function M.text(value)
  if type(value) ~= "table" then return scalar(value) .. "\n" end
  if next(value) == nil then return json.is_array(value) and "[]\n" or "{}\n" end
  local out = {}
  write(out, value, 0)
  return table.concat(out, "\n") .. "\n"
end

return M
