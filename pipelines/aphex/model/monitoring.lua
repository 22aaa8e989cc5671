-- SPDX-License-Identifier: Apache-2.0
-- A workflow's metadata to CloudWatch Logs and Metrics, and where wanted to DynamoDB and S3.
-- Source: CloudWatch Logs, CloudWatch and DynamoDB API References.

local contracts = require("std.contracts").of "aphex"
local json = require "std.json"
local time = require "std.time"

local M = {}

-- What is there already is as good as made.
local function made(answer, err)
  if answer or (err and err.code == "exists") then return true end
  return nil, err
end

local function milliseconds(iso) return math.floor((time.parse(iso) or time.now()) * 1000) end

local function event(metadata, at, stage, message, fields)
  local entry = { timestamp = at, workflow_id = metadata.workflow_id, stage = stage,
    message = message, commit_sha = metadata.commit_sha, branch = metadata.branch }
  for key, value in pairs(fields or {}) do entry[key] = value end
  return { timestamp = milliseconds(at), message = json.encode(entry) }
end

-- One entry for each stage and one for the whole, in the order of time, as the API wants them.
local function events_of(metadata)
  local list = json.array {}
  for _, stage in ipairs(metadata.stages) do
    list[#list + 1] = event(metadata, stage.completed_at or stage.started_at, stage.stage_name,
      stage.error_message or stage.status, { status = stage.status })
  end
  list[#list + 1] = event(metadata, metadata.completed_at or metadata.triggered_at, "workflow",
    metadata.status, { status = metadata.status })
  table.sort(list, function(a, b) return a.timestamp < b.timestamp end)
  return list
end

--- Log entries of a workflow.
function M.logs(client, rules, metadata)
  local group, stream = rules.log_group, metadata.workflow_id:gsub("[:*]", "-")
  local ok, err = made(client:json("logs", "CreateLogGroup", { logGroupName = group }))
  if ok then
    ok, err = client:json("logs", "PutRetentionPolicy", { logGroupName = group,
      retentionInDays = rules.retention_days }, true)
  end
  if ok then
    ok, err = made(client:json("logs", "CreateLogStream", { logGroupName = group,
      logStreamName = stream }))
  end
  if ok then
    ok, err = client:json("logs", "PutLogEvents", { logGroupName = group, logStreamName = stream,
      logEvents = events_of(metadata) })
  end
  if not ok then return nil, err end
  return true
end

local function metric(name, value, unit, dimensions)
  local list = {}
  for _, key in ipairs { "Environment", "Stack", "Status" } do
    if dimensions[key] then list[#list + 1] = { Name = key, Value = dimensions[key] } end
  end
  return { MetricName = name, Value = value, Unit = unit, Dimensions = list }
end

local function send(client, rules, data)
  local ok, err = client:query("cloudwatch", "PutMetricData", { Namespace = rules.namespace,
    MetricData = data })
  if not ok then return nil, err end
  return true
end

--- DeploymentCount and DeploymentDuration of one stack.
---@param result table DeploymentResult
function M.deployment(client, rules, environment, result)
  local dimensions = { Environment = environment, Stack = result.stack_name,
    Status = result.success and "succeeded" or "failed" }
  return send(client, rules, { metric("DeploymentCount", 1, "Count", dimensions),
    metric("DeploymentDuration", result.duration, "Seconds", dimensions) })
end

local function seconds_of(metadata)
  local from, to = time.parse(metadata.triggered_at), time.parse(metadata.completed_at or "")
  return from and to and math.max(0, to - from) or 0
end

local function to_dynamodb(client, rules, metadata)
  local item = { stages = { S = json.encode(metadata.stages) } }
  for key, value in pairs(metadata) do
    if type(value) == "string" then item[key] = { S = value } end
  end
  return client:json("dynamodb", "PutItem", { TableName = rules.table, Item = item }, true)
end

local function to_s3(client, rules, metadata)
  return client:s3 { method = "PUT", bucket = rules.bucket,
    key = ("workflows/%s.json"):format(metadata.workflow_id), body = json.encode(metadata),
    headers = { ["Content-Type"] = "application/json" } }
end

--- Sends everything that the rules name. One place that fails keeps none of the others away.
---@param client lsqm.AwsClient
---@param rules table rules/monitoring.lua
---@param metadata table WorkflowMetadata
---@return lsqm.Error[] problems
function M.publish(client, rules, metadata)
  assert(contracts.check("workflow_metadata", metadata))
  local problems = {}
  local function try(ok, err) if not ok then problems[#problems + 1] = err end end
  try(M.logs(client, rules, metadata))
  try(send(client, rules, { metric("WorkflowDuration", seconds_of(metadata), "Seconds",
    { Status = metadata.status }) }))
  if rules.table then try(to_dynamodb(client, rules, metadata)) end
  if rules.bucket then try(to_s3(client, rules, metadata)) end
  return problems
end

local STATUS <const> = { Succeeded = "succeeded", Failed = "failed", Error = "failed",
  Running = "running" }

-- Argo's {{workflow.failures}}: JSON in JSON text, or nothing.
local function stages_of(failures, at)
  local list = json.array {}
  local value = failures and json.decode(failures)
  if type(value) == "string" then value = json.decode(value) end
  for _, one in ipairs(type(value) == "table" and value or {}) do
    list[#list + 1] = { stage_name = one.displayName or one.templateName or "?",
      started_at = at, completed_at = one.finishedAt and time.iso(time.parse(one.finishedAt)
        or time.now()) or nil, status = "failed", error_message = one.message or "" }
  end
  return list
end

--- WorkflowMetadata of what Argo tells an exit handler.
---@param told {workflow: string, status: string, started: string, commit: string, branch: string,
---  failures: string|nil}
---@return table
function M.metadata(told)
  local started = time.iso(time.parse(told.started or "") or time.now())
  return { workflow_id = told.workflow, commit_sha = told.commit, branch = told.branch,
    triggered_at = started, completed_at = time.iso(time.now()),
    status = STATUS[told.status] or "failed", stages = stages_of(told.failures, started) }
end

return M
