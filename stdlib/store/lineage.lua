-- SPDX-License-Identifier: Apache-2.0
-- Architectures whose template changed or broke at its source between two runs. They have another
-- hash, or none at all, in the later run; by hash alone they would just be missing there.

local M = {}

local CHANGED <const> = "template changed"
local BROKEN <const> = "source no longer converts"

-- The last of the line of successors, and each one on the way; lines may be circular (a change
-- that was taken back).
local function walk(architectures, hash, field)
  local seen, line = { [hash] = true }, {}
  local meta = architectures[hash]
  while meta and meta[field] and not seen[meta[field]] do
    local nearest = meta[field]
    seen[nearest] = true
    line[#line + 1] = nearest
    meta = architectures[nearest]
  end
  return line, meta
end

local function first_in(line, results)
  for _, hash in ipairs(line) do if results[hash] then return hash end end
  return nil
end

-- Only in the later run: what it replaced and the earlier run had.
local function ancestors(a, b, architectures, pairs_found)
  local taken = {}
  for hash in pairs(b) do
    if not a[hash] then
      local old = first_in(walk(architectures, hash, "supersedes"), a)
      if old then
        table.insert(pairs_found, { from = old, to = hash, note = CHANGED })
        taken[old] = true
      end
    end
  end
  return taken
end

-- Only in the earlier run: its line ends with a template that no longer converts.
local function broken(a, b, architectures, taken, pairs_found)
  for hash in pairs(a) do
    if not b[hash] and not taken[hash] then
      local line, last = walk(architectures, hash, "superseded_by")
      if not first_in(line, b) and last and last.source_error then
        table.insert(pairs_found, { from = hash, note = BROKEN, reason = last.source_error })
      end
    end
  end
end

---Which architecture of the later run stands for which one of the earlier run.
---@param a table hash → result of the earlier run
---@param b table hash → result of the later run
---@param architectures table hash → metadata
---@return table[] list of {from = hash, to = hash or nil, note, reason}, sorted by `from`
function M.pairs(a, b, architectures)
  local found = {}
  local taken = ancestors(a, b, architectures, found)
  broken(a, b, architectures, taken, found)
  table.sort(found, function(x, y)
    if x.from ~= y.from then return x.from < y.from end
    return (x.to or "") < (y.to or "")
  end)
  return found
end

return M
