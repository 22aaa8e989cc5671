-- SPDX-License-Identifier: Apache-2.0
-- A drawing's graph as Terraform, by rules/diagram.lua. What was assumed and what was left out is
-- in the notes; the confidence is the share of nodes and edges whose meaning is known.

local names = require "std.normalize.names"
local resolve = require "std.resolve"
local sha256 = require "std.sha256"
local tables = require "std.table"

local M = {}

-- Longer words first, and those of actors last: a customer table is a table.
local function words_of(rules)
  local list = {}
  for _, kind in ipairs(tables.sorted_keys(rules.kinds)) do
    local is_actor = rules.kinds[kind].actor and 1 or 0
    for _, word in ipairs(rules.kinds[kind].words) do list[#list + 1] = { word, kind, is_actor } end
  end
  table.sort(list, function(a, b)
    if a[3] ~= b[3] then return a[3] < b[3] end
    if #a[1] ~= #b[1] then return #a[1] > #b[1] end
    return a[1] < b[1]
  end)
  return list
end

-- "SimpleQueueService_1", "AWSLambda" and "simple-queue" as words with blanks between them.
local function normal(text)
  return " " .. text:gsub("(%l)(%u)", "%1 %2"):gsub("(%u)(%u%l)", "%1 %2"):lower()
    :gsub("[^%w]+", " ") .. " "
end

local function kind_of(node, words)
  for _, text in ipairs { node.icon or "", node.label or "", node.id } do
    local known = normal(text)
    local joined = known:gsub(" ", "")
    for _, entry in ipairs(words) do
      if known:find(" " .. entry[1] .. "s? ") then return entry[2] end
      if text == node.icon and joined == entry[1]:gsub(" ", "") then return entry[2] end
    end
  end
  return nil
end

local function fill(text, values)
  return (text:gsub("{(%l+)}", values))
end

-- Its name in AWS: letters, digits and hyphens of the label, and what keeps two drawings apart.
local function text_of(name, stack)
  return (name:gsub("_", "-"):sub(1, 30):gsub("%-+$", "")) .. "-" .. stack
end

local function place_nodes(graph, rules, state)
  local words = words_of(rules)
  for _, node in ipairs(graph.nodes) do
    local kind = kind_of(node, words)
    local rule = kind and rules.kinds[kind]
    if not rule then
      table.insert(state.notes, ("left out, not known: %s"):format(node.label or node.id))
    elseif rule.actor then
      state.known, state.actors[node.id] = state.known + 1, true
      table.insert(state.notes, ("outside of AWS: %s"):format(node.label or node.id))
    else
      local name = names.unique(state.taken, names.identifier(node.label or node.id))
      state.known = state.known + 1
      state.placed[node.id] = { kind = kind, name = name }
      for _, part in ipairs(rule.needs or {}) do state.parts[part] = true end
      if rule.note then state.assumed[rule.note] = true end
      table.insert(state.out, ('resource "%s" "%s" {\n%s}\n'):format(rule.type, name,
        fill(rule.body, { name = name, text = text_of(name, state.stack) })))
      table.insert(state.addresses, rule.type .. "." .. name)
    end
  end
end

local function wire(state, rule, from, to)
  local name = names.unique(state.taken, from.name .. "_to_" .. to.name)
  local text = fill(rule, { name = name, from = from.name, to = to.name })
  table.insert(state.out, text)
  for kind, label in text:gmatch 'resource "([%w_]+)" "([%w_]+)"' do
    table.insert(state.addresses, kind .. "." .. label)
  end
end

local function place_edges(graph, rules, state)
  local drawn = {}
  for _, edge in ipairs(graph.edges) do
    local from, to = state.placed[edge.from], state.placed[edge.to]
    local actor = state.actors[edge.from] or state.actors[edge.to]
    local pair = from and to and from.kind .. " " .. to.kind
    local rule = pair and rules.edges[pair]
    local is_once = (rules.once or {})[pair]
    local key = rule and (is_once and pair or to.name) .. " of " .. from.name
    if rule and drawn[key] and drawn[key] ~= to then rule = nil end
    if rule and not drawn[key] then
      drawn[key] = to
      wire(state, rule, from, to)
    elseif from and to and not rule then
      table.insert(state.notes, ("not wired: %s to %s"):format(from.name, to.name))
    end
    state.known = state.known + ((rule or actor) and 1 or from and to and 0.5 or 0)
  end
end

--- Terraform of a graph.
---@param graph validator.Graph
---@param path string of the drawing, which keeps names of several drawings apart
---@return {files: table, packages: table, addresses: string[], confidence: number, notes: string}
function M.terraform(graph, path)
  local rules = assert(resolve.load("validator", "rules.diagram"))
  local state = { out = {}, addresses = {}, notes = {}, assumed = {}, parts = {}, placed = {},
    actors = {}, taken = {}, known = 0, stack = sha256.string(path):sub(1, 6) }
  place_nodes(graph, rules, state)
  place_edges(graph, rules, state)
  for _, part in ipairs(tables.sorted_keys(state.parts)) do
    local text = fill(rules.parts[part], { stack = "diagram-" .. state.stack })
    table.insert(state.out, 1, text)
    table.insert(state.addresses, (text:gsub('^resource "([%w_]+)" "([%w_]+)".*$', "%1.%2")))
  end
  for _, note in ipairs(tables.sorted_keys(state.assumed)) do
    table.insert(state.notes, "assumed: " .. note)
  end
  local shown = #graph.nodes + #graph.edges
  return { files = { ["main.tf"] = table.concat(state.out, "\n") }, addresses = state.addresses,
    packages = state.parts.role and { ["handler.zip"] =
      { files = { ["index.py"] = rules.handler } } } or {},
    confidence = shown > 0 and state.known / shown or 0, notes = table.concat(state.notes, "\n") }
end

return M
