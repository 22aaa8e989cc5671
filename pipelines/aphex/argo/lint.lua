-- SPDX-License-Identifier: Apache-2.0
-- What the published schemas cannot say and Argo's own linter checks, also across files: one type
-- for each template, unique names, every template and {{…}} reference resolves, artifacts have
-- paths where a container reads them and none where they are passed on, the Sensor's parameters
-- land in the argument that they are meant for.

local M = {}

local TYPES <const> = { "container", "script", "dag", "steps", "suspend", "resource", "http",
  "containerSet", "data", "plugin" }
local POD <const> = { container = true, script = true, containerSet = true }

-- Known anywhere in a workflow. Source: Argo Workflows, "Workflow Variables".
local GLOBAL <const> = { ["workflow.name"] = true, ["workflow.namespace"] = true,
  ["workflow.uid"] = true, ["workflow.serviceAccountName"] = true, ["workflow.status"] = "exit",
  ["workflow.failures"] = "exit", ["workflow.duration"] = true,
  ["workflow.creationTimestamp"] = true, ["workflow.creationTimestamp.RFC3339"] = true,
  ["workflow.parameters"] = true, ["pod.name"] = true, ["node.name"] = true }

local function by_name(list)
  local map = {}
  for _, item in ipairs(list or {}) do map[item.name] = item end
  return map
end

local function check_unique(list, what, add)
  local seen = {}
  for _, item in ipairs(list or {}) do
    if seen[item.name] then add(("%s '%s' is there twice"):format(what, tostring(item.name))) end
    seen[item.name or ""] = true
  end
end

local function type_of(template, add)
  local found
  for _, kind in ipairs(TYPES) do
    if template[kind] and found then add(("is both %s and %s"):format(found, kind)) end
    found = template[kind] and kind or found
  end
  if not found then add "has no type" end
  return found
end

-- --- references ---------------------------------------------------------------------------------

-- Calls fn(reference) for each {{…}} in any text below; "{{=…}}" is an expression.
local function each_reference(value, fn)
  if type(value) == "string" then
    for inner in value:gmatch "{{(.-)}}" do
      if inner:sub(1, 1) ~= "=" then fn((inner:gsub("^%s+", ""):gsub("%s+$", ""))) end
    end
  elseif type(value) == "table" then
    for _, part in pairs(value) do each_reference(part, fn) end
  end
end

-- "tasks.build.outputs.artifacts.workspace": does what runs before give that?
local function gives(scope, reference)
  local name, kind, output = reference:match "^%a+%.([^.]+)%.outputs%.(%a+)%.(.+)$"
  local callee = name and scope.before[name]
  local template = callee and scope.templates[callee]
  if kind == "result" then return template ~= nil end
  return template ~= nil and by_name((template.outputs or {})[kind])[output] ~= nil
end

local function resolves(scope, reference)
  local global = GLOBAL[reference]
  if global then return global ~= "exit" or scope.at_exit end
  local name = reference:match "^workflow%.parameters%.(.+)$"
  if name then return scope.arguments[name] ~= nil end
  local kind, input = reference:match "^inputs%.(%a+)%.([^.]+)"
  if kind then return by_name((scope.template.inputs or {})[kind])[input] ~= nil end
  if reference:find "^tasks%." or reference:find "^steps%." then return gives(scope, reference) end
  return false
end

local function check_references(value, scope, add)
  each_reference(value, function(reference)
    if not resolves(scope, reference) then add(("{{%s}} means nothing here"):format(reference)) end
  end)
end

-- --- calls of templates -------------------------------------------------------------------------

-- A call gives each input that has no value of its own, and nothing else.
local function check_arguments(call, callee, add)
  for _, kind in ipairs { "parameters", "artifacts" } do
    local wanted = by_name((callee.inputs or {})[kind])
    local given = by_name((call.arguments or {})[kind])
    for name, input in pairs(wanted) do
      local own = input.value or input.default or input.git or input.s3 or input.raw
        or input.optional
      if not given[name] and not own then
        add(("%s: gives no %s '%s'"):format(call.name, kind:sub(1, -2), name))
      end
    end
    for name in pairs(given) do
      if not wanted[name] then
        add(("%s: '%s' takes no %s '%s'"):format(call.name, callee.name, kind:sub(1, -2), name))
      end
    end
  end
end

local function check_call(call, scope, add)
  local callee = scope.templates[call.template]
  if callee then
    check_arguments(call, callee, add)
  else
    add(("%s: there is no template '%s'"):format(call.name, tostring(call.template)))
  end
  check_references({ call.arguments, call.when }, scope, function(text)
    add(call.name .. ": " .. text)
  end)
end

