-- SPDX-License-Identifier: Apache-2.0
-- Is every resource of an input in its record? The ids are read from its text by a walk that shares
-- nothing with the converter: lines and indentation for YAML, the JSON reader for JSON.
local fs = require "std.fs"
local json = require "std.json"
local tables = require "std.table"

local M = {}

-- Keys one level below a top-level key of a block-style YAML text.
local function yaml_keys(text, section)
  local found, inside, depth = {}, false, nil
  for line in (text .. "\n"):gmatch("([^\n]*)\r?\n") do
    local indent, key = line:match("^(%s*)[\"']?([%w_:%-]+)[\"']?%s*:")
    local blank = line:find("^%s*#") or line:find("^%s*$")
    if not blank and line:find("^%S") then
      inside, depth = key == section, nil
    elseif inside and not blank and indent then
      depth = depth or #indent
      if #indent == depth then found[#found + 1] = key end
    end
  end
  return found
end

local function json_keys(text, section)
  local document = json.decode(text)
  local map = type(document) == "table" and document[section]
  return tables.sorted_keys(type(map) == "table" and map or {})
end

local function keys_of(text, section)
  return text:find("^%s*{") and json_keys(text, section) or yaml_keys(text, section)
end

local function terraform_ids(dir)
  local found = {}
  for _, entry in ipairs(assert(fs.list(dir))) do
    if entry.name:find("%.tf$") then
      local text = "\n" .. assert(fs.read(fs.join(dir, entry.name))):gsub("\r", "")
      for kind, name in text:gmatch("\nresource%s+\"([%w_]+)\"%s+\"([%w_%-]+)\"") do
        if kind:find("^aws_") then found[#found + 1] = kind .. "." .. name end
      end
    end
  end
  return found
end

local function function_id(name)
  local id = name:gsub("-", "Dash"):gsub("_", "Underscore")
  return id:sub(1, 1):upper() .. id:sub(2) .. "LambdaFunction"
end

local function ids_of(input, text)
  if input.kind == "terraform" then return terraform_ids(input.path) end
  if input.kind ~= "serverless" then return keys_of(text, "Resources") end
  local ids = keys_of(text, "functions")
  for i, name in ipairs(ids) do ids[i] = function_id(name) end
  return ids
end

-- SAM makes several resources of one, all named after it; a layer only under a longer name.
local function has(record, id, is_sam)
  local addresses = record.resources[id]
  if addresses and #addresses > 0 then return true end
  for other, list in pairs(is_sam and record.resources or {}) do
    if other:sub(1, #id) == id and #list > 0 then return true end
  end
  for _, text in ipairs(record.assumptions) do
    local word, mark = text:match("^([%w:]-)( ?[%(:])")
    if word == id and mark then return true end
  end
  return false
end

--- Ids of the input that are neither in the record's resources nor named among its assumptions.
---@param input {path: string, kind: string}
---@return string[]
function M.missing(input, record)
  local text = input.kind ~= "terraform" and fs.read(record.input) or ""
  local list = {}
  for _, id in ipairs(ids_of(input, text or "")) do
    if not id:find("^Fn::") and not has(record, id, input.kind == "sam") then
      list[#list + 1] = id
    end
  end
  return list
end

return M
