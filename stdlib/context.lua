-- SPDX-License-Identifier: Apache-2.0
-- What a stage gets: configuration, log, store, progress, rules. Parts are opened on first use.

local config_of = require "std.config"
local resolve = require "std.resolve"

local M = {}

---@class lsqm.Context
---@field config table        read-only, see std.config
---@field pipeline string     "weekly"
---@field stage string
---@field args table
---@field dry_run boolean
---@field readonly boolean     the stage declares that it only asks
---@field verbose boolean
---@field log table           std.log, child of the run's log
---@field store table         std.store over config's artifact repository
---@field progress table      std.progress
---@field rules fun(name: string): any   loads rules/<name>.lua through the resolver
---@field rows fun(name: string): table  the same for a table of rows; a user's file adds to it

local openers = {}

-- Every stage writes JSON lines to <workspace>/logs/lsqm.jsonl (FR-063); what a person should see
-- goes to stderr as text, or as JSON where --log-format json asks for it.
function openers.log(ctx)
  local log, config = require "std.log", ctx.config
  for _, value in ipairs(config_of.secrets(config)) do log.secret(value) end
  local sinks = {}
  if not ctx.dry_run and not ctx.readonly then
    local fs = require "std.fs"
    fs.mkdir(fs.join(config.workspace, "logs"))
    sinks[1] = log.file(fs.join(config.workspace, "logs", "lsqm.jsonl"))
  end
  local stream = require("std.progress").above(io.stderr)
  if config.log_format == "json" then
    sinks[#sinks + 1] = log.json(stream)
  else
    sinks[#sinks + 1] = log.terminal(stream, ctx.verbose and "debug" or "warn")
  end
  return log.new { level = ctx.verbose and "debug" or "info", sinks = sinks,
    fields = { stage = ctx.stage } }
end

function openers.store(ctx)
  local store, err = require("std.store").open(config_of.store_dir(ctx.config),
    { readonly = ctx.dry_run or ctx.readonly })
  if not store then error(err, 0) end
  return store
end

function openers.progress(ctx)
  return require("std.progress").new { quiet = ctx.args and ctx.args.json }
end

local methods = {}

--- One line on stdout.
function methods.out(text)
  io.stdout:write(text, "\n")
end

-- A file of the pipeline that must be there: missing or broken ones raise with the places tried.
local function load_required(ctx, name)
  local value, why = resolve.load(ctx.pipeline, name)
  if value == nil then error(why, 0) end
  return value
end

-- The parts that are opened on first use have names before they are there.
local Context = { __names = openers }

function Context.__index(ctx, key)
  local open = openers[key]
  if not open then
    error(("ctx has no field '%s'"):format(tostring(key)), 2)
  end
  local value = open(ctx)
  rawset(ctx, key, value)
  return value
end

function Context.__close(ctx)
  for _, key in ipairs { "progress", "log" } do
    local part = rawget(ctx, key)
    if part and part.close then part:close() end
  end
end

---@param options {config: table, pipeline: string, stage: string, args: table,
---  readonly: boolean?}
---@return lsqm.Context
function M.new(options)
  local ctx = {
    config = options.config, pipeline = options.pipeline, stage = options.stage,
    args = options.args or {}, dry_run = options.config.dry_run,
    readonly = options.readonly or false, verbose = options.config.verbose, out = methods.out,
  }
  ctx.rules = function(name) return load_required(ctx, "rules." .. name) end
  ctx.rows = function(name)
    local rows, why = resolve.load_rows(ctx.pipeline, "rules." .. name)
    if not rows then error(why, 0) end
    return rows
  end
  ctx.load = function(name) return load_required(ctx, name) end
  ctx.find = function(name) return resolve.find(ctx.pipeline, name) end
  return setmetatable(ctx, Context)
end

--- The same context for another stage (used by `run`): shares log and progress, and the store once
--- it is open. Opening it here would put folders where `sync` is about to clone.
function M.for_stage(ctx, stage, args)
  local child = M.new { config = ctx.config, pipeline = ctx.pipeline, stage = stage,
    args = args }
  rawset(child, "log", ctx.log:child { stage = stage })
  rawset(child, "store", rawget(ctx, "store"))
  rawset(child, "progress", ctx.progress)
  return child
end

return M
