-- SPDX-License-Identifier: Apache-2.0
-- Stacks of CloudFormation: deployed by its API or by the CDK's program, their outputs and events
-- read through the API either way. Source: CloudFormation API Reference.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local time = require "std.time"
local xml = require "std.xml"

local M = {}

local MAX_TEMPLATE <const> = 51200 -- CloudFormation's limit for a template in the request
local PAUSE <const> = { first = 0.2, most = 5 }
local CAPABILITIES <const> = { "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND" }
local GOOD <const> = { CREATE_COMPLETE = true, UPDATE_COMPLETE = true }

--- The stack as the API describes it: {status, reason, outputs}; nil, err "not_found" without one.
function M.describe(client, name)
  local answer, err = client:query("cloudformation", "DescribeStacks", { StackName = name }, true)
  if not answer then
    if tostring(err.message):find("does not exist", 1, true) then err.code = "not_found" end
    return nil, err
  end
  local member = xml.find(answer, "Stacks")
  member = member and xml.find(member, "member")
  if not member then
    return nil, error_of.new { op = "stack " .. name, code = "not_found",
      message = "CloudFormation does not know it" }
  end
  local outputs = {}
  local list = xml.find(member, "Outputs")
  for _, one in ipairs(list and list.children or {}) do
    outputs[xml.text(one, "OutputKey")] = xml.text(one, "OutputValue")
  end
  return { status = xml.text(member, "StackStatus"), outputs = outputs,
    reason = xml.text(member, "StackStatusReason") }
end

local EVENT_FIELDS <const> = { "Timestamp", "LogicalResourceId", "PhysicalResourceId",
  "ResourceType", "ResourceStatus", "ResourceStatusReason" }

--- What happened to the stack since a time, oldest first.
---@param since number seconds since the epoch
function M.events(client, name, since)
  local answer = client:query("cloudformation", "DescribeStackEvents", { StackName = name }, true)
  local list, members = json.array {}, answer and xml.find(answer, "StackEvents")
  for _, member in ipairs(members and members.children or {}) do
    local event = {}
    for _, field in ipairs(EVENT_FIELDS) do event[field] = xml.text(member, field) end
    local at = time.parse(event.Timestamp or "")
    if not at or at >= since - 1 then table.insert(list, 1, event) end
  end
  return list
end

local function change(client, stack, body)
  local params = { StackName = stack.name, TemplateBody = body, Capabilities = CAPABILITIES }
  local known, err = M.describe(client, stack.name)
  if not known and err.code ~= "not_found" then return nil, err end
  local ok
  ok, err = client:query("cloudformation", known and "UpdateStack" or "CreateStack", params)
  if not ok and tostring(err.message):find("No updates are to be performed", 1, true) then
    return true
  end
  return ok and true, err
end

-- Until nothing is in progress any more.
local function settle(client, name, deadline)
  local pause = PAUSE.first
  while true do
    local known, err = M.describe(client, name)
    if not known then return nil, err end
    if not known.status:find "_IN_PROGRESS$" then return known end
    if time.monotonic() > deadline then
      return nil, error_of.new { op = "stack " .. name, code = "timeout",
        message = "still " .. known.status }
    end
    parallel.sleep(pause)
    pause = math.min(PAUSE.most, pause * 1.5)
  end
end

local function by_api(client, stack, options)
  local body, err = fs.read(fs.join(options.dir, stack.path))
  if not body then return nil, err end
  if #body > MAX_TEMPLATE then
    return nil, error_of.new { op = "stack " .. stack.name, code = "limit",
      message = ("%s has %d bytes; CloudFormation takes %d"):format(stack.path, #body,
        MAX_TEMPLATE), hint = "let the CDK deploy it" }
  end
  local ok
  ok, err = change(client, stack, body)
  if not ok then return nil, err end
  return settle(client, stack.name, time.monotonic() + options.timeout)
end

local function by_program(client, stack, options)
  local ran = require("pipelines.aphex.model.runner").run({ options.command(stack) },
    { dir = options.dir, env = options.env, timeout = options.timeout, inherit = options.inherit })
  if not ran.success then
    return nil, error_of.new { op = "stack " .. stack.name, code = "failed",
      message = ("exit code %d: %s"):format(ran.exit_code, ran.stderr:sub(-400)) }
  end
  return M.describe(client, stack.name)
end

local function is_template(path) return path:find "%.ya?ml$" or path:find "%.json$"
  or path:find "%.template$" end

--- Deploys one stack: a path to a template goes to the API, any other to options.command(stack).
---@param client lsqm.AwsClient
---@param stack {name: string, path: string} StackConfig
---@param options {dir: string, timeout: number, command: (fun(stack): string), env: table|nil,
---  inherit: string[]|nil}
---@return table result DeploymentResult
---@return lsqm.Error|nil err why it did not succeed
function M.deploy(client, stack, options)
  local clock, since = time.monotonic(), time.now()
  local known, err = (is_template(stack.path) and by_api or by_program)(client, stack, options)
  local success = known ~= nil and GOOD[known.status] == true
  if known and not success then
    err = error_of.new { op = "stack " .. stack.name, code = "failed",
      message = known.status .. (known.reason and ": " .. known.reason or "") }
  end
  return { success = success, stack_name = stack.name,
    stack_outputs = known and known.outputs or {},
    cloudformation_events = M.events(client, stack.name, since),
    duration = time.monotonic() - clock }, err
end

return M
