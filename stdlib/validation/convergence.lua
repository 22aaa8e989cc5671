-- SPDX-License-Identifier: Apache-2.0
-- Does a deployed root stay as it is? A second plan must be empty, a destroy must leave nothing.
-- A property of its own beside the status: it never changes a verdict.

local fs = require "std.fs"
local json = require "std.json"
local state = require "std.terraform.state"
local tables = require "std.table"

local M = {}

local PLAN <const> = "lsqm.plan"
local MAX_DRIFT <const> = 100 -- rows that are kept
local DRIFT_CODE <const> = 2  -- of `plan -detailed-exitcode`

--- Whether to look: as configured, else wherever a warm provider makes it cheap.
---@param configured boolean?
---@param lease lsqm.Lease?
---@return boolean
function M.is_wanted(configured, lease)
  if configured ~= nil then return configured end
  return lease ~= nil and not lease.declined
end

local function is_change(change)
  for _, action in ipairs(change.actions or {}) do
    if action ~= "no-op" and action ~= "read" then return true end
  end
  return false
end

-- Attributes that the second plan would set; "(create)" or "(delete)" for the whole resource.
local function attributes_of(change)
  local actions = change.actions
  local before, after = change.before, change.after
  if type(before) ~= "table" or type(after) ~= "table" then
    return { "(" .. tostring(actions[1]) .. ")" }
  end
  local names = {}
  local unknown = type(change.after_unknown) == "table" and change.after_unknown or {}
  for key, value in pairs(before) do
    if unknown[key] ~= true and not tables.deep_equal(value, after[key]) then names[key] = true end
  end
  for key in pairs(after) do if before[key] == nil then names[key] = true end end
  local list = tables.sorted_keys(names)
  -- Sensitive values look alike.
  return #list > 0 and list or { "(" .. table.concat(actions, ", ") .. ")" }
end

--- What a plan as `show -json` prints it would change.
---@param plan table
---@return {address: string, attribute: string}[]
local function drift_of(plan)
  local list = json.array {}
  local function add(address, attribute)
    if #list < MAX_DRIFT then list[#list + 1] = { address = address, attribute = attribute } end
  end
  for _, item in ipairs(plan.resource_changes or {}) do
    if is_change(item.change) then
      for _, name in ipairs(attributes_of(item.change)) do add(item.address, name) end
    end
  end
  local outputs = {}
  for name, change in pairs(plan.output_changes or {}) do
    if is_change(change) then outputs[#outputs + 1] = name end
  end
  table.sort(outputs)
  for _, name in ipairs(outputs) do add("output." .. name, "value") end
  return list
end

local function read_drift(tool, options)
  local shown = tool:run { args = { "show", "-json", PLAN }, dir = options.dir,
    lease = options.lease, timeout = options.timeout, network = options.network }
  local plan = shown and shown.code == 0 and json.decode(shown.stdout)
  return type(plan) == "table" and drift_of(plan) or nil
end

--- The second plan. options as for the tool's deploy.
---@return {plan: string, drift?: table[], error?: string}
function M.plan(tool, options)
  local result, err = tool:run { dir = options.dir, lease = options.lease,
    timeout = options.timeout, network = options.network, guard = options.guard,
    args = { "plan", "-detailed-exitcode", "-out=" .. PLAN, "-input=false", "-no-color",
      "-lock=false" } }
  local found = { plan = "failed", error = not result and tostring(err) or nil }
  if result and result.code == 0 and not result.timed_out then
    found.plan = "empty"
  elseif result and result.code == DRIFT_CODE then
    found.drift = read_drift(tool, options)
    found.plan = found.drift and "drift" or "failed"
  end
  if found.plan == "failed" and not found.error then
    found.error = require("std.terraform").first_error(result.stdout)
  end
  fs.remove(fs.join(options.dir, PLAN))
  return found
end

--- What a destroy has left: the record's `destroy`.
---@param destroyed table? the tool's answer; nil when none was run
---@param dir string the root
---@return string
function M.destroy(destroyed, dir)
  if not destroyed then return "skipped" end
  if not destroyed.success then return "failed" end
  return #state.read(dir).resources == 0 and "clean" or "left"
end

return M
