-- SPDX-License-Identifier: Apache-2.0
-- A workflow's metadata to CloudWatch Logs and Metrics, and where wanted to DynamoDB and S3.
-- Source: CloudWatch Logs, CloudWatch and DynamoDB API References.

local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local json = require "std.json"
local tables = require "std.table"
local time = require "std.time"

local M = {}

local WORKFLOW <const> = "workflow" -- the stage of the entry about the whole

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

local function stage_event(metadata, stage)
  return event(metadata, stage.completed_at or stage.started_at, stage.stage_name,
    stage.error_message or stage.status, { status = stage.status, started_at = stage.started_at,
      completed_at = stage.completed_at })
end

-- One entry for each stage that is not there yet and one for the whole, in the order of time, as
-- the API wants them.
local function events_of(metadata, known)
  local list = json.array {}
  for _, stage in ipairs(metadata.stages) do
    if not known[stage.stage_name] then list[#list + 1] = stage_event(metadata, stage) end
  end
  list[#list + 1] = event(metadata, metadata.completed_at or metadata.triggered_at, WORKFLOW,
    metadata.status, { status = metadata.status })
  table.sort(list, function(a, b) return a.timestamp < b.timestamp end)
  return list
end

local function stream_of(workflow_id) return (workflow_id:gsub("[:*]", "-")) end

local function put(client, rules, workflow_id, events)
  local group, stream = rules.log_group, stream_of(workflow_id)
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
      logEvents = events })
  end
  if not ok then return nil, err end
  local rejected = type(ok.rejectedLogEventsInfo) == "table" and next(ok.rejectedLogEventsInfo)
  if not rejected then return true end
  return nil, error_of.new { op = "logs PutLogEvents", code = "rejected",
    message = "CloudWatch took not all entries: " .. rejected }
end

--- Logs one stage of a workflow that is still running.
---@param client lsqm.AwsClient
---@param rules table rules/monitoring.lua
---@param workflow {workflow_id: string, commit_sha: string, branch: string}
---@param stage table StageMetadata
---@return boolean|nil
---@return lsqm.Error|nil
function M.stage(client, rules, workflow, stage)
  assert(contracts.check("stage_metadata", stage))
  return put(client, rules, workflow.workflow_id, json.array { stage_event(workflow, stage) })
end

local MAX_PAGES <const> = 20

-- The StageMetadata of a log entry; nil of any other text.
local function logged_stage(text)
  local entry = json.decode(text)
  if type(entry) ~= "table" or entry.stage == WORKFLOW then return nil end
  local stage = { stage_name = entry.stage, started_at = entry.started_at,
    completed_at = entry.completed_at, status = entry.status,
    error_message = entry.status == "failed" and entry.message or nil }
  return contracts.check("stage_metadata", stage) and stage or nil
end

--- The stages that a workflow has logged, in their order; of one that ran twice the last.
---@param client lsqm.AwsClient
---@param rules table
---@param workflow_id string
---@return table[]|nil stages StageMetadata
---@return lsqm.Error|nil
function M.logged(client, rules, workflow_id)
  local list, places, token = {}, {}, nil
  for _ = 1, MAX_PAGES do
    local answer, err = client:json("logs", "GetLogEvents", { logGroupName = rules.log_group,
      logStreamName = stream_of(workflow_id), startFromHead = true, nextToken = token }, true)
    if not answer then
      if err.code == "not_found" then return list end
      return nil, err
    end
    for _, one in ipairs(answer.events) do
      local stage = logged_stage(one.message)
      local name = stage and stage.stage_name
      if stage then
        places[name] = places[name] or #list + 1
        list[places[name]] = stage
      end
    end
    if #answer.events == 0 or answer.nextForwardToken == token then break end
    token = answer.nextForwardToken
  end
  return list
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
---@param known table<string, boolean>|nil stages whose entries are there already
---@return lsqm.Error[] problems
function M.publish(client, rules, metadata, known)
  assert(contracts.check("workflow_metadata", metadata))
  local problems = {}
  local function try(ok, err) if not ok then problems[#problems + 1] = err end end
  try(put(client, rules, metadata.workflow_id, events_of(metadata, known or {})))
  try(send(client, rules, { metric("WorkflowDuration", seconds_of(metadata), "Seconds",
    { Status = metadata.status }) }))
  if rules.table then try(to_dynamodb(client, rules, metadata)) end
  if rules.bucket then try(to_s3(client, rules, metadata)) end
  return problems
end

local STATUS <const> = { Succeeded = "succeeded", Failed = "failed", Error = "failed",
  Running = "running" }

-- Argo's {{workflow.failures}}: JSON in JSON text, or nothing.
local function failures_of(text)
  local value = text and json.decode(text)
  if type(value) == "string" then value = json.decode(value) end
  return type(value) == "table" and value or {}
end

local KINDS <const> = { build = true, check = true, deploy = true, test = true }

-- What has said itself how it ended. A workflow ends with its first failure, so that Argo's word
-- is wanted only of a kind of stage that could not say so: its pod was killed.
local function missing_failures(failures, stages)
  local said, some = {}, false
  for _, stage in ipairs(stages) do
    if stage.status == "failed" then said[stage.stage_name:match "^%a+"], some = true, true end
  end
  local list = {}
  for _, one in ipairs(failures) do
    local kind = KINDS[one.templateName] and one.templateName
    if kind and not said[kind] then
      list[#list + 1], said[kind], some = one, true, true
    end
  end
  return (#list > 0 or some) and list or failures
end

local function stages_of(failures, stages, at)
  local list = json.array(tables.copy(stages))
  for _, one in ipairs(missing_failures(failures_of(failures), stages)) do
    local ended = one.finishedAt and (time.parse(one.finishedAt) or time.now())
    list[#list + 1] = { stage_name = one.displayName or one.templateName or "?", started_at = at,
      completed_at = ended and time.iso(ended) or nil, status = "failed",
      error_message = one.message or "" }
  end
  return list
end

--- WorkflowMetadata of what Argo tells an exit handler.
---@param told {workflow: string, status: string, started: string, commit: string, branch: string,
---  failures: string|nil}
---@param stages table[]|nil StageMetadata of those that said themselves how they ended
---@return table
function M.metadata(told, stages)
  local started = time.iso(time.parse(told.started or "") or time.now())
  local status = STATUS[told.status] or "failed"
  return { workflow_id = told.workflow, commit_sha = told.commit, branch = told.branch,
    triggered_at = started, completed_at = status ~= "running" and time.iso(time.now()) or nil,
    status = status, stages = stages_of(told.failures, stages or {}, started) }
end

return M
