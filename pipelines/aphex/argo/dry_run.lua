-- SPDX-License-Identifier: Apache-2.0
-- What the cluster would do with a push: the EventSource's event, the Sensor's filters, and the
-- Workflow that is submitted. Source: Argo Events, "Event Source Services", "Filters", "Trigger
-- Parameterization".

local json = require "std.json"
local regex = require "std.regex"
local tables = require "std.table"

local M = {}

local DEFAULT_BYTES <const> = 1 << 20 -- an EventSource that says nothing

-- "body.repository.clone_url"; the value or nil.
local function at(event, path)
  local value = event
  for part in path:gmatch "[^.]+" do
    if type(value) ~= "table" then return nil end
    value = value[part]
  end
  return value
end

-- Argo's "$" is the text's end, PCRE's also stands before a last newline.
local function matches(pattern, value)
  return assert(regex.compile((pattern:gsub("%$$", "\\z")))):test(value)
end

local function is_one_of(filter, value)
  for _, wanted in ipairs(filter.value) do
    if filter.type == "bool" then
      if tostring(value) == wanted then return true end
    elseif matches(wanted, tostring(value)) then
      return true
    end
  end
  return false
end

local function passes(filter, event)
  local value = at(event, filter.path)
  if value == nil then return false, filter.path .. " is not there" end
  if is_one_of(filter, value) then return true end
  return false, ("%s is %s"):format(filter.path, (tostring(value):gsub("%c", "?"):sub(1, 120)))
end

local function check_filters(dependency, event)
  for _, filter in ipairs((dependency.filters or {}).data or {}) do
    local ok, why = passes(filter, event)
    if not ok then return false, why end
  end
  return true
end

-- "spec.arguments.parameters.0.value": numbers are places in lists.
local function put(resource, dest, value)
  local parts = {}
  for part in dest:gmatch "[^.]+" do
    local index = math.tointeger(tonumber(part))
    parts[#parts + 1] = index and index + 1 or part
  end
  local target = resource
  for i = 1, #parts - 1 do target = target[parts[i]] end
  target[parts[#parts]] = type(value) == "string" and value or json.encode(value)
end

--- The Workflow that a push starts; nil and why none is.
---@param files {source: table, sensor: table}
---@param payload table the push's body
---@param size integer|nil its bytes
---@return table|nil workflow
---@return string|nil why
function M.run(files, payload, size)
  local dependency = files.sensor.spec.dependencies[1]
  local source = files.source.spec.github[dependency.eventName]
  if not source then return nil, "no such event" end
  local most = source.webhook.maxPayloadSize or DEFAULT_BYTES
  if size and size > most then
    return nil, ("the payload has %d bytes, the EventSource takes %d"):format(size, most)
  end
  local event = { headers = { ["X-Github-Event"] = json.array { "push" } }, body = payload }
  local ok, why = check_filters(dependency, event)
  if not ok then return nil, why end
  local trigger = files.sensor.spec.triggers[1].template.argoWorkflow
  local workflow = tables.deep_copy(trigger.source.resource)
  for _, mapping in ipairs(trigger.parameters) do
    local value = at(event, mapping.src.dataKey)
    if value == nil then return nil, mapping.src.dataKey .. " is not there" end
    put(workflow, mapping.dest, value)
  end
  return workflow
end

return M
