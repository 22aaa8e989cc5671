-- SPDX-License-Identifier: Apache-2.0
-- reduce: shrinks a failing architecture to the fewest blocks and attributes that still fail the
-- same way, for an issue. "The same way" is rules/signature.lua's word.

local ddmin = require "std.ddmin"
local error_of = require "std.error"
local fs = require "std.fs"
local leftovers = require "std.leftovers"
local pieces = require "std.terraform.pieces"
local select = require "pipelines.weekly.validate.select"
local stage = require "std.stage"
local uuid = require "std.uuid"
local validation = require "std.validation"

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- Deploys and tests one candidate. nil: the tries are used up.
local function probe(work, files)
  if work.tries >= work.limit then return nil end
  work.tries = work.tries + 1
  local dir <close> = assert(fs.tempdir(leftovers.prefix "reduce"))
  assert(pieces.write(dir.path, files))
  local job = { hash = work.job.hash, provider_aliases = work.job.provider_aliases,
    tree = dir.path }
  local result = work.lab:validate(job, work.run)
  return result, result.status .. " " .. work.signature(result)
end

local function shows(work, files)
  local result, seen = probe(work, files)
  if not result then return nil end
  local same = seen == work.wanted
  work.progress:step(("%d bytes: %s"):format(#(files["main.tf"] or ""),
    same and "the same" or seen))
  return same
end

local function shrink_blocks(work, files)
  local all, err = pieces.blocks(files)
  if not all then return nil, err end
  local function remaining(kept)
    return pieces.without(files, pieces.gone(files, all, set_of(kept)))
  end
  local kept, complete = ddmin.minimise(all, function(list)
    return shows(work, remaining(list))
  end)
  return remaining(kept), complete
end

local function shrink_details(work, files)
  local all, err = pieces.details(files)
  if not all then return nil, err end
  local function remaining(kept)
    local set, gone = set_of(kept), {}
    for _, piece in ipairs(all) do if not set[piece] then gone[#gone + 1] = piece end end
    return pieces.without(files, gone)
  end
  local kept, complete = ddmin.minimise(all, function(list)
    return shows(work, remaining(list))
  end)
  return remaining(kept), complete
end

local function reduce(ctx, work)
  local files, err = pieces.read(ctx.store:arch_dir(work.job.hash))
  if not files then return nil, err end
  files["metadata.json"] = nil
  local result
  result, work.wanted = probe(work, files)
  if result.status == "PASSED" or result.status == "ERROR" then
    return nil, error_of.new { op = "reduce", code = "invalid",
      message = ("%s ends %s now: %s"):format(work.job.name or work.job.hash, result.status,
        result.reason or result.error_message or "nothing to reduce") }
  end
  ctx.out("shows: " .. work.wanted)
  local complete, whole
  files, complete = shrink_blocks(work, files)
  if not files then return nil, complete end
  files, whole = shrink_details(work, files)
  if not files then return nil, whole end
  return files, complete and whole
end

local function print_result(ctx, work, files, complete, out)
  ctx.out(("reduced to %d lines after %d tries%s"):format(pieces.count_lines(files), work.tries,
    complete and "" or " (stopped there: --tries)"))
  ctx.out("written: " .. out)
  if files["main.tf"] then ctx.out(files["main.tf"]) end
end

return stage {
  api = 1, name = "reduce",
  help = "Shrink a failing architecture to what still fails the same way",
  args = {
    { name = "hash", kind = "positional", help = "Hash or name of an architecture" },
    { name = "--out", short = "-o", kind = "option", metavar = "DIR",
      help = "where the reproducer goes (default: reproducers/HASH of the workspace)" },
    { name = "--tries", kind = "option", type = "integer", default = 200,
      help = "validations at most (default 200)" },
  },
  run = function(ctx, args)
    local jobs, err = select.jobs(ctx, { args.hash })
    if not jobs then return nil, err end
    if not jobs[1] then
      return nil, error_of.new { op = "reduce", code = "usage",
        message = ("'%s' has no app to test it with"):format(args.hash) }
    end
    if ctx.dry_run then
      ctx.out("would reduce " .. jobs[1].hash)
      return 0
    end
    local lab <close>, why = validation.open(ctx)
    if not lab then return nil, why end
    local work = { lab = lab, job = jobs[1], run = { run_id = uuid.v4() }, tries = 0,
      limit = args.tries, signature = ctx.rules("signature"),
      progress = ctx.progress:task("reduce", args.tries) }
    local files, complete = reduce(ctx, work)
    work.progress:done()
    if not files then return nil, complete end
    local out = args.out or fs.join(ctx.config.workspace, "reproducers", work.job.hash)
    local ok
    ok, err = pieces.write(out, files)
    if not ok then return nil, err end
    print_result(ctx, work, files, complete, out)
    return 0
  end,
}
