-- SPDX-License-Identifier: Apache-2.0
-- draw.io files as a graph, see diagram/graph.lua: cells that are vertices or edges, whose style
-- names AWS icons. A page that is packed is refused by name: draw.io can save it unpacked.

local graph_of = require "pipelines.validator.diagram.graph"
local xml = require "std.xml"

local M = {}

local ENTITIES <const> = { lt = "<", gt = ">", quot = '"', apos = "'", nbsp = " ", amp = "&" }

-- Labels may be HTML.
local function plain(label)
  return (label:gsub("<[^>]*>", " "):gsub("&(%a+);", ENTITIES):gsub("%s+", " ")
    :gsub("^ ", ""):gsub(" $", ""))
end

-- "…resIcon=mxgraph.aws4.lambda;…" → "lambda"; frames of groups say no service.
local function icon_of(style)
  local icon = style:match "resIcon=mxgraph%.aws%d*%w*%.([%w_]+)"
    or style:match "shape=mxgraph%.aws%d*%w*%.([%w_.]+)"
  return icon and (icon:gsub("[_.]", " "))
end

local FRAMES <const> = { "group", "swimlane", "text;", "edgeLabel" }

local function is_frame(style)
  for _, word in ipairs(FRAMES) do
    if style:find(word, 1, true) then return true end
  end
  return false
end

local function add_cell(graph, cell, id, label)
  local style = cell.attrs.style or ""
  if cell.attrs.edge == "1" then
    if cell.attrs.source and cell.attrs.target then
      graph:edge(cell.attrs.source, cell.attrs.target)
    end
  elseif cell.attrs.vertex == "1" and not is_frame(style) then
    graph:node(id, plain(label), icon_of(style))
  end
end

---@param text string
---@return table|nil graph
---@return string|nil why
function M.parse(text)
  local root, err = xml.parse(text)
  if not root then return nil, tostring(err) end
  local model = xml.find(root, "mxGraphModel")
  if not model then return nil, "its page is packed: save it uncompressed" end
  local graph, wrapped = graph_of.new(), {}
  -- <object id= label=> holds the cell whose label it is.
  for _, name in ipairs { "object", "UserObject" } do
    for _, object in ipairs(xml.all(model, name)) do
      local cell = xml.find(object, "mxCell")
      if cell then
        wrapped[cell] = true
        add_cell(graph, cell, object.attrs.id or "", object.attrs.label or "")
      end
    end
  end
  for _, cell in ipairs(xml.all(model, "mxCell")) do
    if not wrapped[cell] then add_cell(graph, cell, cell.attrs.id or "", cell.attrs.value or "") end
  end
  return graph
end

return M
