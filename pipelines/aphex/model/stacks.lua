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
local GOOD <const> = { CREATE_COMPLETE = true, UPDATE_COMPLETE = true, IMPORT_COMPLETE = true }

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

local EVENT_FIELDS <const> = { "EventId", "Timestamp", "LogicalResourceId", "PhysicalResourceId",
  "ResourceType", "ResourceStatus", "ResourceStatusReason" }

local MAX_PAGES <const> = 50 -- of 100 events each

local function page(client, name, token)
  local answer, err = client:query("cloudformation", "DescribeStackEvents", { StackName = name,
    NextToken = token }, true)
  if not answer and tostring(err.message):find("does not exist", 1, true) then return {} end
  if not answer then return nil, err end
  local members, following = xml.find(answer, "StackEvents"), xml.find(answer, "NextToken")
  return members and members.children or {}, following and following.text
end

--- The newest event of a stack; nil where there is none yet.
---@param client lsqm.AwsClient
---@param name string
---@return string|nil id
---@return lsqm.Error|nil err
function M.newest_event(client, name)
  local members, err = page(client, name)
  if not members then return nil, err end
  return members[1] and xml.text(members[1], "EventId")
end

--- What happened to the stack after an event, oldest first.
---@param client lsqm.AwsClient
---@param name string
---@param newest string|nil the EventId that is known already
---@return table[] events
---@return lsqm.Error|nil err what kept (some of) them away
function M.events(client, name, newest)
  local list, token = json.array {}, nil
  for _ = 1, MAX_PAGES do
    local members, more = page(client, name, token)
    if not members then return list, more end
    for _, member in ipairs(members) do
      if newest and xml.text(member, "EventId") == newest then return list end
      local event = {}
      for _, field in ipairs(EVENT_FIELDS) do event[field] = xml.text(member, field) end
      table.insert(list, 1, event)
    end
    token = more ~= "" and more or nil
    if not token then return list end
  end
  return list, error_of.new { op = "stack " .. name, code = "limit",
    message = "it has more events" }
end

local HINTS <const> = {
  ROLLBACK_COMPLETE = "its first deployment failed: delete the stack, then deploy it again",
  ROLLBACK_FAILED = "its first deployment failed: delete the stack, then deploy it again",
  UPDATE_ROLLBACK_FAILED = "continue its rollback in CloudFormation first",
}

-- Why a stack of this status takes no update.
local function refusal(name, known)
  local hint = HINTS[known.status]
  if known.status:find "_IN_PROGRESS$" then hint = "something else is changing it" end
  return hint and error_of.new { op = "stack " .. name, code = "failed",
    message = "it is in " .. known.status, hint = hint }
end

-- "changing" or "same"; nil, err.
local function change(client, stack, body)
  local params = { StackName = stack.name, TemplateBody = body, Capabilities = CAPABILITIES }
  local known, err = M.describe(client, stack.name)
  if not known and err.code ~= "not_found" then return nil, err end
  local refused = known and refusal(stack.name, known)
  if refused then return nil, refused end
  local ok
  ok, err = client:query("cloudformation", known and "UpdateStack" or "CreateStack", params)
  if ok then return "changing" end
  if tostring(err.message):find("No updates are to be performed", 1, true) then return "same" end
  return nil, err
end

-- Nobody answers, or not now.
local AWAY <const> = { network = true, unavailable = true, timeout = true }

-- Until nothing is in progress any more. A question that gets no answer changes nothing.
local function settle(client, name, deadline)
  local pause = PAUSE.first
  while true do
    local known, err = M.describe(client, name)
    if not known and not AWAY[err.code] then return nil, err end
    if known and not known.status:find "_IN_PROGRESS$" then return known end
    if time.monotonic() > deadline then
      return nil, err or error_of.new { op = "stack " .. name, code = "failed",
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
  local how
  how, err = change(client, stack, body)
  if not how then return nil, err end
  local known
  known, err = settle(client, stack.name, time.monotonic() + options.timeout)
  -- After a rollback a stack is as it was, which here is as the template wants it.
  if known and how == "same" then known.status = "UPDATE_COMPLETE" end
  return known, err
end

local function by_program(client, stack, options)
  local ran = require("pipelines.aphex.model.runner").run({ options.command(stack) },
    { dir = options.dir, env = options.env, timeout = options.timeout })
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
---@param options {dir: string, timeout: number, command: (fun(stack): string), env: table|nil}
---@return table result DeploymentResult
---@return lsqm.Error|nil err why it did not succeed
---@return lsqm.Error|nil missing why events are missing
function M.deploy(client, stack, options)
  local clock = time.monotonic()
  local newest, lost = M.newest_event(client, stack.name)
  if lost and AWAY[lost.code] then -- nothing is begun
    return { success = false, stack_name = stack.name, stack_outputs = {}, duration =
      time.monotonic() - clock, cloudformation_events = json.array {} }, lost
  end
  local known, err = (is_template(stack.path) and by_api or by_program)(client, stack, options)
  local success = known ~= nil and GOOD[known.status] == true
  if known and not success then
    err = error_of.new { op = "stack " .. stack.name, code = "failed",
      message = known.status .. (known.reason and ": " .. known.reason or "") }
  end
  local events, missing = M.events(client, stack.name, newest)
  return { success = success, stack_name = stack.name,
    stack_outputs = known and known.outputs or {}, cloudformation_events = events,
    duration = time.monotonic() - clock }, err, missing
end

return M
