-- SPDX-License-Identifier: Apache-2.0
-- Processes that a job's steps left running, such as a server in the background: they live as long
-- as the job, and are known by the variable RUNNER_TRACKING_ID.

local fs = require "std.fs"
local parallel = require "std.parallel"
local uv = require "luv"

local M = {}

local PATIENCE <const> = 2 -- seconds between asking and killing

local function living(tracking)
  local found, mark = {}, "\0RUNNER_TRACKING_ID=" .. tracking .. "\0"
  for _, entry in ipairs(fs.list("/proc") or {}) do
    local pid = math.tointeger(tonumber(entry.name))
    local environment = pid and fs.read("/proc/" .. entry.name .. "/environ")
    if environment and ("\0" .. environment .. "\0"):find(mark, 1, true) then
      found[#found + 1] = pid
    end
  end
  return found
end

local function signal(pids, name)
  for _, pid in ipairs(pids) do uv.kill(pid, name) end
end

--- Asks them to end, and ends them.
function M.stop(tracking)
  local pids = living(tracking)
  signal(pids, "sigterm")
  local waited = 0
  while #pids > 0 and waited < PATIENCE do
    parallel.sleep(0.05)
    waited, pids = waited + 0.05, living(tracking)
  end
  signal(pids, "sigkill")
end

--- Held in a `<close>` variable it ends them with the job, however that ends.
function M.of(tracking)
  return setmetatable({}, { __close = function() M.stop(tracking) end })
end

return M
