-- SPDX-License-Identifier: Apache-2.0
-- Finds the rule of a CloudFormation type: rules/cloudformation/<service>.lua returns a table of
-- rules by type name, and may name further files of the service under `include`. Files are found
-- by the loader that the caller gives (the resolver of scripts, so that a user's file shadows the
-- stock one).
local M = {}

local KEYS = { type = "string", ref = true, attributes = "table", props = "table", set = "table",
  build = "function", finish = "function", drop = "string",
  name = "string", name_limit = "number", name_lower = "boolean", part_of = "string",
  into = "string", makes = "table", defaults = "table", variants = "table",
  choose = "function", keep_empty = "boolean" }

-- Nothing is left out without a word: `drop` says why.
local function check_props(name, specs, seen)
  if seen[specs] then return end
  seen[specs] = true
  for key, spec in pairs(specs) do
    if spec == false then
      error(("rule of %s: %s is false, a property that is left out says why (drop)"):format(name,
        key), 0)
    end
    local inner = type(spec) == "table" and spec.props
    if inner then check_props(name, inner, seen) end
  end
end

local check

check = function(name, rule)
  if type(rule.props) == "table" then check_props(name, rule.props, {}) end
  for _, variant in pairs(rule.variants or {}) do check(name, variant) end
  for key, value in pairs(rule) do
    local wanted = KEYS[key]
    if not wanted or wanted ~= true and type(value) ~= wanted then
      error(("rule of %s: unexpected %s"):format(name, tostring(key)), 0)
    end
  end
end

-- A service's first file may name further ones.
local function load_service(load, service)
  local first = load(service)
  if not first then return false end
  local rules = {}
  local function add(part)
    for name, rule in pairs(part) do
      if name ~= "include" then
        if rules[name] then error("two rules of " .. name, 0) end
        check(name, rule)
        rules[name] = rule
      end
    end
  end
  add(first)
  for _, name in ipairs(first.include or {}) do
    add(load(name) or error(("rules of %s: no file %s"):format(service, name), 0))
  end
  return rules
end

---@param load fun(service: string): table<string, table>|nil rules of one service
---@return fun(type: string): table|nil
function M.finder(load)
  local services = {}
  return function(cfn_type)
    local service = cfn_type:match("^AWS::(%w+)::") or cfn_type:match("^(Custom)::")
    if not service then return nil end
    service = service:lower()
    if services[service] == nil then
      services[service] = load_service(load, service)
    end
    return services[service] and services[service][cfn_type] or nil
  end
end

return M
