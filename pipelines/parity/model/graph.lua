-- SPDX-License-Identifier: Apache-2.0
-- The graph of dependencies: its circles, and the order in which services may start.

local table_of = require "std.table"

local M = {}

--- name → {names it depends on}, of services with `dependencies` as in the model.
---@param services table[] ServiceDefinitions
---@return table<string, string[]>
function M.of(services)
  local names, edges = {}, {}
  for _, service in ipairs(services) do names[service.id] = service.name end
  for _, service in ipairs(services) do
    local list = {}
    for _, row in ipairs(service.dependencies) do
      list[#list + 1] = names[row.depends_on_service_id]
    end
    edges[service.name] = list
  end
  return edges
end

local function visit(edges, name, path, state)
  if state[name] == "done" then return nil end
  if state[name] then
    local from = select(2, table_of.find(path, function(one) return one == name end))
    local circle = table_of.slice(path, from)
    circle[#circle + 1] = name
    return circle
  end
  state[name] = "open"
  path[#path + 1] = name
  for _, other in ipairs(edges[name] or {}) do
    local circle = visit(edges, other, path, state)
    if circle then return circle end
  end
  path[#path] = nil
  state[name] = "done"
  return nil
end

--- The first circle as a list of names that ends with its first, or nil.
---@return string[]?
function M.circle(edges)
  local state = {}
  for _, name in ipairs(table_of.sorted_keys(edges)) do
    local circle = visit(edges, name, {}, state)
    if circle then return circle end
  end
  return nil
end

--- Lists of names that may start together, each after the lists before it. No circles, please.
---@return string[][]
function M.waves(edges)
  local level, waves = {}, {}
  local function level_of(name)
    if level[name] then return level[name] end
    local deepest = 0
    for _, other in ipairs(edges[name] or {}) do deepest = math.max(deepest, level_of(other)) end
    level[name] = deepest + 1
    return level[name]
  end
  for _, name in ipairs(table_of.sorted_keys(edges)) do
    local n = level_of(name)
    waves[n] = waves[n] or {}
    table.insert(waves[n], name)
  end
  return waves
end

--- name → {names that depend on it}.
function M.reversed(edges)
  local out = {}
  for name, list in pairs(edges) do
    out[name] = out[name] or {}
    for _, other in ipairs(list) do
      out[other] = out[other] or {}
      table.insert(out[other], name)
    end
  end
  return out
end

return M
