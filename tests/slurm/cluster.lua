-- SPDX-License-Identifier: Apache-2.0
-- cluster.sh as an object: a Slurm cluster of two nodes that ends with its variable.

local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"

local M = {}

local SCRIPT = program.share .. "/tests/slurm/cluster.sh"

local Cluster = {}
Cluster.__index = Cluster

local function run(...)
  return assert(process.run { argv = { "bash", SCRIPT, ... }, timeout = 60 })
end

--- The task numbers of the queue: {[task] = {state =, node =}}.
function Cluster:queue()
  local result = assert(process.run { timeout = 20, env = { SLURM_CONF = self.conf },
    argv = { "squeue", "--noheader", "--array", "--states=all", "--format=%K %T %N" } })
  local tasks = {}
  for task, state, node in result.stdout:gmatch("(%S+) (%S+) (%S*)\n") do
    tasks[task] = { state = state, node = node }
  end
  return tasks
end

function Cluster:kill_node(name, noticed)
  local result = run("kill-node", self.dir.path, name, noticed and "noticed" or "")
  assert(result.code == 0, result.stderr)
end

function Cluster:close()
  run("stop", self.dir.path)
  self.dir:close()
end

Cluster.__close = Cluster.close

---@param cpus integer processors of each node
---@return table|nil cluster
---@return string|nil reason why there is none
function M.start(cpus)
  local dir = assert(fs.tempdir "lsqm-slurm-")
  local result = run("start", dir.path, tostring(cpus))
  if result.code ~= 0 then
    dir:close()
    assert(result.code == 77, result.stderr)
    return nil, result.stderr:match("[^\n]+")
  end
  return setmetatable({ dir = dir, conf = result.stdout:match("%S+") }, Cluster)
end

return M
