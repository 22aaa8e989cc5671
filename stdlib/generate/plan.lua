-- SPDX-License-Identifier: Apache-2.0
-- From resources and rules to checks: which tests there will be, for which addresses, with which
-- functions and clients.

local python = require "std.generate.python"
local tables = require "std.table"

local M = {}

local FAMILIES = {
  "base", "s3", "dynamodb", "sqs", "sns", "lambda", "events", "sfn", "config", "streams", "iam",
  "apigateway", "calls", "network", "containers", "databases", "identity", "edge", "analytics",
  "storage", "watch",
}

local function load_families()
  local known = { checks = {}, order = {}, app = {} }
  for _, name in ipairs(FAMILIES) do
    local family = require("std.generate.families." .. name)
    for _, part in ipairs(family.app) do
      known.order[#known.order + 1] = part
      known.app[part.name] = part
    end
    for id, check in pairs(family.checks) do known.checks[id] = check end
  end
  return known
end

local DESCRIBE_KEYS = {
  service = true, call = true, args = true, at = true, where = true, equals = true,
  contains = true, name = true,
}

local function bad_rule(kind, text)
  error(("rules.tests: %s: %s"):format(kind, text), 0)
end

-- answer["A"][0] for at = "A.0".
local function answer_path(at)
  local out = { "answer" }
  for part in (at or ""):gmatch("[^.]+") do
    out[#out + 1] = "[" .. (part:match("^%d+$") or python.string(part)) .. "]"
  end
  return table.concat(out)
end

-- Lines are laid out for the eight spaces that the test function adds later.
local function wrapped(build)
  local lines = build("        ")
  for index, line in ipairs(lines) do lines[index] = line:sub(9) end
  return lines
end

local function describe_body(rule)
  local lines = wrapped(function(indent)
    return python.call(indent, "answer = " .. rule.service .. "." .. rule.call,
      python.keywords(rule.args))
  end)
  local found = answer_path(rule.at)
  if rule.where then
    local args = python.keywords(rule.where)
    table.insert(args, 1, found)
    tables.append(lines, wrapped(function(indent)
      return python.call(indent, "found = app.pick", args)
    end))
  else
    lines[#lines + 1] = "found = " .. found
  end
  if rule.contains then
    lines[#lines + 1] = "assert " .. python.value(rule.contains) .. " in found"
  end
  for _, field in ipairs(tables.sorted_keys(rule.equals or {})) do
    tables.append(lines, wrapped(function(indent)
      return python.assert_equal(indent, "found[" .. python.string(field) .. "]",
        python.value(rule.equals[field]))
    end))
  end
  if not rule.contains and not next(rule.equals or {}) then lines[#lines + 1] = "assert found" end
  return table.concat(lines, "\n")
end

local function describe_check(kind, rule)
  for key in pairs(rule) do
    if not DESCRIBE_KEYS[key] then bad_rule(kind, ("unknown key '%s'"):format(key)) end
  end
  for _, field in ipairs { "service", "call" } do
    if not python.is_name(rule[field]) then
      bad_rule(kind, ("%s must be a name, is %s"):format(field, tostring(rule[field])))
    end
  end
  local short = kind:gsub("^aws_", "")
  if not python.is_name(short) then bad_rule(kind, "not the name of a resource type") end
  return {
    test = (rule.name or short .. "_is_as_configured"),
    as = "resource", clients = rule.service,
    doc = "The emulator describes it as it was configured.",
    body = describe_body(rule),
  }
end

local function family_check(known, kind, id)
  local check = known.checks[id]
  if not check then bad_rule(kind, ("no check '%s'"):format(tostring(id))) end
  local copy = {}
  for key, value in pairs(check) do copy[key] = value end
  copy.test = id:gsub("%.", "_")
  return copy
end

-- Rule entries: the name of a check, a describe rule, or a check of one's own (with a body).
local function make_check(known, kind, entry)
  if type(entry) == "string" then return family_check(known, kind, entry) end
  if type(entry) ~= "table" then bad_rule(kind, "an entry must be a check's name or a table") end
  if not entry.body then return describe_check(kind, entry) end
  for _, field in ipairs { "name", "as" } do
    if not python.is_name(entry[field]) then bad_rule(kind, field .. " must be a name") end
  end
  return {
    test = entry.name, as = entry.as, clients = entry.clients or "", body = entry.body,
    wiring = entry.wiring, endpoint = entry.endpoint,
    doc = (entry.doc or entry.name):gsub('[\\"]', "'"),
  }
end

-- Providers that make nothing in the cloud: there is nothing to test on an emulator.
local HELPERS <const> = { archive = true, ["local"] = true, null = true, random = true,
  terraform = true, time = true, tls = true }

local function is_helper(kind)
  return HELPERS[kind:match("^[^_]+") or kind] == true
end

local function collect_checks(known, model, rules)
  local checks, by_test, uncovered = {}, {}, {}
  for _, resource in ipairs(model.resources) do
    local entries = rules[resource.type]
    if (not entries or #entries == 0) and not is_helper(resource.type) then
      uncovered[resource.type] = true
    end
    for _, entry in ipairs(entries or {}) do
      local made = make_check(known, resource.type, entry)
      local check = by_test[made.test]
      if not check then
        check = made
        check.addresses = {}
        by_test[check.test] = check
        checks[#checks + 1] = check
      end
      check.addresses[#check.addresses + 1] = resource.address
    end
  end
  for _, module in ipairs(model.opaque) do uncovered[module.address] = true end
  table.sort(checks, function(a, b) return a.test < b.test end)
  return checks, tables.sorted_keys(uncovered)
end

local function needed_functions(known, checks)
  local needed = {}
  local function need(text)
    for name in text:gmatch("[%a_][%w_]*") do
      local part = known.app[name]
      if part and not needed[name] then
        needed[name] = true
        need(part.code)
      end
    end
  end
  for _, check in ipairs(checks) do need(check.body) end
  local out = {}
  for _, part in ipairs(known.order) do
    if part.always or needed[part.name] then out[#out + 1] = part.code end
  end
  return out
end

local function needed_clients(checks)
  local clients = {}
  for _, check in ipairs(checks) do
    for name in check.clients:gmatch("%S+") do clients[name] = true end
  end
  return tables.sorted_keys(clients)
end

local function conditional_addresses(model, checks)
  local used, out = {}, {}
  for _, check in ipairs(checks) do
    for _, address in ipairs(check.addresses) do used[address] = true end
  end
  for _, resource in ipairs(model.resources) do
    if resource.conditional and used[resource.address] then out[#out + 1] = resource.address end
  end
  return out
end

--- What will be tested. Raises when a rule is broken (the user's mistake, named).
---@param model table   from std.generate.model
---@param rules table<string, table>  resource type → list of checks
---@return table plan   checks, functions, clients, conditional, uncovered
function M.make(model, rules)
  local known = load_families()
  local checks, uncovered = collect_checks(known, model, rules)
  return {
    checks = checks,
    uncovered = uncovered,
    functions = needed_functions(known, checks),
    clients = needed_clients(checks),
    conditional = conditional_addresses(model, checks),
  }
end

return M
