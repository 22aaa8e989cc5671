-- SPDX-License-Identifier: Apache-2.0
-- validate: every architecture with an app in a fresh emulator of its own (FR-023 to FR-031).

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local one_run = require "pipelines.weekly.validate.one_run"
local select = require "pipelines.weekly.validate.select"
local shard = require "std.shard"
local stage = require "std.stage"
local uuid = require "std.uuid"
local validation = require "std.validation"

local function dry_run(ctx, jobs)
  for _, job in ipairs(jobs) do
    ctx.out(("would validate %s %s"):format(job.hash, job.name or job.source_url))
  end
  return 0
end

-- "ministack:1.5.33,moto" → the configuration's `emulator`, once for each column of the matrix.
local function columns(words)
  local list = {}
  for word in (words or ""):gmatch("[^,%s]+") do
    local name, version = word:match("^([%w_-]+):?(.*)$")
    if not name then
      return nil, error_of.new { op = "validate", code = "usage",
        message = ("'%s' is no emulator"):format(word), hint = "write NAME or NAME:VERSION" }
    end
    list[#list + 1] = { name = name, version = version ~= "" and version or nil }
  end
  return list
end

-- The emulator that the configuration names keeps what it says of drivers, limits, environment.
local function merged(config, column)
  local out = {}
  for key, value in pairs(config.emulator) do out[key] = value end
  if column.name ~= out.name then out.image, out.env, out.version = nil, nil, nil end
  if column.version then out.image, out.version = nil, column.version end
  out.name = column.name
  return out
end

-- Every emulator is looked for before the first one is run: a matrix with a hole is no matrix.
local function labs_of(ctx, lab, wanted)
  if #wanted == 0 then return { lab } end
  local list = {}
  for i, column in ipairs(wanted) do
    local found, err = lab:beside(merged(ctx.config, column))
    if not found then return nil, err end
    list[i] = found
  end
  return list
end

local function unfinished_matrix(store)
  for _, record in ipairs(store:runs()) do
    if not record.finished and record.matrix then return record.matrix end
  end
  return nil
end

local function matrix_of(ctx, args, cut)
  if cut then return shard.matrix_id(cut, args.emulator) end
  return args.resume and unfinished_matrix(ctx.store) or uuid.v4()
end

local function run_all(ctx, args, jobs, cut)
  local wanted, err = columns(args.emulator)
  if not wanted then return nil, err end
  local lab <close>, why = validation.open(ctx, wanted[1] and merged(ctx.config, wanted[1]))
  if not lab then return nil, why end
  local labs
  labs, err = labs_of(ctx, lab, wanted)
  if not labs then return nil, err end
  local options = { resume = args.resume, cached = args.cached, cut = cut,
    carry = args.carry, into = args.into or fs.join(ctx.config.workspace, "shards"),
    matrix = #labs > 1 and matrix_of(ctx, args, cut) or nil }
  local summary
  for _, one in ipairs(labs) do
    summary, err = one_run.run(ctx, one, jobs, options)
    if not summary then return nil, err end
    if args.json then
      ctx.out(json.encode(summary))
    elseif cut then
      ctx.out(("shard %d/%d: total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
        cut.index, cut.count, summary.total, summary.passed, summary.partial, summary.failed,
        summary.timeout, summary.error))
    end
  end
  return 0
end

return stage {
  api = 1, name = "validate",
  help = "Deploy and test each architecture in a fresh emulator",
  args = {
    { name = "hashes", kind = "positional", optional = true, repeatable = true,
      help = "Hashes or names of architectures (default: all that have an app)" },
    { name = "--emulator", kind = "option", metavar = "NAME[:VERSION],…",
      help = "Emulators of rules/emulators.lua; several: one run for each" },
    { name = "--resume", kind = "flag", help = "Go on with the run that did not finish" },
    { name = "--cached", kind = "flag",
      help = "Take over earlier verdicts where nothing that they depend on changed" },
    { name = "--json", kind = "flag", help = "Print the run's summary as JSON" },
    { name = "--shard", kind = "option", metavar = "I/N",
      help = "Only the I-th of N shares, for `lsqm merge`; goes on where an earlier try stopped" },
    { name = "--into", kind = "option", metavar = "DIR",
      help = "Where shards are kept (default: WORKSPACE/shards)" },
    { name = "--shard-set", kind = "option", metavar = "NAME",
      help = "Keeps shards of different jobs apart: a name that all of one job are given" },
    { name = "--carry", kind = "flag",
      help = "Keep copies of the shard's architectures and apps with its results" },
  },
  run = function(ctx, args)
    local spec, err = shard.parse(args.shard)
    if err then return nil, err end
    local jobs
    jobs, err = select.jobs(ctx, args.hashes)
    if not jobs then return nil, err end
    local cut = spec and shard.cut(ctx.store, spec, args.shard_set)
    if cut then jobs = cut:own(jobs) end
    if ctx.dry_run then return dry_run(ctx, jobs) end
    return run_all(ctx, args, jobs, cut)
  end,
}
