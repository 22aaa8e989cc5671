-- SPDX-License-Identifier: Apache-2.0
-- What Kubernetes and Argo take as names, ports and filters. Sources: Kubernetes, "Object Names and
-- IDs"; Argo Workflows' validation (names of templates, steps and parameters); Argo Events, "Data
-- Filter".

local regex = require "std.regex"

local M = {}

local MOST <const> = { label = 63, field = 128 }
-- A Workflow's name is its label too; what generateName adds has five characters.
local SUFFIX <const> = 5

local function is_label(name) return name:find "^%l[%l%d-]*$" or name:find "^%d[%l%d-]*$" end

local function check_object(object, add)
  local name, namespace = tostring(object.metadata.name), tostring(object.metadata.namespace)
  local where = object.kind:lower()
  if #name > MOST.label or not is_label(name) or name:find "-$" then
    add(("%s: '%s' is no DNS label of at most %d characters"):format(where, name, MOST.label))
  end
  if #namespace > MOST.label or not is_label(namespace) or namespace:find "-$" then
    add(("%s: the namespace '%s' is no DNS label"):format(where, namespace))
  end
end

local function check_field(what, name, add)
  name = tostring(name)
  if #name > MOST.field or not name:find "^%w[%w-]*$" then
    add(("%s '%s': a name has letters, digits and '-', at most %d"):format(what, name, MOST.field))
  end
end

-- Of inputs, outputs or arguments.
local function check_variables(where, side, add)
  for _, kind in ipairs { "parameters", "artifacts" } do
    for _, one in ipairs((side or {})[kind] or {}) do
      if not tostring(one.name):find "^[%w_-]+$" then
        add(("%s: '%s' is no name of %s"):format(where, tostring(one.name), kind))
      end
    end
  end
end

local function check_template(template, add)
  check_field("template", template.name, add)
  check_variables(template.name, template.inputs, add)
  check_variables(template.name, template.outputs, add)
  for _, group in ipairs(template.steps or {}) do
    for _, step in ipairs(group) do check_field("step", step.name, add) end
  end
  for _, task in ipairs((template.dag or {}).tasks or {}) do
    check_field("task", task.name, add)
    -- In "depends" a name that begins with a digit is read as a number.
    if tostring(task.name):find "^%d" then add("task '" .. task.name .. "' begins with a digit") end
  end
end

local function check_source(source, add)
  for name, event in pairs(source.spec.github or {}) do
    local text = tostring(event.webhook.port)
    local port = text:find "^%d+$" and math.tointeger(tonumber(text))
    if not port or port < 1 or port > 65535 then
      add(("eventsource: %s: '%s' is no port"):format(name, text))
    end
    if not tostring(event.webhook.endpoint):find "^/" then
      add(("eventsource: %s: the endpoint must begin with '/'"):format(name))
    end
  end
end

-- A value that is not held at both ends is found in the middle of others: "main" in "domain". Go's
-- expressions have no looking around and no references back.
local function check_pattern(path, value, add)
  local inner = value:gsub("^%(%?i%)", "")
  if not inner:find "^%^.*%$$" then
    add(("sensor: the filter of %s also takes texts around '%s'"):format(path, value))
  elseif inner:find("(?", 1, true) or inner:find "\\%w" or not regex.compile(value) then
    add(("sensor: the filter of %s: '%s' is no regular expression of Go"):format(path, value))
  end
end

local function check_filters(sensor, add)
  for _, dependency in ipairs(sensor.spec.dependencies) do
    for _, filter in ipairs((dependency.filters or {}).data or {}) do
      for _, value in ipairs(filter.type == "string" and filter.value or {}) do
        check_pattern(filter.path, value, add)
      end
    end
  end
  for _, trigger in ipairs(sensor.spec.triggers) do
    local prefix = trigger.template.argoWorkflow.source.resource.metadata.generateName
    if #prefix > MOST.label - SUFFIX then
      add(("sensor: workflows called '%s…' have more than %d characters"):format(prefix,
        MOST.label))
    end
  end
end

--- Problems of names and numbers; an empty list is good.
---@param files {template: table, source: table|nil, sensor: table|nil}
---@return string[]
function M.problems(files)
  local problems = {}
  local function add(text) problems[#problems + 1] = text end
  for _, key in ipairs { "template", "source", "sensor" } do
    if files[key] then check_object(files[key], add) end
  end
  check_variables("arguments", files.template.spec.arguments, add)
  for _, template in ipairs(files.template.spec.templates) do check_template(template, add) end
  if files.source then check_source(files.source, add) end
  if files.sensor then check_filters(files.sensor, add) end
  return problems
end

return M