-- Steps see those of earlier groups, tasks those that they depend on.
local function check_steps(template, scope, add)
  local all = {}
  for _, group in ipairs(template.steps) do
    for _, call in ipairs(group) do check_call(call, scope, add) end
    for _, call in ipairs(group) do
      all[#all + 1], scope.before[call.name] = call, call.template
    end
  end
  check_unique(all, "step", add)
end

local function ancestors(task, tasks, found)
  for name in (task.depends or ""):gmatch "[%w_-]+" do
    if tasks[name] and not found[name] then
      found[name] = tasks[name].template
      ancestors(tasks[name], tasks, found)
    end
  end
  for _, name in ipairs(task.dependencies or {}) do
    if tasks[name] then found[name] = tasks[name].template end
  end
  return found
end

local CONDITIONS <const> = { Succeeded = true, Failed = true, Errored = true, Skipped = true,
  Omitted = true, Daemoned = true, AnySucceeded = true, AllFailed = true }

local function check_dag(template, scope, add)
  local tasks = by_name(template.dag.tasks)
  check_unique(template.dag.tasks, "task", add)
  for _, task in ipairs(template.dag.tasks) do
    for name in (task.depends or ""):gmatch "[%w_-]+" do
      if not tasks[name] and not CONDITIONS[name] then
        add(("%s: depends on '%s', which is no task"):format(task.name, name))
      end
    end
    scope.before = ancestors(task, tasks, {})
    if scope.before[task.name] then add(task.name .. ": depends on itself") end
    check_call(task, scope, add)
  end
end

local function check_paths(template, kind, add)
  for _, side in ipairs { "inputs", "outputs" } do
    local seen = {}
    for _, artifact in ipairs((template[side] or {}).artifacts or {}) do
      if POD[kind] and not artifact.path then
        add(("%s '%s' needs a path"):format(side, artifact.name))
      elseif not POD[kind] and artifact.path then
        add(("%s '%s' may not have a path in %s"):format(side, artifact.name, kind))
      end
      if artifact.path and seen[artifact.path] then
        add(("%s: two artifacts at %s"):format(side, artifact.path))
      end
      seen[artifact.path or false] = true
    end
  end
end

local function check_template(template, scope, add)
  local kind = type_of(template, add)
  check_paths(template, kind, add)
  for _, side in ipairs { "inputs", "outputs" } do
    for _, what in ipairs { "parameters", "artifacts" } do
      check_unique((template[side] or {})[what], side .. " " .. what:sub(1, -2), add)
    end
  end
  if kind == "steps" then check_steps(template, scope, add)
  elseif kind == "dag" then check_dag(template, scope, add)
  else check_references(template, scope, add) end
end

--- Problems of a WorkflowTemplate or Workflow; an empty list is a good one.
---@param workflow table
---@return string[]
function M.workflow(workflow)
  local problems, spec = {}, workflow.spec
  local templates, arguments = by_name(spec.templates), by_name((spec.arguments or {}).parameters)
  local function adder(where)
    return function(text) problems[#problems + 1] = where .. ": " .. text end
  end
  check_unique(spec.templates, "template", adder "templates")
  check_unique((spec.arguments or {}).parameters, "parameter", adder "arguments")
  for _, key in ipairs { "entrypoint", "onExit" } do
    if spec[key] and not templates[spec[key]] then
      adder(key)(("there is no template '%s'"):format(spec[key]))
    end
  end
  for _, template in ipairs(spec.templates) do
    check_template(template, { template = template, templates = templates, before = {},
      arguments = arguments, at_exit = spec.onExit == template.name },
      adder("template " .. tostring(template.name)))
  end
  return problems
end

-- --- across files -------------------------------------------------------------------------------

local function check_dependency(dependency, source, add)
  local kinds = {}
  for _, group in pairs(source.spec) do
    for name in pairs(type(group) == "table" and group or {}) do kinds[name] = true end
  end
  if dependency.eventSourceName ~= source.metadata.name then
    add(("there is no EventSource '%s'"):format(dependency.eventSourceName))
  elseif not kinds[dependency.eventName] then
    add(("the EventSource has no event '%s'"):format(dependency.eventName))
  end
end

-- What a mapping writes to: the name of the parameter at that index.
local function target(resource, dest)
  local index = dest:match "^spec%.arguments%.parameters%.(%d+)%.value$"
  local parameter = index and resource.spec.arguments.parameters[math.tointeger(index) + 1]
  return parameter and parameter.name
end

local function check_mapping(mapping, resource, dependencies, keys, add)
  if not dependencies[mapping.src.dependencyName] then
    add(("no dependency is called '%s'"):format(tostring(mapping.src.dependencyName)))
  end
  local name = target(resource, mapping.dest)
  if not name then
    add(mapping.dest .. " is no argument")
  elseif keys[name] and keys[name] ~= mapping.src.dataKey then
    add(("argument '%s' gets %s instead of %s"):format(name, mapping.src.dataKey, keys[name]))
  end
  return name
end

local function check_trigger(trigger, files, dependencies, keys, add)
  local workflow = trigger.template.argoWorkflow
  local resource = workflow.source.resource
  if resource.spec.workflowTemplateRef.name ~= files.template.metadata.name then
    add(("there is no WorkflowTemplate '%s'"):format(resource.spec.workflowTemplateRef.name))
  end
  local filled = {}
  for _, mapping in ipairs(workflow.parameters) do
    local name = check_mapping(mapping, resource, dependencies, keys, add)
    if name then filled[name] = true end
  end
  for _, parameter in ipairs(files.template.spec.arguments.parameters) do
    if not filled[parameter.name] and parameter.value == nil then
      add(("nothing fills the argument '%s'"):format(parameter.name))
    end
  end
end

--- Problems of the three files together.
---@param files {template: table, source: table, sensor: table}
---@param keys table<string, string> where each argument is to come from
---@return string[]
function M.files(files, keys)
  local problems = M.workflow(files.template)
  local function add(text) problems[#problems + 1] = "sensor: " .. text end
  for _, dependency in ipairs(files.sensor.spec.dependencies) do
    check_dependency(dependency, files.source, add)
  end
  check_unique(files.sensor.spec.dependencies, "dependency", add)
  local dependencies = by_name(files.sensor.spec.dependencies)
  for _, trigger in ipairs(files.sensor.spec.triggers) do
    check_trigger(trigger, files, dependencies, keys, add)
  end
  return problems
end

return M
