-- SPDX-License-Identifier: Apache-2.0
-- draw.io files as a graph, see diagram/graph.lua: cells that are vertices or edges, whose style
-- names AWS icons. A page is XML, or that percent-encoded, deflated and in Base64; all pages of a
-- file are one architecture.

local base64 = require "std.base64"
local graph_of = require "pipelines.validator.diagram.graph"
local inflate = require "std.inflate"
local text_of = require "std.text"
local xml = require "std.xml"

local M = {}

--- Bytes that all pages may unpack to, pages, and elements of each that are read: files are of
--- strangers.
M.MAX_UNPACKED, M.MAX_PAGES, M.MAX_ELEMENTS = 8 * 1024 * 1024, 20, 20000

local MAX_LABEL <const> = 4096
local ENTITIES <const> = { lt = "<", gt = ">", quot = '"', apos = "'", nbsp = " ", amp = "&" }

-- Labels may be HTML.
local function plain(label)
  return (label:sub(1, MAX_LABEL):gsub("<[^>]*>", " "):gsub("&(%a+);", ENTITIES):gsub("%s+", " ")
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

local function add_cell(page, cell, id, label)
  local style, attrs = cell.attrs.style or "", cell.attrs
  if attrs.edge == "1" then
    if attrs.source and attrs.target then
      page.graph:edge(page.prefix .. attrs.source, page.prefix .. attrs.target)
    else
      page.graph:note("left out: an arrow that is not tied to something at both ends")
    end
  elseif attrs.vertex == "1" and not is_frame(style) then
    page.graph:node(page.prefix .. id, plain(label), icon_of(style))
  end
end

local function add_page(page, model)
  local wrapped = {}
  -- <object id= label=> holds the cell whose label it is.
  for _, name in ipairs { "object", "UserObject" } do
    for _, object in ipairs(xml.all(model, name)) do
      local cell = xml.find(object, "mxCell")
      if cell then
        wrapped[cell] = true
        add_cell(page, cell, object.attrs.id or "", object.attrs.label or "")
      end
    end
  end
  for _, cell in ipairs(xml.all(model, "mxCell")) do
    if not wrapped[cell] then add_cell(page, cell, cell.attrs.id or "", cell.attrs.value or "") end
  end
end

local function parse(text) return xml.parse(text, nil, { max_elements = M.MAX_ELEMENTS }) end

-- The third value is how many bytes of `max` are left.
local function unpack_page(diagram, max)
  local data = base64.decode(diagram.text)
  if not data or data == "" then return nil, "a page of it is neither XML nor packed" end
  local text, err = inflate.inflate(data, max)
  if not text then return nil, err end
  local root
  root, err = parse(text_of.percent_decoded(text))
  if not root then return nil, err end
  return xml.find(root, "mxGraphModel"), "a packed page of it holds no drawing", max - #text
end

-- The models of all pages.
local function models_of(root)
  local pages = xml.all(root, "diagram")
  if #pages == 0 then
    local model = xml.find(root, "mxGraphModel")
    return model and { model }, "it is no file of draw.io"
  end
  if #pages > M.MAX_PAGES then
    return nil, ("it has %d pages; up to %d are read"):format(#pages, M.MAX_PAGES)
  end
  local models, left = {}, M.MAX_UNPACKED
  for i, diagram in ipairs(pages) do
    local model, why = xml.find(diagram, "mxGraphModel"), nil
    if not model then model, why, left = unpack_page(diagram, left) end
    if not model then return nil, tostring(why) end
    models[i] = model
  end
  return models
end

---@param text string
---@return validator.Graph|nil graph
---@return string|nil why
function M.parse(text)
  local root, err = parse(text)
  if not root then return nil, tostring(err) end
  local models, why = models_of(root)
  if not models then return nil, why end
  local graph = graph_of.new()
  -- Cells of each page are numbered anew.
  for i, model in ipairs(models) do
    add_page({ graph = graph, prefix = i > 1 and i .. " " or "" }, model)
  end
  if #models > 1 then graph:note(("assumed: its %d pages are one architecture"):format(#models)) end
  return graph
end

return M
