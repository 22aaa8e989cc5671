-- SPDX-License-Identifier: Apache-2.0
-- What of a run stays as it was deployed, as its results recorded it (see std.validation.
-- convergence). Pure: takes results, returns records.

local json = require "std.json"

local M = {}

local WORDS = {
  plan = { drift = "drifts", failed = "second plan fails" },
  destroy = { left = "destroy leaves resources", failed = "destroy fails" },
}

---In a few words what does not stay as it was; nil for what does, and where nobody looked.
---@param result table|nil a result record
---@return string|nil
function M.word(result)
  local found = result and result.convergence
  if not found then return nil end
  return WORDS.plan[found.plan] or WORDS.destroy[found.destroy]
end

---The attributes that drift: "aws_sqs_queue.q.name, output.url.value".
---@param result table
---@return string
function M.attributes(result)
  local list = {}
  for i, drift in ipairs(result.convergence.drift or {}) do
    list[i] = drift.address .. "." .. drift.attribute
  end
  return table.concat(list, ", ")
end

---@param results table hash → result
---@param architectures table|nil hash → metadata, for names
---@return table {checked=, settled=, unsettled = {arch_hash, name, status, word, plan, destroy,
---  drift, error}} sorted by name
function M.of(results, architectures)
  local out = { checked = 0, settled = 0, unsettled = json.array {} }
  for hash, result in pairs(results) do
    local found, word = result.convergence, M.word(result)
    if found then out.checked = out.checked + 1 end
    if word then
      table.insert(out.unsettled, { arch_hash = hash, status = result.status, word = word,
        name = ((architectures or {})[hash] or {}).name, plan = found.plan,
        destroy = found.destroy, drift = found.drift, error = found.error })
    end
  end
  out.settled = out.checked - #out.unsettled
  table.sort(out.unsettled, function(a, b)
    local x, y = a.name or "", b.name or ""
    if x ~= y then return x < y end
    return a.arch_hash < b.arch_hash
  end)
  return out
end

return M
