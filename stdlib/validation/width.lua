-- SPDX-License-Identifier: Apache-2.0
-- How many architectures are validated at once: `parallel` as configured, or with "auto" as many as
-- keep the processors busy while others wait, as far as memory goes.

local uv = require "luv"
local warm = require "std.terraform.warm"

local M = {}

-- Seconds that the provider waits, without using the processor, when it makes and destroys such
-- resources.
local WAITS <const> = { sqs = 80, kinesis = 70, lambda = 5 }
-- Processor seconds of one architecture: emulator, terraform and provider, tests.
local WORK <const> = 5
local WORK_PER_RESOURCE <const> = 0.1

---What a validation takes.
---@param architecture {services: string[], resource_count: integer}
---@return number work processor seconds
---@return number waiting seconds
function M.estimate(architecture)
  local waiting = 0
  for _, service in ipairs(architecture.services) do
    waiting = waiting + (WAITS[service] or 0)
  end
  return WORK + WORK_PER_RESOURCE * architecture.resource_count, waiting
end

-- Of the time that a validation takes on its own, the part that it works is work / (work +
-- waiting): so many more than there are processors keep these busy.
local function wanted(jobs, cores)
  local work, waiting = 0, 0
  for _, job in ipairs(jobs) do
    local one, other = M.estimate(job)
    work, waiting = work + one, waiting + other
  end
  if work == 0 then return cores end
  return math.min(#jobs, math.ceil(cores * (work + waiting) / work))
end

---@param parallel integer|"auto"
---@param jobs table[]|nil architectures
---@param machine {cores: integer, room: fun(limit: integer): integer}|nil default: this one
---@return integer
function M.choose(parallel, jobs, machine)
  if parallel ~= "auto" then return parallel end
  machine = machine or { cores = uv.available_parallelism(), room = warm.size_for }
  return math.max(1, machine.room(wanted(jobs or {}, machine.cores)))
end

return M
