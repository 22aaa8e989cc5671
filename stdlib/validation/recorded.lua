-- SPDX-License-Identifier: Apache-2.0
-- What a verdict depends on, as one key; and verdicts of earlier runs by that key. Template, app,
-- emulator image, tools and limits: where all are the same, so is the verdict.

local fs = require "std.fs"
local json = require "std.json"
local sha256 = require "std.sha256"

local M = {}

local function add_tree(hash, dir)
  for _, name in ipairs(fs.walk(dir) or {}) do
    hash:update(("%s\0%s\0"):format(name, fs.read(fs.join(dir, name)) or ""))
  end
end

-- Without containers the emulator is a package of the Python environment, whose folder's name
-- holds the hash of its lock.
local function emulator_of(lab)
  local emulator = lab:describe()
  return { emulator.name, emulator.driver, emulator.image_id or fs.realpath(lab.python) or
    lab.python, emulator.version, json.encode(lab.plan.env or {}), lab.plan.memory_mb or 0 }
end

---@param lab table see std.validation
---@param architecture table
---@return string hex
function M.key(lab, architecture)
  local config, hash = lab.config, sha256.new()
  hash:update(json.encode { emulator_of(lab), lab.tool.kind, lab.tool.version,
    lab.provider_version or "", config.deployer,
    config.timeout, config.test_timeout, architecture.hash })
  add_tree(hash, lab.ctx.store:app_dir(architecture.hash))
  return hash:final()
end

---Verdicts of earlier runs, the newest of each key. Errors are no verdicts; flaky ones are none
---that can be relied on.
---@param store lsqm.Store
---@return table<string, table> key → result
function M.of(store)
  local map = {}
  for _, record in ipairs(store:runs { finished = true }) do
    local run = store:open_run(record.run_id)
    for _, result in pairs(run and run:results() or {}) do
      if result.inputs and not map[result.inputs] and result.status ~= "ERROR"
          and not result.confirmation then
        map[result.inputs] = result
      end
    end
  end
  return map
end

---A copy for another run, marked as such.
---@param result table
---@param run_id string
---@return table
function M.reuse(result, run_id)
  local copy = {}
  for key, value in pairs(result) do copy[key] = value end
  copy.cached_from = result.cached_from or result.run_id
  copy.run_id = run_id
  return copy
end

return M
