-- SPDX-License-Identifier: Apache-2.0
-- The contract of a stage file: it returns `stage { … }` and does nothing when it is loaded.
--
--   return stage {
--     api = 1, name = "compare", help = "List regressions between two runs",
--     args = { { name = "run_a", kind = "positional", optional = true, help = "…" },
--              { name = "--json", kind = "flag", help = "…" },
--              { name = "--out", optional = false, metavar = "DIR", help = "…" } },
--     run = function(ctx, args) … return 0 end,
--   }
--
-- readonly = true: the stage only asks; its ctx.store makes no folder and changes no file.
-- run returns an exit code (nil = 0; 1 = found something), or nil and an error when the world
-- failed (exit 3). Mistakes in the file raise at load time with its file:line.

local error_of = require "std.error"
local program = require "lsqm.program"
local suggest = require "std.suggest"
local tables = require "std.table"

---@class lsqm.Argument
---@field name string             "--json", "file"
---@field kind string|nil         positional, option or flag; by the name, unless it is said
---@field type string|nil         string, integer or number
---@field help string|nil
---@field short string|nil        "-o"
---@field default any
---@field optional boolean|nil    a positional may, or an option must be given (false)
---@field repeatable boolean|nil
---@field choices string[]|nil
---@field metavar string|nil      what --help calls the value

---@class lsqm.Stage
---@field api integer
---@field name string
---@field help string
---@field description string|nil
---@field examples string[]|nil
---@field readonly boolean|nil
---@field args lsqm.Argument[]|nil
---@field run fun(ctx: lsqm.Context, args: table): integer|nil, any

---@class lsqm.StageModule
---@overload fun(definition: lsqm.Stage): lsqm.Stage
local M = {}

M.API = 1

local FIELDS = {
  api = "number", name = "string", help = "string", description = "string", args = "table",
  run = "function", examples = "table", readonly = "boolean",
}
local REQUIRED = { "api", "name", "help", "run" }

local ARG_FIELDS = {
  name = "string", kind = "string", type = "string", help = "string", short = "string",
  default = "any", optional = "boolean", repeatable = "boolean", choices = "table",
  metavar = "string",
}
local ARG_KINDS = { positional = true, option = true, flag = true }
local ARG_TYPES = { string = true, integer = true, number = true }

-- `return stage { … }` is a tail call, so the stage file has no frame any more: its path comes
-- from the innermost chunk being loaded, the line from the text.
local function position(word)
  local file = program.loading and program.loading[#program.loading]
  local handle = file and io.open(file, "r")
  if not handle then return file, nil end
  local number, found = 0, nil
  for line in handle:lines() do
    number = number + 1
    if word and not found and line:find("%f[%w_]" .. word .. "%f[^%w_]") then found = number end
  end
  handle:close()
  return file, found or 1
end

local function refuse(word, text, ...)
  local file, line = position(word)
  error(error_of.new { code = "invalid", file = file, line = line, message = text:format(...) }, 0)
end

local function check_fields(what, value, fields)
  for key, got in pairs(value) do
    local want, word = fields[key], tostring(key)
    if not want then
      local near = suggest.did_you_mean(word, tables.sorted_keys(fields))
      refuse(word, "%s: unknown key '%s'%s", what, word,
        near and (", did you mean '%s'?"):format(near) or "")
    end
    if want ~= "any" and type(got) ~= want then
      refuse(word, "%s: '%s' must be a %s, not a %s", what, word, want, type(got))
    end
  end
end

-- A completed copy: stages may share what they are given.
local function checked_arg(stage_name, i, arg)
  local what = ("stage '%s', argument %d"):format(stage_name, i)
  if type(arg) ~= "table" then refuse("args", "%s: must be a table", what) end
  check_fields(what, arg, ARG_FIELDS)
  if not arg.name then refuse("args", "%s: 'name' is missing", what) end
  arg = tables.copy(arg)
  arg.kind = arg.kind or (arg.name:sub(1, 1) == "-" and "option" or "positional")
  arg.type = arg.type or "string"
  if not ARG_KINDS[arg.kind] then
    refuse(arg.kind, "%s: kind '%s' must be positional, option or flag", what, arg.kind)
  end
  if not ARG_TYPES[arg.type] then
    refuse(arg.type, "%s: type '%s' must be string, integer or number", what, arg.type)
  end
  arg.key = arg.name:gsub("^%-+", ""):gsub("%-", "_")
  return arg
end

--- Checks a stage definition; raises with the stage file's position.
local function new(_, def)
  if type(def) ~= "table" then refuse("stage", "stage: a table is expected") end
  local what = ("stage '%s'"):format(tostring(def.name))
  check_fields(what, def, FIELDS)
  for _, key in ipairs(REQUIRED) do
    if def[key] == nil then refuse("stage", "%s: '%s' is missing", what, key) end
  end
  if def.api ~= M.API then
    refuse("api", "%s: written for api %s, this program has api %d", what, tostring(def.api), M.API)
  end
  def.args = tables.map(def.args or {}, function(arg, i) return checked_arg(def.name, i, arg) end)
  return setmetatable(def, { __name = "lsqm.stage" })
end

function M.is(value)
  local mt = getmetatable(value)
  return type(mt) == "table" and mt.__name == "lsqm.stage"
end

return setmetatable(M, { __call = new })
