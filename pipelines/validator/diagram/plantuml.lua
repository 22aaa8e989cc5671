-- SPDX-License-Identifier: Apache-2.0
-- PlantUML component diagrams and those of its AWS icons as a graph, see diagram/graph.lua.

local graph_of = require "pipelines.validator.diagram.graph"

local M = {}

local SHAPES <const> = { actor = true, component = true, database = true, queue = true,
  node = true, storage = true, cloud = true, rectangle = true, interface = true, agent = true,
  artifact = true, collections = true, file = true, folder = true, card = true }

-- `Lambda(id, "label", "…")` of the icons' macros.
local function read_macro(graph, line)
  local icon, id, rest = line:match "^([%a][%w_]*)%(%s*([%w_]+)%s*,(.*)%)"
  if not icon then return false end
  graph:node(id, rest:match '^%s*"([^"]*)"' or id, icon)
  return true
end

-- `queue "Orders" as q`, `database orders`, `[Orders] as o`.
local function read_shape(graph, line)
  local label, id = line:match "^%[([^%]]+)%]%s+as%s+([%w_]+)%s*$"
  if label then return graph:node(id, label) end
  local shape, rest = line:match "^(%a+)%s+(.*)$"
  if not SHAPES[shape] then return nil end
  rest = rest:gsub("%s*{%s*$", ""):gsub("%s+#%w+$", "")
  label, id = rest:match '^"([^"]*)"%s+as%s+([%w_]+)'
  if not label then
    id, label = rest:match '^([%w_]+)%s+as%s+"([^"]*)"'
  end
  if not id then label, id = rest:match "^([%w_]+)%s+as%s+([%w_]+)" end
  id = id or rest:match "^([%w_]+)" or rest:match '^"([^"]*)"'
  return id and graph:node(id, label or id, shape)
end

-- What may stand at an end of an arrow: `[a]`, `(a)`, `:a:`, `"a"`, a.
local ENDS <const> = { "^%s*%[([^%]]*)%](.*)$", "^%s*%(([^%)]*)%)(.*)$", "^%s*:([^:]*):(.*)$",
  '^%s*"([^"]*)"(.*)$', "^%s*([%w_]+)(.*)$" }

local function read_end(text)
  for _, pattern in ipairs(ENDS) do
    local name, rest = text:match(pattern)
    if name then return name, rest end
  end
  return nil, text
end

-- "-->", "..>", "<-[#red]-", ".up.>", "-": whether it points back, and what is left behind it.
local function read_arrow(text)
  local head, rest = text:match "^%s*(<?[|*o]?)([-.].*)$"
  if not rest then return nil end
  rest = rest:match "^[-.]+(.*)$"
  rest = rest:match "^%b[][-.]+(.*)$" or rest:match "^%a+[-.]+(.*)$" or rest
  local tail, after = rest:match "^(>?>?[|*]?)(.*)$"
  return head:find "<" ~= nil and not tail:find ">", after
end

-- How many there are may stand in quotes beside the arrow.
local function skip_quoted(text, is_next)
  local after = text:match '^%s*"[^"]*"(.*)$'
  return after and is_next(after) and after or text
end

-- Those of a sequence or what is no arrow at all are not read.
local function read_edge(graph, line)
  local from, rest = read_end(line)
  if not from then return false end
  local is_back, after = read_arrow(skip_quoted(rest, function(t) return read_arrow(t) ~= nil end))
  if is_back == nil then return false end
  local to = read_end(skip_quoted(after, function(t) return read_end(t) ~= nil end))
  if not to then return false end
  if is_back then from, to = to, from end
  graph:edge(from, to)
  return true
end

local function looks_like_edge(line)
  return line:find "%-%-" or line:find "%->" or line:find "%.>"
end

---@param text string
---@return table|nil graph
---@return string|nil why
function M.parse(text)
  if not text:find "@startuml" then return nil, "there is no @startuml" end
  local graph = graph_of.new()
  for line in graph_of.lines(text) do
    local is_code = line ~= "" and not line:find "^[@!'}]"
    if is_code and not read_macro(graph, line) and not read_edge(graph, line)
      and not read_shape(graph, line) and looks_like_edge(line) then
      graph:note("not read: " .. line)
    end
  end
  return graph
end

return M
