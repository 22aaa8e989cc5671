-- SPDX-License-Identifier: Apache-2.0
-- Finds the rule of a CloudFormation type: rules/cloudformation/<service>.lua returns a table of
-- rules by type name. Files are found by the loader that the caller gives (the resolver of
-- scripts, so that a user's file shadows the stock one).
local M = {}

local KEYS = { type = "string", ref = true, attributes = "table", props = "table", set = "table",
  build = "function", finish = "function", drop = "string",
  name = "string", name_limit = "number", part_of = "string" }

local function check(name, rule)
  for key, value in pairs(rule) do
    local wanted = KEYS[key]
    if not wanted or wanted ~= true and type(value) ~= wanted then
      error(("rule of %s: unexpected %s"):format(name, tostring(key)), 0)
    end
  end
end

---@param load fun(service: string): table<string, table>|nil rules of one service
---@return fun(type: string): table|nil
function M.finder(load)
  local services = {}
  return function(cfn_type)
    local service = cfn_type:match("^AWS::(%w+)::")
    if not service then return nil end
    service = service:lower()
    if services[service] == nil then
      local rules = load(service) or false
      for name, rule in pairs(rules or {}) do check(name, rule) end
      services[service] = rules
    end
    return services[service] and services[service][cfn_type]
  end
end

return M
