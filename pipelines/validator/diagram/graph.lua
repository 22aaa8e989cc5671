-- SPDX-License-Identifier: Apache-2.0
-- What a drawing shows: nodes with labels, and edges between them. Sizes are bounded: drawings are
-- of strangers.

local text_of = require "std.text"

local M = {}

M.MAX_NODES, M.MAX_EDGES, M.MAX_NOTES, M.MAX_LABEL = 200, 1000, 50, 200

-- A text's lines; patterns that go back and forth in a line are quick in short ones only.
M.MAX_TEXT, M.MAX_LINE = 256 * 1024, 2000

---@class validator.Graph
---@field nodes {id: string, label: string, icon: string|nil}[]
---@field edges {from: string, to: string}[]
---@field notes string[] what was assumed or left out
local Graph = {}
Graph.__index = Graph

function M.new()
  return setmetatable({ nodes = {}, edges = {}, notes = {}, by_id = {}, noted = {} }, Graph)
end

local function short(text)
  if type(text) ~= "string" then return nil end
  return (text_of.valid_utf8(text:sub(1, M.MAX_LABEL)))
end

--- A node, seen for the first time or once more; the first label counts.
---@param id string
---@param label string|nil
---@param icon string|nil
function Graph:node(id, label, icon)
  id = short(id) or error("a node without an id", 0)
  local node = self.by_id[id]
  if not node then
    if #self.nodes >= M.MAX_NODES then error("more than " .. M.MAX_NODES .. " nodes", 0) end
    node = { id = id }
    self.by_id[id] = node
    self.nodes[#self.nodes + 1] = node
  end
  node.label = node.label or short(label)
  node.icon = node.icon or short(icon)
  return node
end

--- An edge; its ends become nodes.
function Graph:edge(from, to)
  from, to = self:node(from).id, self:node(to).id
  if #self.edges >= M.MAX_EDGES then error("more than " .. M.MAX_EDGES .. " edges", 0) end
  self.edges[#self.edges + 1] = { from = from, to = to }
end

--- Something that whoever reads the result should know, once.
function Graph:note(text)
  text = short(text)
  if self.noted[text] or #self.notes > M.MAX_NOTES then return end
  self.noted[text] = true
  self.notes[#self.notes + 1] = #self.notes < M.MAX_NOTES and text or "and more of the kind"
end

--- The lines of a text drawing, without space around them; more or longer ones raise.
---@param text string
---@return fun(): string|nil
function M.lines(text)
  if #text > M.MAX_TEXT then error(("more than %d bytes of text"):format(M.MAX_TEXT), 0) end
  local next_line = (text .. "\n"):gmatch "([^\n]*)\n"
  return function()
    local line = next_line()
    if not line then return nil end
    if #line > M.MAX_LINE then error(("a line of more than %d bytes"):format(M.MAX_LINE), 0) end
    return (line:gsub("^%s+", ""):gsub("%s+$", ""))
  end
end

return M
