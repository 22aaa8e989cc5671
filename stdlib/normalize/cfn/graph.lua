-- SPDX-License-Identifier: Apache-2.0
-- What refers to what in a template, and whether it ever comes back: CloudFormation refuses such
-- templates, and Terraform would only say so at deploy time.
local names = require "std.normalize.names"

local M = {}

local function note(found, declared, name)
  if type(name) == "string" and declared[name] ~= nil then found[name] = true end
end

local function sub_names(found, declared, format, own)
  if type(format) ~= "string" then return end
  for name in format:gmatch("%${([^}!][^}]*)}") do
    local id = name:match("^%s*([^.%s]+)")
    if not (own and own[name] ~= nil) then note(found, declared, id) end
  end
end

local collect

local READERS = {
  Ref = function(found, declared, arg) note(found, declared, arg) end,
  ["Fn::GetAtt"] = function(found, declared, arg)
    local id = type(arg) == "table" and arg[1] or type(arg) == "string" and arg:match("^[^.]+")
    note(found, declared, id)
  end,
  ["Fn::Sub"] = function(found, declared, arg)
    if type(arg) ~= "table" then return sub_names(found, declared, arg) end
    sub_names(found, declared, arg[1], type(arg[2]) == "table" and arg[2] or nil)
  end,
}

collect = function(value, declared, found)
  if type(value) ~= "table" then return end
  for key, inner in pairs(value) do
    if READERS[key] then READERS[key](found, declared, inner) end
    if type(inner) == "table" then collect(inner, declared, found) end
  end
end

---Names of resources that a resource refers to.
---@return string[]
function M.resource_edges(resource, resources)
  if type(resource) ~= "table" then return {} end
  local found = {}
  collect(resource.Properties, resources, found)
  local depends = resource.DependsOn
  for _, id in ipairs(type(depends) == "table" and depends or { depends }) do
    note(found, resources, id)
  end
  return names.sorted_keys(found)
end

---Names of conditions that a condition is made of.
---@return string[]
function M.condition_edges(condition, conditions)
  local found = {}
  local function visit(value)
    if type(value) ~= "table" then return end
    note(found, conditions, value.Condition)
    for _, inner in pairs(value) do visit(inner) end
  end
  visit(condition)
  return names.sorted_keys(found)
end

-- The part of a path that a step back to `to` closes.
local function closed(path, to)
  local cycle, on = {}, false
  for _, step in ipairs(path) do
    on = on or step.name == to
    if on then cycle[#cycle + 1] = step.name end
  end
  return cycle
end

---The first cycle of a graph as a list of names whose last leads to the first, or nil. Without
---recursion: a chain may be as long as the template.
---@param nodes table<string, any>
---@param edges_of fun(node: any, nodes: table): string[]
---@return string[]|nil
function M.cycle(nodes, edges_of)
  local state, path = {}, {}
  local function open(name)
    state[name] = "open"
    path[#path + 1] = { name = name, edges = edges_of(nodes[name], nodes), at = 0 }
  end
  for _, start in ipairs(names.sorted_keys(nodes)) do
    if not state[start] then open(start) end
    while #path > 0 do
      local top = path[#path]
      top.at = top.at + 1
      local to = top.edges[top.at]
      if to == nil then
        state[top.name] = "done"
        path[#path] = nil
      elseif state[to] == "open" then
        return closed(path, to)
      elseif not state[to] then
        open(to)
      end
    end
  end
end

return M
