-- SPDX-License-Identifier: Apache-2.0
-- PipelineRuns on disk: ci/runs/<id>.json below the workspace.

local contracts = require("std.contracts").of "parity"
local fs = require "std.fs"
local json = require "std.json"
local open = require "pipelines.parity.model.open"

local M = {}

--- Writes a run; its schema is checked.
function M.write(ctx, run)
  return contracts.write(open.path(ctx, "ci", "runs", run.id .. ".json"), "pipeline_run", run)
end

--- Runs of an environment, newest first.
function M.list(ctx, environment)
  local list, dir = json.array(), open.path(ctx, "ci", "runs")
  for _, entry in ipairs(fs.is_dir(dir) and fs.list(dir) or {}) do
    if entry.name:find("%.json$") then
      local run, err = contracts.read(fs.join(dir, entry.name), "pipeline_run")
      if not run then error(err, 0) end
      if run.environment_id == environment then list[#list + 1] = run end
    end
  end
  table.sort(list, function(a, b)
    if a.started_at ~= b.started_at then return a.started_at > b.started_at end
    return a.id < b.id
  end)
  return list
end

return M
