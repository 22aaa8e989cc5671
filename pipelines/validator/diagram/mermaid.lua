-- SPDX-License-Identifier: Apache-2.0
-- Mermaid flowcharts and architecture diagrams as a graph: {nodes = {{id, label, icon}}, edges =
-- {{from, to}}}, in the order in which they are written.

local graph_of = require "pipelines.validator.diagram.graph"

local M = {}

-- What stands around a label.
local BRACKETS <const> = { { "%[%[", "%]%]" }, { "%[%(", "%)%]" }, { "%(%[", "%]%)" },
  { "%(%(", "%)%)" }, { "%{%{", "%}%}" }, { "%[/", "/%]" }, { "%[", "%]" }, { "%(", "%)" },
  { "%{", "%}" }, { ">", "%]" } }

-- Ids may have hyphens, but not where an arrow begins.
local function read_id(text)
  local id, rest = text:match "^%s*([%w_.]+)(.*)$"
  while id do
    local more, after = rest:match "^(%-[%w_][%w_.]*)(.*)$"
    if not more then break end
    id, rest = id .. more, after
  end
  return id, rest
end

-- "a[Queue]" at the start of a text: the id, and the rest.
local function read_node(graph, groups, text)
  local id, rest = read_id(text)
  if not id then return nil end
  local label
  for _, pair in ipairs(BRACKETS) do
    local inside, after = rest:match("^" .. pair[1] .. "(.-)" .. pair[2] .. "(.*)$")
    if inside then
      label, rest = inside:gsub('^"(.*)"$', "%1"), after
      break
    end
  end
  rest = rest:gsub("^:::[%w_-]+", "")
  if not groups[id] then graph:node(id, label) end
  return id, rest
end

-- Those with a text in them come first: "-- text -->" begins like "--".
local ARROWS <const> = { "^%s*<?%-%-%s.-%s%-%-+[>xo]?(.*)$", "^%s*<?%-%.%s.-%s%.%-+>?(.*)$",
  "^%s*<?==%s.-%s==+>?(.*)$", "^%s*[<xo]?%-%-+[>xo]?(.*)$", "^%s*<?%-%.+%-+>?(.*)$",
  "^%s*<?==+>?(.*)$", "^%s*~~~+(.*)$" }

-- "-->", "-- text -->", "-.->", "==>", "-->|text|", "---": what is left behind it.
local function read_arrow(text)
  for _, pattern in ipairs(ARROWS) do
    local rest = text:match(pattern)
    if rest then return rest:match "^%s*|[^|]*|(.*)$" or rest end
  end
  return nil
end

local function read_group(graph, groups, text)
  local ids = {}
  while true do
    local id, rest = read_node(graph, groups, text)
    if not id then return ids, text end
    ids[#ids + 1] = id
    text = rest:match "^%s*&(.*)$"
    if not text then return ids, rest end
  end
end

-- Ids of a subgraph are no nodes: what an arrow to all of it means is not said.
local function wire(graph, groups, from, to)
  for _, a in ipairs(from) do
    for _, b in ipairs(to) do
      local group = groups[a] and a or groups[b] and b
      if group then
        graph:note("not wired: an arrow of the group " .. group)
      else
        graph:edge(a, b)
      end
    end
  end
end

-- What is left of the line is not understood.
local function read_chain(graph, groups, line)
  local from, rest = read_group(graph, groups, line)
  while #from > 0 do
    local after = read_arrow(rest)
    if not after then break end
    local to
    to, rest = read_group(graph, groups, after)
    wire(graph, groups, from, to)
    from = to
  end
  if rest:find "%S" then graph:note("not read: " .. line) end
end

local IGNORED <const> = { graph = true, flowchart = true, subgraph = true, ["end"] = true,
  classDef = true, class = true, style = true, linkStyle = true, click = true, direction = true,
  group = true, title = true, ["architecture-beta"] = true, junction = true }

-- architecture-beta: `service db(database)[Database] in api` and `db:L -- R:server`.
local function read_architecture(graph, line)
  local id, icon, label = line:match "^service%s+([%w_]+)%(([^)]*)%)%s*%[([^%]]*)%]"
  if id then
    graph:node(id, label, icon)
    return true
  end
  local from, to = line:match "^([%w_]+)[%w{}]*:[LRTB]%s*<?%-%-+>?%s*[LRTB]:([%w_]+)"
  if from then graph:edge(from, to) end
  return from ~= nil
end

-- `subgraph api["…"]`, `group api(cloud)[…]`: they may be named before they are written.
local function groups_of(text)
  local groups = {}
  for line in graph_of.lines(text) do
    local id = line:match "^subgraph%s+([%w_.-]+)" or line:match "^group%s+([%w_]+)%("
    if id then groups[id] = true end
  end
  return groups
end

---@param text string
---@return table|nil graph
---@return string|nil why
function M.parse(text)
  local graph, known, groups = graph_of.new(), false, groups_of(text)
  for line in graph_of.lines(text) do
    line = line:gsub("%s*%%%%.*$", ""):gsub("%s*;$", "")
    local word = line:match "^[%w-]+" or ""
    known = known or word == "graph" or word == "flowchart" or word == "architecture-beta"
    if known and not read_architecture(graph, line) and not IGNORED[word] and line ~= "" then
      read_chain(graph, groups, line)
    end
  end
  if not known then return nil, "it is no flowchart and no architecture diagram of Mermaid" end
  return graph
end

return M
