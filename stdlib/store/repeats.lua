-- SPDX-License-Identifier: Apache-2.0
-- Runs that repeated each other: same emulator, versions, tools, and the same architectures. What
-- differs between two such runs is noise, so they measure how often a regression would be false.

local compare = require "std.store.compare"

local M = {}

-- Before it was tried again, a verdict of a run that got worse; after, what still counts.
local function count_pair(out, a, b)
  for hash, to in pairs(b) do
    local from = a[hash]
    if from and compare.is_good(from.status) then
      out.verdicts = out.verdicts + 1
      if compare.kind(from.status, to.status) == "regression" then
        out.worse = out.worse + 1
        local class = to.confirmation and to.confirmation.class or "regression"
        if class == "regression" then out.false_regressions = out.false_regressions + 1 end
      end
    end
  end
end

---Over the finished runs of a store, newest first: neighbours that nothing distinguishes.
---@param store lsqm.Store
---@param limit integer how many runs to look at
---@return table {pairs=, verdicts=, worse=, false_regressions=} counts; verdicts that were good in
---  the first run of a pair, those of them that were worse in the second, and those of them that
---  still counted as regressions after they were tried again
function M.measure(store, limit)
  local out = { pairs = 0, verdicts = 0, worse = 0, false_regressions = 0 }
  local list = store:runs { finished = true }
  local b
  for i = 1, math.min(#list, limit) - 1 do
    local a
    if #compare.circumstances(list[i + 1], list[i]) == 0 then
      a, b = store:open_run(list[i + 1].run_id), b or store:open_run(list[i].run_id)
      if a and b then
        out.pairs = out.pairs + 1
        count_pair(out, a:outcomes(), b:outcomes())
      end
    end
    b = a
  end
  return out
end

return M
