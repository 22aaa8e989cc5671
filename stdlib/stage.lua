-- SPDX-License-Identifier: Apache-2.0
-- The contract of a stage file: it returns `stage { … }` and does nothing when it is loaded.
--
--   return stage {
--     api = 1, name = "compare", help = "List regressions between two runs",
--     args = { { name = "run_a", kind = "positional", optional = true, help = "…" },
--              { name = "--json", kind = "flag", help = "…" } },
--     run = function(ctx, args) … return 0 end,
--   }
--
-- run returns an exit code (nil = 0; 1 = found something), or nil and an error when the world
-- failed (exit 3). Mistakes in the file raise at load time with its file:line.

local suggest = require "std.suggest"

local M = {}

M.API = 1

local FIELDS = {
  api = "number", name = "string", help = "string", description = "string", args = "table",
  run = "function", examples = "table",
}
local REQUIRED = { "api", "name", "help", "run" }

local ARG_FIELDS = {
  name = "string", kind = "string", type = "string", help = "string", short = "string",
  default = "any", optional = "boolean", repeatable = "boolean", choices = "table",
  metavar = "string",
}
local ARG_KINDS = { positional = true, option = true, flag = true }
local ARG_TYPES = { string = true, integer = true, number = true }

local function keys_of(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function check_fields(what, value, fields, level)
  for key, got in pairs(value) do
    local want = fields[key]
    if not want then
      local near = suggest.did_you_mean(tostring(key), keys_of(fields))
      error(("%s: unknown key '%s'%s"):format(what, tostring(key),
        near and (", did you mean '%s'?"):format(near) or ""), level + 1)
    end
    if want ~= "any" and type(got) ~= want then
      error(("%s: '%s' must be a %s, not a %s"):format(what, key, want, type(got)), level + 1)
    end
  end
end

local function check_arg(stage_name, i, arg, level)
  local what = ("stage '%s', argument %d"):format(stage_name, i)
  if type(arg) ~= "table" then error(what .. ": must be a table", level + 1) end
  check_fields(what, arg, ARG_FIELDS, level + 1)
  if not arg.name then error(what .. ": 'name' is missing", level + 1) end
  arg.kind = arg.kind or (arg.name:sub(1, 1) == "-" and "option" or "positional")
  arg.type = arg.type or "string"
  if not ARG_KINDS[arg.kind] then
    error(("%s: kind '%s' must be positional, option or flag"):format(what, arg.kind), level + 1)
  end
  if not ARG_TYPES[arg.type] then
    error(("%s: type '%s' must be string, integer or number"):format(what, arg.type), level + 1)
  end
  arg.key = arg.name:gsub("^%-+", ""):gsub("%-", "_")
end

--- Checks a stage definition; raises at the stage file's line.
local function new(_, def)
  if type(def) ~= "table" then error("stage: a table is expected", 2) end
  check_fields(("stage '%s'"):format(tostring(def.name)), def, FIELDS, 2)
  for _, key in ipairs(REQUIRED) do
    if def[key] == nil then
      error(("stage '%s': '%s' is missing"):format(tostring(def.name), key), 2)
    end
  end
  if def.api ~= M.API then
    error(("stage '%s': written for api %s, this program has api %d"):format(def.name,
      tostring(def.api), M.API), 2)
  end
  def.args = def.args or {}
  for i, arg in ipairs(def.args) do check_arg(def.name, i, arg, 2) end
  return setmetatable(def, { __name = "lsqm.stage" })
end

function M.is(value)
  local mt = getmetatable(value)
  return type(mt) == "table" and mt.__name == "lsqm.stage"
end

return setmetatable(M, { __call = new })
