-- SPDX-License-Identifier: Apache-2.0
-- What a stage of a workflow tells CloudWatch when it ends; outside of a workflow nothing. The exit
-- handler collects it again.

local mask = require "std.mask"
local monitoring = require "pipelines.aphex.model.monitoring"
local session_of = require "pipelines.aphex.model.session"
local time = require "std.time"

local M = {}

local MAX_MESSAGE <const> = 4000

--- Where the workflow's story is told: the region of its pods.
---@return string
function M.region() return os.getenv "AWS_REGION" or "us-east-1" end

--- Tells how a stage ended. Nothing fails for want of it: what keeps it away is a warning.
---@param ctx lsqm.Context
---@param name string "deploy-production"
---@param began number seconds since the epoch
---@param problem string|nil why it failed
function M.tell(ctx, name, began, problem)
  local workflow = { workflow_id = os.getenv "APHEX_WORKFLOW" or "",
    commit_sha = os.getenv "APHEX_COMMIT", branch = os.getenv "APHEX_BRANCH" }
  if workflow.workflow_id == "" then return end
  local client, err = session_of.client(M.region())
  local ok = false
  if client then
    ok, err = monitoring.stage(client, ctx.rules "monitoring", workflow, { stage_name = name,
      started_at = time.iso(began), completed_at = time.iso(time.now()),
      status = problem and "failed" or "succeeded",
      error_message = problem and mask.text(problem):sub(1, MAX_MESSAGE) or nil })
  end
  if not ok then ctx.log:warn("stage not reported", { error = tostring(err) }) end
end

return M
