-- SPDX-License-Identifier: Apache-2.0
-- What the published schemas cannot say and Argo's own linter checks, also across files: one type
-- for each template, unique names, every template and {{…}} reference resolves, artifacts have
-- paths where a container reads them and none where they are passed on, the Sensor's parameters
-- land in the argument that they are meant for.

local tables = require "std.table"

local M = {}

local TYPES <const> = { "container", "script", "dag", "steps", "suspend", "resource", "http",
  "containerSet", "data", "plugin" }
local POD <const> = { container = true, script = true, containerSet = true }

-- Known anywhere in a workflow, or only where the scope has a field. Argo also takes the status
-- before the end, where it says nothing. Source: Argo Workflows, "Workflow Variables".
local GLOBAL <const> = { ["workflow.name"] = true, ["workflow.namespace"] = true,
  ["workflow.uid"] = true, ["workflow.serviceAccountName"] = true, ["workflow.status"] = "at_exit",
  ["workflow.failures"] = "at_exit", ["workflow.duration"] = true,
  ["workflow.creationTimestamp"] = true, ["workflow.creationTimestamp.RFC3339"] = true,
  ["workflow.parameters"] = true, ["pod.name"] = "in_pod", ["node.name"] = true }

-- Known of a step or task that has run; "pod": only of a container.
local STATES <const> = { id = true, status = true, startedAt = true, finishedAt = true,
  hostNodeName = true, exitCode = "pod", ["outputs.result"] = "pod" }

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

local function is_pod(template)
  return (template.container or template.script or template.containerSet) ~= nil
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

-- Calls fn(reference) for each {{…}} in any text below, and fn(nil, text) for one without its end;
-- "{{=…}}" is an expression.
local function each_reference(value, fn)
  if type(value) == "string" then
    for inner in value:gmatch "{{(.-)}}" do
      if inner:sub(1, 1) ~= "=" then fn((inner:gsub("^%s+", ""):gsub("%s+$", ""))) end
    end
    if value:gsub("{{.-}}", ""):find("{{", 1, true) then fn(nil, value) end
  elseif type(value) == "table" then
    for _, part in tables.sorted_pairs(value) do each_reference(part, fn) end
  end
end

-- "tasks.build.outputs.artifacts.workspace": does what runs before give that?
local function gives(scope, reference)
  local calls, name, what = reference:match "^(%a+)%.([^.]+)%.(.+)$"
  local template = calls == scope.calls and scope.templates[scope.before[name]]
  if not template then return false end
  local state = STATES[what]
  if state then return state == true or is_pod(template) end
  local kind, output = what:match "^outputs%.(%a+)%.(.+)$"
  return kind ~= nil and by_name((template.outputs or {})[kind])[output] ~= nil
end

local function resolves(scope, reference)
  local global = GLOBAL[reference]
  if global then return global == true or scope[global] end
  local name = reference:match "^workflow%.parameters%.(.+)$"
  if name then return scope.arguments[name] ~= nil end
  local kind, input, field = reference:match "^inputs%.(%a+)%.([^.]+)(.*)$"
  if kind then
    return by_name((scope.template.inputs or {})[kind])[input] ~= nil
      and (field == "" or field == ".path" and kind == "artifacts" and scope.in_pod)
  end
  if reference:find "^tasks%." or reference:find "^steps%." then return gives(scope, reference) end
  return false
end

local function check_references(value, scope, add)
  each_reference(value, function(reference, text)
    if not reference then
      add(("'%s' has a '{{' without its end"):format(text))
    elseif not resolves(scope, reference) then
      add(("{{%s}} means nothing here"):format(reference))
    end
  end)
end

-- --- calls of templates -------------------------------------------------------------------------

