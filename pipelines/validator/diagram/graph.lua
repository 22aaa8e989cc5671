-- SPDX-License-Identifier: Apache-2.0
-- What a drawing shows: nodes with labels, and edges between them. Sizes are bounded: drawings are
-- of strangers.

local M = {}

M.MAX_NODES, M.MAX_EDGES = 200, 1000

---@class validator.Graph
---@field nodes {id: string, label: string, icon: string|nil}[]
---@field edges {from: string, to: string}[]
local Graph = {}
Graph.__index = Graph

function M.new() return setmetatable({ nodes = {}, edges = {}, by_id = {} }, Graph) end

--- A node, seen for the first time or once more; the first label counts.
function Graph:node(id, label, icon)
  local node = self.by_id[id]
  if not node then
    if #self.nodes >= M.MAX_NODES then error("more than " .. M.MAX_NODES .. " nodes", 0) end
    node = { id = id }
    self.by_id[id] = node
    self.nodes[#self.nodes + 1] = node
  end
  node.label = node.label or label
  node.icon = node.icon or icon
  return node
end

--- An edge; its ends become nodes.
function Graph:edge(from, to)
  self:node(from)
  self:node(to)
  if #self.edges >= M.MAX_EDGES then error("more than " .. M.MAX_EDGES .. " edges", 0) end
  self.edges[#self.edges + 1] = { from = from, to = to }
end

return M
