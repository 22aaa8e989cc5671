-- SPDX-License-Identifier: Apache-2.0
-- From a command line to an environment: which Compose files, which .env, which profiles, and the
-- folder below the workspace where parity keeps its files.

local compose = require "std.compose"
local contracts = require("std.contracts").of "parity"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local secrets = require "pipelines.parity.model.secrets"
local table_of = require "std.table"
local validate = require "pipelines.parity.model.validate"

local M = {}

--- Arguments that every stage has which reads an environment.
M.ARGS = {
  { name = "--file", kind = "option", short = "-f", repeatable = true, metavar = "PATH",
    help = "Compose file; several are merged in this order (default: compose.yaml)" },
  { name = "--env-file", kind = "option", repeatable = true, metavar = "PATH",
    help = "File of variables instead of .env" },
  { name = "--profile", kind = "option", repeatable = true, metavar = "NAME",
    help = "Active profile" },
  { name = "--directory", kind = "option", short = "-C", metavar = "DIR",
    help = "Project folder (default: that of the first file)" },
  { name = "--project", kind = "option", short = "-p", metavar = "NAME", help = "Project name" },
  { name = "--id", kind = "option", metavar = "ID",
    help = "Name of the environment (default: TYPE-PROJECT)" },
  { name = "--type", kind = "option", choices = { "local", "staging", "production" },
    help = "What kind of environment it is (default: local)" },
}

--- Of the stages that judge an environment's rules.
M.ALLOW = { name = "--allow", kind = "option", repeatable = true, metavar = "RULE",
  choices = validate.ALLOWABLE, help = "Take breaking this rule for a warning" }

--- These and more.
function M.args(more)
  return table_of.append(table_of.copy(M.ARGS), more or {})
end

-- A secret may stand where it does not belong, and be quoted.
local function usage(err)
  err.message = secrets.unquoted(err.message)
  if err.code == "invalid" or err.code == "syntax" then err.code = "usage" end
  return nil, err
end

--- Runs fn; a Compose error that it raises is the user's mistake (exit 2).
local function guarded(fn, ...)
  local ok, value, err = pcall(fn, ...)
  if ok then
    if value == nil and err then return usage(err) end
    return value, err
  end
  if error_of.is(value) and value.op == "compose" then return usage(value) end
  error(value, 0)
end

local function build(options)
  local project, err = compose.load(table_of.merge({ on_value = secrets.notice }, options))
  if not project then return nil, err end
  return environments.of(project, options)
end

--- The environment of Compose files, not yet validated.
---@param options table {files=, dir=, env_files=, profiles=, name=, id=, type=}
---@return parity.Environment?
---@return lsqm.Error? code "usage" for a mistake in the files
function M.load(options) return guarded(build, options) end

local function non_empty(list) return list and #list > 0 and list or nil end

local function hint_of(broken)
  local words = validate.way_out(broken)
  return words and words .. " takes it for a warning" or nil
end

-- Broken rules are errors, doubtful things are told.
local function judge(environment, allowed)
  local broken, doubts = {}, {}
  for _, problem in ipairs(validate.problems(environment, allowed)) do
    table.insert(problem.level == "error" and broken or doubts, problem)
  end
  for _, row in ipairs(environments.project_of(environment).missing) do
    table.insert(doubts, { rule = "variable-missing", level = "warning", place = row.place,
      message = ("variable %s is not set; it is empty"):format(row.name or "?") })
  end
  if #doubts > 0 then io.stderr:write(validate.describe(doubts), "\n") end
  if #broken == 0 then return true end
  return nil, error_of.new { op = "parity", code = "usage", hint = hint_of(broken),
    message = "the environment breaks its rules:\n" .. validate.describe(broken) }
end

--- The environment that the arguments name.
---@param as_is boolean? its rules were judged by `init` and `up`: what runs can be looked at and
---  taken down whatever the files have become
---@return parity.Environment?
---@return lsqm.Error?
function M.from_args(ctx, args, as_is)
  local environment, err = M.load { files = non_empty(args.file), dir = args.directory,
    env_files = non_empty(args.env_file), profiles = args.profile, name = args.project,
    id = args.id, type = args.type }
  if not environment then return nil, err end
  local previous = M.recorded(ctx, environment.id)
  if previous then
    environment.created_at, environment.state = previous.created_at, previous.state
  end
  if as_is then return environment end
  local ok, why = judge(environment, args.allow)
  if not ok then return nil, why end
  return environment
end

--- A path below the folder where parity keeps its files.
function M.path(ctx, ...)
  return fs.join(ctx.config.workspace, ...)
end

local function record_path(ctx, id)
  return M.path(ctx, "environments", (id:gsub("[^%w_.-]", "_")) .. ".json")
end

--- What was recorded of the environment of this id, or nil.
function M.recorded(ctx, id)
  local path = record_path(ctx, id)
  if not fs.exists(path) then return nil end
  local value, err = contracts.read(path, "environment")
  if not value then error(err, 0) end
  return value
end

--- Writes the environment with its state; secrets are *** in it.
function M.record(ctx, environment, state)
  environment.state = state or environment.state
  environment.updated_at = require("std.time").iso()
  if ctx.dry_run then return true end
  return contracts.write(record_path(ctx, environment.id), "environment", environment)
end

return M
