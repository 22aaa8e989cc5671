-- SPDX-License-Identifier: Apache-2.0
-- What the results of a large finished run say, without their logs, in one file instead of
-- thousands. It lies in the clone's own .git, where it is nobody's artifact, and holds as long as
-- the folder of the results is as it was: every result is put there by a rename.

local fs = require "std.fs"
local json = require "std.json"
local uv = require "luv"

local M = {}

local FORMAT <const> = 1
local FEWEST <const> = 200 -- fewer are read as fast one by one

local function path_of(store, run_id)
  local dir = fs.join(store.root, ".git")
  return fs.is_dir(dir) and fs.join(dir, "lsqm", "outcomes", run_id .. ".json") or nil
end

-- Other bytes in the folder, another time of its last change.
local function stamp_of(run)
  local info = uv.fs_stat(run:path("results"))
  return info and ("%d.%d"):format(info.mtime.sec, info.mtime.nsec)
end

--- hash → outcome as it was kept; nil when there is none, or none that holds.
---@param run lsqm.Run
---@return table|nil
function M.load(run)
  local path = not run.dir and path_of(run.store, run.run_id)
  if not path or not fs.is_file(path) then return nil end
  local kept = json.read(path)
  if type(kept) ~= "table" or kept.format ~= FORMAT or kept.stamp ~= stamp_of(run) then
    return nil
  end
  return kept.outcomes
end

--- Keeps the outcomes of a run that is finished now: whoever finished it has them at hand.
---@param run lsqm.Run
function M.save(run)
  local path, stamp = not run.dir and path_of(run.store, run.run_id), stamp_of(run)
  if not path or not stamp or run.store.readonly then return end
  local outcomes, count = run:outcomes(), 0
  for _ in pairs(outcomes) do count = count + 1 end
  if count < FEWEST then return end
  fs.mkdir(fs.dirname(path))
  -- Losing it costs time, nothing else.
  json.write(path, { format = FORMAT, stamp = stamp, outcomes = outcomes })
end

--- For a run that is deleted.
---@param store lsqm.Store
---@param run_id string
function M.forget(store, run_id)
  local path = path_of(store, run_id)
  if path then fs.remove(path) end
end

return M
