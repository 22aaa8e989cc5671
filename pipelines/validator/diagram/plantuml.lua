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

local function end_of(text)
  local inside = text:match "^%[(.-)%]$" or text:match "^%((.-)%)$" or text:match '^"(.-)"$'
  return inside or text:match "^:(.-):$" or text
end

-- `a --> b`, `a <-[#red]- b`, `a .up.> b`
local EDGE <const> = "^(%S.-)%s+([<%-.|o*%[%]%a#]*[%-.][%-.>|%[%]%a#]*)%s+(%S.-)%s*$"

local function read_edge(graph, line)
  line = line:gsub("%s+:%s.*$", "")
  local from, arrow, to = line:match(EDGE)
  if not from or not (arrow:find "%-" or arrow:find "%.%.") then return end
  from, to = end_of(from), end_of(to)
  if arrow:find "^<" and not arrow:find ">$" then from, to = to, from end
  graph:edge(from, to)
end

---@param text string
---@return table|nil graph
---@return string|nil why
function M.parse(text)
  if not text:find "@startuml" then return nil, "there is no @startuml" end
  local graph = graph_of.new()
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    line = line:gsub("^%s+", ""):gsub("%s+$", "")
    local is_code = line ~= "" and not line:find "^[@!'}]"
    if is_code and not read_macro(graph, line) and not read_shape(graph, line) then
      read_edge(graph, line)
    end
  end
  return graph
end

return M
