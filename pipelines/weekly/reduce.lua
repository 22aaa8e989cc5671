-- SPDX-License-Identifier: Apache-2.0
-- reduce: shrinks an architecture to the fewest blocks, attributes and values that still fail the
-- same way, or drift in the same attribute, for an issue. "The same way" is rules/signature.lua's
-- word.

local columns = require "pipelines.weekly.validate.columns"
local error_of = require "std.error"
local fs = require "std.fs"
local leftovers = require "std.leftovers"
local pieces = require "std.terraform.pieces"
local select = require "pipelines.weekly.validate.select"
local shrink = require "std.terraform.shrink"
local stage = require "std.stage"
local uuid = require "std.uuid"
local validation = require "std.validation"

-- What the emulator answered, in its own words. The signature is too coarse here: a policy that was
-- emptied on the way is refused by the same operation, but for a reason of its own.
local function answer_of(result)
  local apply = result.terraform_apply or {}
  local said = apply.success == false and (apply.logs or ""):match(
    "Error: .-RequestID:%s+[%w-]*,%s+(.-)\n%s*\n")
  if not said then return "" end
  return ": " .. said:gsub("%s+", " "):gsub("%d%d%d%d+", "<n>")
end

-- What a result shows that a smaller root must show as well: the drift that is asked for, or its
-- status, the cause and the answer.
local function symptom(work, result)
  if not work.drift then
    return result.status .. " " .. work.signature(result) .. answer_of(result)
  end
  for _, drift in ipairs((result.convergence or {}).drift or {}) do
    local name = drift.address:gsub("%b[]", ""):match("([%w_-]+)%.[%w_-]+$") or drift.address
    if name .. "." .. drift.attribute == work.drift then return "drift of " .. work.drift end
  end
  return "no drift of " .. work.drift
end

-- Ours, not the candidate's: it says nothing about what still fails. What deployed is not tested
-- and has no verdict either, but is an answer.
local function is_no_answer(result)
  return result.status == "ERROR" and not (result.terraform_apply or {}).success
    and not (result.emulator or {}).lacks
end

-- Deploys one candidate, and tests it where that is what fails. nil: the tries are used up, or it
-- cannot be told.
local function probe(work, files, lab, untested)
  if work.tries >= work.limit then
    work.stopped = "--tries"
    return nil
  end
  work.tries = work.tries + 1
  local dir <close> = assert(fs.tempdir(leftovers.prefix "reduce"))
  assert(fs.write_all(dir.path, files))
  local job = { hash = work.job.hash, provider_aliases = work.job.provider_aliases,
    tree = dir.path, untested = untested }
  local result
  for _ = 0, lab.config.retries do
    result = lab:validate(job, work.run)
    if not is_no_answer(result) then return result, symptom(work, result) end
  end
  if not work.wanted then return result, symptom(work, result) end
  work.stopped = result.error_message
  return nil
end

-- Where it must still deploy, and without the drift that is asked for: what is no Terraform any
-- more, or wrong everywhere, is not what the emulator does wrong. nil: the tries are used up.
local function fails_elsewhere(work, files)
  for _, lab in ipairs(work.elsewhere) do
    local result, seen = probe(work, files, lab, true)
    if not result then return nil end
    if not (result.terraform_apply or {}).success or work.drift and seen == work.wanted then
      return ("on %s: %s"):format(lab.plan.name, seen)
    end
  end
  return false
end

local function shows(work, files)
  local result, seen = probe(work, files, work.lab, work.untested)
  if not result then return nil end
  local same = seen == work.wanted
  local elsewhere = same and fails_elsewhere(work, files)
  if elsewhere == nil then return nil end
  work.progress:step(("%d lines: %s"):format(pieces.count_lines(files),
    elsewhere or same and "the same" or seen))
  return same and not elsewhere
end

-- "module.m.aws_x.y[0]" as its block is called in the root: "module.m", "aws_x.y".
local function block_of(address)
  address = address:gsub("%b[]", "")
  return address:match("^module%.[%w_-]+") or address:match("^data%.[%w_-]+%.[%w_-]+")
    or address:match("^[%w_-]+%.[%w_-]+")
end