-- A call gives each input that has no value of its own.
local function check_given(call, callee, add)
  for _, kind in ipairs { "parameters", "artifacts" } do
    local given = by_name((call.arguments or {})[kind])
    for name, input in pairs(by_name((callee.inputs or {})[kind])) do
      local own = input.value or input.default or input.git or input.s3 or input.raw
        or input.optional
      if not given[name] and not own then
        add(("%s: gives no %s '%s'"):format(call.name, kind:sub(1, -2), name))
      end
    end
  end
end

-- Argo ignores what nobody takes; here it is a misspelling.
local function check_arguments(call, callee, add)
  check_given(call, callee, add)
  for _, kind in ipairs { "parameters", "artifacts" } do
    local wanted = by_name((callee.inputs or {})[kind])
    for name in pairs(by_name((call.arguments or {})[kind])) do
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

-- name, result ("" where none is said) of "build.Succeeded && !check".
local function depends(task) return (task.depends or ""):gmatch "([%w_-]+)%.?([%w_-]*)" end

local function ancestors(task, tasks, found)
  for name in depends(task) do
    if tasks[name] and not found[name] then
      found[name] = tasks[name].template
      ancestors(tasks[name], tasks, found)
    end
  end
  return found
end

-- AnySucceeded and AllFailed are for loops, and no task is one.
local RESULTS <const> = { [""] = true, Succeeded = true, Failed = true, Errored = true,
  Skipped = true, Omitted = true, Daemoned = true }

local function check_dag(template, scope, add)
  local tasks = by_name(template.dag.tasks)
  check_unique(template.dag.tasks, "task", add)
  for _, task in ipairs(template.dag.tasks) do
    for name, result in depends(task) do
      if not tasks[name] then
        add(("%s: depends on '%s', which is no task"):format(task.name, name))
      elseif not RESULTS[result] then
        add(("%s: depends on '%s.%s', which is no result of a task"):format(task.name, name,
          result))
      end
    end
    scope.before = ancestors(task, tasks, {})
    if scope.before[task.name] then add(task.name .. ": depends on itself") end
    check_call(task, scope, add)
  end
end

-- Argo takes a '..' that stays in its folder; nothing needs one.
local function check_path(where, path, kind, add)
  if not POD[kind] then
    if path then add(("%s may not have a path in %s"):format(where, kind)) end
  elseif (path or "") == "" then
    add(where .. " needs a path")
  elseif ("/" .. path .. "/"):find("/../", 1, true) then
    add(("%s: its path '%s' has a '..'"):format(where, path))
  end
end

local function check_artifacts(template, kind, add)
  for _, side in ipairs { "inputs", "outputs" } do
    local seen = {}
    for _, artifact in ipairs((template[side] or {}).artifacts or {}) do
      local where, path = ("%s '%s'"):format(side, artifact.name), artifact.path
      check_path(where, path, kind, add)
      if path and seen[path] then add(("%s: two artifacts at %s"):format(side, path)) end
      seen[path or false] = true
      if side == "inputs" and artifact.from then add(where .. " may not have a 'from'") end
    end
  end
end

local function check_template(template, scope, add)
  local kind = type_of(template, add)
  scope.in_pod, scope.calls = POD[kind], kind == "dag" and "tasks" or kind
  check_artifacts(template, kind, add)
  if not POD[kind] and template.activeDeadlineSeconds then
    add(("may not have activeDeadlineSeconds, being %s"):format(kind))
  end
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
    local name, template = spec[key], templates[spec[key]]
    if template then
      check_given({ name = name, arguments = spec.arguments }, template, adder(key))
    elseif name then
      adder(key)(("there is no template '%s'"):format(name))
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
  for _, mapping in ipairs(workflow.parameters or {}) do
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
  local templates = {}
  for i, trigger in ipairs(files.sensor.spec.triggers) do templates[i] = trigger.template end
  check_unique(templates, "trigger", add)
  local dependencies = by_name(files.sensor.spec.dependencies)
  for _, trigger in ipairs(files.sensor.spec.triggers) do
    check_trigger(trigger, files, dependencies, keys, add)
  end
  return problems
end

return M
