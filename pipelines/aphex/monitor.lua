-- SPDX-License-Identifier: Apache-2.0
-- Tells CloudWatch, and where wanted DynamoDB and S3, how a workflow ended. The workflow's exit
-- handler runs it.

local error_of = require "std.error"
local json = require "std.json"
local monitoring = require "pipelines.aphex.model.monitoring"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local stage_log = require "pipelines.aphex.model.stage_log"

local function told(args)
  return { workflow = args.workflow, status = args.status, started = args.started,
    commit = args.commit or os.getenv "APHEX_COMMIT" or "",
    branch = args.branch or os.getenv "APHEX_BRANCH" or "",
    failures = os.getenv "APHEX_FAILURES" }
end

local function check(metadata)
  local ok, err = require("std.contracts").of("aphex").check("workflow_metadata", metadata)
  if ok then return true end
  return nil, error_of.new { op = "monitor", code = "usage", message = err.message }
end

return stage {
  api = 1,
  name = "monitor",
  help = "Report how a workflow ended",
  args = {
    { name = "--workflow", kind = "option", metavar = "NAME", help = "The workflow's name" },
    { name = "--status", kind = "option", default = "Succeeded",
      choices = { "Succeeded", "Failed", "Error", "Running" }, help = "As Argo names it" },
    { name = "--started", kind = "option", metavar = "TIME", help = "When it began (RFC 3339)" },
    { name = "--commit", kind = "option", help = "Default: APHEX_COMMIT" },
    { name = "--branch", kind = "option", help = "Default: APHEX_BRANCH" },
    { name = "--region", kind = "option", default = stage_log.region(),
      help = "Region of the logs and metrics (default: AWS_REGION, else us-east-1)" },
    { name = "--json", kind = "flag", help = "Print the WorkflowMetadata" },
  },
  run = function(ctx, args)
    local metadata = monitoring.metadata(told(args))
    local ok, err = check(metadata)
    if not ok then return nil, err end
    if ctx.dry_run then
      ctx.out(json.encode(metadata))
      return 0
    end
    local client
    client, err = session_of.client(args.region)
    if not client then return nil, err end
    local rules, known = ctx.rules "monitoring", {}
    local logged, why = monitoring.logged(client, rules, metadata.workflow_id)
    if logged then
      for _, one in ipairs(logged) do known[one.stage_name] = true end
      metadata = monitoring.metadata(told(args), logged)
    end
    local problems = monitoring.publish(client, rules, metadata, known)
    if not logged then table.insert(problems, 1, why) end
    for _, problem in ipairs(problems) do
      ctx.log:error("not reported", { error = tostring(problem) })
    end
    ctx.out(args.json and json.encode(metadata)
      or ("%s: %s, %d stages"):format(metadata.workflow_id, metadata.status, #metadata.stages))
    return #problems == 0 and 0 or 3
  end,
}