-- The resource that the failure, or the drift, is said to be about.
local function culprit(work, result)
  for _, drift in ipairs(work.drift and result.convergence.drift or {}) do
    if symptom(work, { convergence = { drift = { drift } } }) == work.wanted then
      return block_of(drift.address)
    end
  end
  local logs = (result.terraform_apply or {}).logs or ""
  local address = logs:match("Error: .-\n%s+with ([^,\n]+),")
  return address and block_of(address)
end

local function nothing_to_reduce(work, result, seen)
  if work.drift then return seen ~= "drift of " .. work.drift and seen end
  if result.status ~= "PASSED" and result.status ~= "ERROR" then return nil end
  return ("ends %s now: %s"):format(result.status, result.reason or result.error_message
    or "nothing to reduce")
end

local function reduce(ctx, work)
  local files, err = fs.read_all(ctx.store:arch_dir(work.job.hash))
  if not files then return nil, err end
  files["metadata.json"] = nil
  local result
  work.untested = work.drift ~= nil
  result, work.wanted = probe(work, files, work.lab, work.untested)
  local reason = nothing_to_reduce(work, result, work.wanted)
    or fails_elsewhere(work, files)
  if reason then
    return nil, error_of.new { op = "reduce", code = "invalid",
      message = ("%s %s"):format(work.job.name or work.job.hash, reason) }
  end
  -- What does not deploy is not tested; a candidate that deploys shows something else.
  work.untested = work.untested or (result.terraform_apply or {}).success == false
  ctx.out("shows: " .. work.wanted)
  return shrink.shrink(files, function(smaller) return shows(work, smaller) end,
    culprit(work, result))
end

local function print_result(ctx, work, files, complete, out)
  ctx.out(("reduced to %d lines after %d tries%s"):format(pieces.count_lines(files), work.tries,
    complete and "" or (" (stopped there: %s)"):format(work.stopped)))
  ctx.out("written: " .. out)
  if files["main.tf"] then ctx.out(files["main.tf"]) end
end

-- The emulator that fails and those on which it must pass; close the first one.
local function open_labs(ctx, args)
  local wanted, err = columns.of(ctx.config, args.emulator)
  if not wanted then return nil, err end
  local others
  others, err = columns.of(ctx.config, args.passes_on)
  if not others then return nil, err end
  local lab
  lab, err = validation.open(ctx, wanted[1])
  if not lab then return nil, err end
  -- The emulator is thrown away: whether it would be empty is not asked.
  lab.config = setmetatable({ destroy = false, convergence = args.drift ~= nil },
    { __index = lab.config })
  local elsewhere = {}
  for i, emulator in ipairs(others) do
    elsewhere[i], err = lab:beside(emulator)
    if not elsewhere[i] then
      lab:close()
      return nil, err
    end
  end
  return lab, elsewhere
end

local function open_work(ctx, args, job)
  local lab, elsewhere = open_labs(ctx, args)
  if not lab then return nil, elsewhere end
  return { lab = lab, elsewhere = elsewhere, job = job, run = { run_id = uuid.v4() }, tries = 0,
    limit = args.tries, drift = args.drift, signature = ctx.rules("signature"),
    progress = ctx.progress:task("reduce", args.tries) }
end

return stage {
  api = 1, name = "reduce",
  help = "Shrink a failing architecture to what still fails the same way",
  args = {
    { name = "hash", kind = "positional", help = "Hash or name of an architecture" },
    { name = "--out", short = "-o", kind = "option", metavar = "DIR",
      help = "where the reproducer goes (default: reproducers/HASH of the workspace)" },
    { name = "--emulator", kind = "option", metavar = "NAME[:VERSION]",
      help = "Emulator of rules/emulators.lua (default: the configuration's)" },
    { name = "--drift", kind = "option", metavar = "TYPE.ATTRIBUTE",
      help = "keep what a second plan would change, in place of a failure" },
    { name = "--passes-on", kind = "option", metavar = "NAME[:VERSION],…",
      help = "emulators on which what is left must still deploy" },
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
    local work, why = open_work(ctx, args, jobs[1])
    if not work then return nil, why end
    local files, complete
    do
      local lab <close> = work.lab -- luacheck: ignore lab
      files, complete = reduce(ctx, work)
    end
    work.progress:done()
    if not files then return nil, complete end
    local out = args.out or fs.join(ctx.config.workspace, "reproducers", work.job.hash)
    local ok
    ok, err = fs.write_all(out, files)
    if not ok then return nil, err end
    print_result(ctx, work, files, complete, out)
    return 0
  end,
}
