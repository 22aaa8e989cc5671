-- SPDX-License-Identifier: Apache-2.0
-- Hands the scripts of `lsqm engine slurm` to Slurm, waits, and submits again the shards whose
-- node died or whose task failed. What is done is read from the shards' folders, not from Slurm's
-- accounting, which a cluster need not have.

local error_of = require "std.error"
local fs = require "std.fs"
local merge = require "std.store.merge"
local parallel = require "std.parallel"
local process = require "std.process"
local uuid = require "std.uuid"
local uv = require "luv"

local M = {}

local POLL <const> = 2       -- seconds between two looks
local PATIENCE <const> = 60  -- of those that a controller may not answer

local function failed(op, message, hint)
  return error_of.new { op = op, code = "unavailable", message = message, hint = hint }
end

-- The user's own scheduler gets the user's environment, as from a shell.
local function call(argv, env)
  local all = uv.os_environ()
  for key, value in pairs(env or {}) do all[key] = value end
  local result, err = process.run { argv = argv, env = all, timeout = 60 }
  if not result then return nil, err end
  if result.code ~= 0 then
    return nil, failed(argv[1], (result.stderr:match("[^\n]+") or "exit code " .. result.code))
  end
  return result.stdout
end

local function sbatch(job, arguments, script)
  local argv = { "sbatch", "--parsable" }
  table.move(arguments, 1, #arguments, #argv + 1, argv)
  argv[#argv + 1] = fs.join(job.dir, script)
  local out, err = call(argv, { LSQM_SHARD_SET = job.set })
  local id = out and out:match("^(%d+)")
  if not id then return nil, err or failed("sbatch", "no job id: " .. out) end
  job.ids[id] = true
  return id
end

local ENDED = { BOOT_FAIL = true, CANCELLED = true, COMPLETED = true, DEADLINE = true,
  FAILED = true, NODE_FAIL = true, OUT_OF_MEMORY = true, PREEMPTED = true, REVOKED = true,
  TIMEOUT = true }

-- The tasks of a job and their states; nil when Slurm has forgotten the job.
local function states_of(id)
  local out, err = call { "squeue", "--noheader", "--array", "--states=all", "--jobs=" .. id,
    "--format=%K %T" }
  if not out then
    if tostring(err):find("Invalid job id", 1, true) then return {} end
    return nil, err
  end
  local states = {}
  for task, state in out:gmatch("(%S+) (%S+)") do states[task] = state end
  return states
end

local function is_ended(states)
  for _, state in pairs(states) do if not ENDED[state] then return false end end
  return true
end

-- A controller that is being restarted answers again after a while; what ended long ago it has
-- forgotten.
---@return table|nil states of its tasks, as they were seen last
---@return lsqm.Error|nil
local function wait(job, id)
  local silent, seen = 0, {}
  while true do
    local states, err = states_of(id)
    for task, state in pairs(states or {}) do seen[task] = state end
    if states and is_ended(states) then
      job.ids[id] = nil
      return seen
    end
    silent = states and 0 or silent + POLL
    if silent > PATIENCE then return nil, err end
    parallel.sleep(POLL)
  end
end

---Numbers of the shards that have not finished.
---@param dir string where the shards of the job are
---@param count integer
---@return integer[]
local function missing_shards(dir, count)
  local done, list = {}, {}
  for _, part in ipairs((merge.scan { dir })) do
    if part.summary then done[part.shard.index] = true end
  end
  for i = 1, count do if not done[i] then list[#list + 1] = i end end
  return list
end

local function tell(job, states)
  local counts, names = {}, {}
  for _, state in pairs(states) do
    if not counts[state] then names[#names + 1] = state end
    counts[state] = (counts[state] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = ("%d %s"):format(counts[name], name) end
  job.line("slurm: shards ended: " .. table.concat(names, ", "))
end

local function prepare(job)
  if job.prepared then return true end
  local id, err = sbatch(job, {}, "prepare.sbatch")
  if not id then return nil, err end
  job.line("slurm: job " .. id .. " prepares the corpus")
  local states
  states, err = wait(job, id)
  if not states then return nil, err end
  local _, state = next(states)
  if state == "COMPLETED" then return true end
  return nil, failed("slurm", "preparing the corpus ended as " .. tostring(state),
    "see " .. fs.join(job.dir, "prepare.out"))
end

-- One attempt: the missing shards, and a merge that depends on them, so that the cluster goes on
-- by itself should nobody wait any more. We resubmit, so Slurm must not: a repeated task of its
-- own would begin two minutes later.
local function attempt(job, missing)
  local array = table.concat(missing, ",") .. job.limit
  local shards, err = sbatch(job, { "--no-requeue", "--array=" .. array }, "shards.sbatch")
  if not shards then return nil, err end
  job.line(("slurm: job %s, %d shards"):format(shards, #missing))
  local last
  last, err = sbatch(job, { "--dependency=afterany:" .. shards }, "merge.sbatch")
  if not last then return nil, err end
  local states
  states, err = wait(job, shards)
  if not states then return nil, err end
  tell(job, states)
  return wait(job, last)
end

local function outcome(job, missing)
  job.out((fs.read(fs.join(job.dir, "merge.out")) or ""):gsub("%s+$", ""))
  local status = math.tointeger(tonumber((fs.read(job.status) or ""):match("^%d+")))
  if #missing > 0 and (status == nil or status > 1) then
    return nil, error_of.new { op = "slurm", code = "incomplete",
      message = ("%d of %d shards did not finish: %s"):format(#missing, job.shards,
        table.concat(missing, " ")), hint = "see shard-N.out in " .. job.dir }
  end
  if status == nil or status > 1 then
    return nil, failed("slurm", "the merge failed", "see " .. fs.join(job.dir, "merge.out"))
  end
  return status
end

local function cancel(job)
  for id in pairs(job.ids) do call { "scancel", id } end
end

---Runs the job to its end. Its jobs are cancelled when this ends early.
---@param options {dir: string, shards: integer, attempts: integer, prepared: boolean|nil,
---  limit: string, out: fun(text: string), line: fun(text: string)} dir has the scripts; limit is
---  "" or "%N": how many tasks at once
---@return integer|nil code as of `lsqm run`
---@return lsqm.Error|nil
function M.run(options)
  local job <close> = setmetatable({ set = uuid.v4(), ids = {} }, { __index = options,
    __close = cancel })
  job.status = fs.join(job.dir, job.set .. ".status")
  local ok, err = prepare(job)
  if not ok then return nil, err end
  local missing = missing_shards(fs.join(job.dir, job.set), job.shards)
  for _ = 1, job.attempts do
    ok, err = attempt(job, missing)
    if not ok then return nil, err end
    missing = missing_shards(fs.join(job.dir, job.set), job.shards)
    if #missing == 0 then break end
  end
  return outcome(job, missing)
end

return M
