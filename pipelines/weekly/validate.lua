-- SPDX-License-Identifier: Apache-2.0
-- validate: every architecture with an app in a fresh emulator of its own (FR-023 to FR-031).

local arguments = require "pipelines.weekly.validate.arguments"
local columns = require "pipelines.weekly.validate.columns"
local convergence = require "std.store.convergence"
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

-- Every emulator is looked for before the first one is run: a matrix with a hole is no matrix.
local function labs_of(lab, wanted)
  if #wanted == 0 then return { lab } end
  local list = {}
  for i, column in ipairs(wanted) do
    local found, err = lab:beside(column)
    if not found then return nil, err end
    list[i] = found
  end
  return list
end

-- A column begins when the one before it has ended, so a matrix may also lack whole runs.
local function unfinished_matrix(store, columns_wanted)
  local finished = {}
  for _, record in ipairs(store:runs()) do
    local id = record.matrix
    if id and not record.finished then return id end
    if id then finished[id] = (finished[id] or 0) + 1 end
  end
  local newest = (store:runs { finished = true }[1] or {}).matrix
  return newest and finished[newest] < columns_wanted and newest or nil
end

-- What the summary counts, and what of it does not stay as deployed.
local function print_summary(ctx, summary)
  local out = {}
  for key, value in pairs(summary) do out[key] = value end
  local run = ctx.store:open_run(summary.run_id)
  out.convergence = run and convergence.of(run:outcomes()) or nil
  ctx.out(json.encode(out))
end

local function matrix_of(ctx, args, cut, columns_wanted)
  if cut then return shard.matrix_id(cut, args.emulator) end
  return args.resume and unfinished_matrix(ctx.store, columns_wanted) or uuid.v4()
end

local function run_all(ctx, args, jobs, cut)
  local wanted, err = columns.of(ctx.config, args.emulator)
  if not wanted then return nil, err end
  local lab <close>, why = validation.open(ctx, wanted[1])
  if not lab then return nil, why end
  local labs
  labs, err = labs_of(lab, wanted)
  if not labs then return nil, err end
  local options = { resume = args.resume, cached = args.cached, cut = cut,
    carry = args.carry, into = args.into or fs.join(ctx.config.workspace, "shards"),
    matrix = #labs > 1 and matrix_of(ctx, args, cut, #labs) or nil }
  local summary
  for _, one in ipairs(labs) do
    summary, err = one_run.run(ctx, one, jobs, options)
    if not summary then return nil, err end
    if args.json then
      print_summary(ctx, summary)
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
    arguments.emulator, arguments.resume, arguments.cached, arguments.json,
    { name = "--shard", kind = "option", metavar = "I/N",
      help = "Only the I-th of N shares, for `lsqm merge`; goes on where an earlier try stopped" },
    arguments.into, arguments.shard_set,
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
