-- SPDX-License-Identifier: Apache-2.0
-- `secrets.*`, `vars.*` and `inputs.*` of a run: from files, from the environment by name, from the
-- command line. Secrets are hidden wherever they would be shown.

local dotenv = require "std.compose.dotenv"
local error_of = require "std.error"
local hide_one = require("pipelines.parity.model.secrets").hide
local mask = require "std.mask"
local suggest = require "std.suggest"
local table_of = require "std.table"

local M = {}

local function usage(message, ...)
  return nil, error_of.new { op = "parity ci", code = "usage", message = message:format(...) }
end

--- Hides a value and each of its lines.
---@return boolean hidden false where it is too short to be told from other text
function M.hide(value)
  local long = mask.add(value)
  for line in value:gmatch("[^\r\n]+") do hide_one(line) end
  if long then hide_one(value) end
  return long
end

local function read(path, out)
  if not path then return out end
  local entries, err = dotenv.read(path)
  if not entries then return nil, err end
  for _, entry in ipairs(entries) do if entry.value then out[entry.key] = entry.value end end
  return out
end

--- The secrets: those of a file, and those that are named, from our environment.
---@return table<string, string>?
---@return lsqm.Error?
function M.secrets(path, names, note)
  local out, err = read(path, {})
  if not out then return nil, err end
  for _, name in ipairs(names or {}) do
    if name:find("=", 1, true) then
      return usage("--secret takes the name of a variable, not its value: others see it there")
    end
    out[name] = os.getenv(name)
    if not out[name] then return usage("the variable %s of --secret is not set", name) end
  end
  for _, name in ipairs(table_of.sorted_keys(out)) do
    if out[name] ~= "" and not M.hide(out[name]) then
      note(("the secret %s is too short to be hidden in logs"):format(name))
    end
  end
  return out
end

-- NAME=value of the command line.
local function pairs_of(list, option, out)
  for _, text in ipairs(list or {}) do
    local name, value = text:match("^([^=]+)=(.*)$")
    if not name then return usage("%s takes NAME=VALUE, not '%s'", option, text) end
    out[name] = value
  end
  return out
end

--- The variables: those of a file, and those of the command line.
function M.vars(path, list)
  local out, err = read(path, {})
  if not out then return nil, err end
  return pairs_of(list, "--var", out)
end

local KINDS <const> = {
  boolean = function(text)
    if text == "true" or text == "false" then return text == "true" end
  end,
  number = function(text) return tonumber(text) end,
}

local function typed(name, input, text)
  if text == nil then text = input.default end
  if text == nil then
    if input.required == true then return usage("the workflow needs --input %s=…", name) end
    return input.type == "boolean" and false or ""
  end
  local convert = KINDS[input.type]
  local value = text
  if convert and type(text) == "string" then value = convert(text) end
  if value == nil then return usage("the input %s must be a %s", name, input.type) end
  if input.type == "choice" and not table_of.contains(input.options or {}, value) then
    return usage("the input %s must be one of %s", name, table.concat(input.options or {}, ", "))
  end
  return value
end

--- The inputs of a started workflow: what is given, and what it says itself.
---@param wanted table<string, table>|false|nil `inputs` of workflow_dispatch
---@param list string[]? NAME=VALUE
function M.inputs(wanted, list)
  local given, err = pairs_of(list, "--input", {})
  if not given then return nil, err end
  wanted = wanted or {}
  for name in pairs(given) do
    if not wanted[name] then
      return usage("the workflow has no input '%s'%s", name, suggest.phrase(name, wanted))
    end
  end
  local out = {}
  for name, input in table_of.sorted_pairs(wanted) do
    local value
    value, err = typed(name, type(input) == "table" and input or {}, given[name])
    if err then return nil, err end
    out[name] = value
  end
  return out
end

return M
