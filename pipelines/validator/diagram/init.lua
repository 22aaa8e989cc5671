-- SPDX-License-Identifier: Apache-2.0
-- Drawings of architectures: which files are one, and what Terraform each becomes. Texts, draw.io
-- files and pictures that carry one are read by rules, other pictures by Claude.

local drawio = require "pipelines.validator.diagram.drawio"
local embedded = require "pipelines.validator.diagram.embedded"
local error_of = require "std.error"
local fs = require "std.fs"
local mermaid = require "pipelines.validator.diagram.mermaid"
local plantuml = require "pipelines.validator.diagram.plantuml"
local result = require "std.normalize.result"
local sha256 = require "std.sha256"
local synthesize = require "pipelines.validator.diagram.synthesize"
local vision = require "pipelines.validator.diagram.vision"

local M = {}

local MAX_BYTES <const> = 8 * 1024 * 1024
local LEAST <const> = 0.5

local PARSERS <const> = { mmd = mermaid, mermaid = mermaid, puml = plantuml,
  plantuml = plantuml, drawio = drawio, dio = drawio }
local PICTURES <const> = { png = true, svg = true }

local function ending_of(name) return name:match "%.(%w+)$" and name:match("%.(%w+)$"):lower() end

--- The drawings below the roots of a source.
---@param roots {dir: string}[]
---@return table[] candidates as std.mining's
function M.find(roots)
  local found = {}
  for _, root in ipairs(roots) do
    for _, name in ipairs(fs.walk(root.dir, { skip = { ".git", "node_modules" } }) or {}) do
      local ending = ending_of(name)
      if PARSERS[ending] or PICTURES[ending] then
        local path = fs.join(root.dir, name)
        local info = fs.stat(path)
        found[#found + 1] = { path = path, rel = name, format = ending,
          digest = sha256.file(path) or "",
          problem = info and info.size > MAX_BYTES
            and ("%d bytes; drawings are read up to %d"):format(info.size, MAX_BYTES) or nil }
      end
    end
  end
  return found
end

-- Without the key, the budget or the network nobody has looked: that says nothing of the drawing.
local UNSEEN <const> = { unavailable = true, denied = true, limit = true, network = true,
  http = true }

local function look(ctx, data, format)
  if PARSERS[format] then return PARSERS[format].parse(data) end
  local text, err = embedded.read(data, format, drawio.MAX_UNPACKED)
  if text then return drawio.parse(text) end
  if err then return nil, err end
  local graph
  graph, err = vision.read(ctx, data, format)
  return graph, err, not graph and UNSEEN[err.code]
end

-- Also: has nobody looked at it?
local function graph_of(ctx, candidate)
  local data, err = fs.read(candidate.path)
  if not data then return nil, err end
  local ok, graph, why, is_unseen = pcall(look, ctx, data, candidate.format)
  if not ok then
    if error_of.is_cancelled(graph) then error(graph, 0) end
    return nil, graph -- too many nodes: the drawing's fault
  end
  return graph, why, is_unseen
end

local function failed(job, text) return result.failed(job, { message = text, file = job.path }) end

local function convert(ctx, candidate, out)
  local job = { path = candidate.path, input = candidate.rel, format = "diagram", out = out,
    slug = "diagram" }
  local graph, err, is_unseen = graph_of(ctx, candidate)
  if is_unseen then return { status = "unseen", error = { message = tostring(err) } } end
  if not graph then return failed(job, tostring(err)) end
  local made = synthesize.terraform(graph, candidate.rel)
  local confidence = made.confidence * (graph.confidence or 1)
  if #made.addresses == 0 then return failed(job, "no AWS service is drawn that rules know") end
  if confidence < LEAST then
    return failed(job, ("confidence %.2f is below %.2f: %s"):format(confidence, LEAST,
      made.notes:gsub("\n", "; ")))
  end
  local record = result.finish(job, { files = made.files, packages = made.packages,
    resources = { drawing = made.addresses } })
  record.diagram_confidence = confidence
  local notes = table.move(graph.notes, 1, #graph.notes, 1, {})
  notes[#notes + 1] = made.notes ~= "" and made.notes or nil
  record.synthesis_notes = #notes > 0 and table.concat(notes, "\n") or "nothing was assumed"
  return record
end

--- Converts a drawing into a Terraform root.
---@param candidate table
---@param out string folder that it gets
---@return table record as std.normalize's, with diagram_confidence, synthesis_notes, tokens; its
---  status "unseen" where nobody could look at it now
function M.convert(ctx, candidate, out)
  local before = vision.spent()
  local record = convert(ctx, candidate, out)
  record.tokens = vision.spent() - before
  return record
end

return M
