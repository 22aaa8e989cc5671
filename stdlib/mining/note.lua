-- SPDX-License-Identifier: Apache-2.0
-- What is to be said about one source: how much was looked at, what was left out and why, and
-- what the world refused.

local json = require "std.json"

local M = {}

local Note = {}
Note.__index = Note

---@param title string "github aws-samples"
function M.new(title)
  return setmetatable({ source = title, visited = 0, fetched = 0, unchanged = 0,
    skipped = json.array {}, problems = {}, counts = {} }, Note)
end

--- Left out on purpose.
function Note:skip(name, reason)
  table.insert(self.skipped, { name = name, reason = reason })
  return nil
end

--- The same failure of the same place is said once: a rate limit hits every repository after it.
function Note:problem(err)
  for _, known in ipairs(self.problems) do
    if known.limit and known.limit == err.limit then
      known.more = (known.more or 0) + 1
      return
    end
  end
  table.insert(self.problems, err)
end

--- For the report: texts only.
function Note:plain()
  local problems = json.array {}
  for i, err in ipairs(self.problems) do
    problems[i] = tostring(err) .. (err.more and (" (and %d more)"):format(err.more) or "")
  end
  return { source = self.source, visited = self.visited, fetched = self.fetched,
    unchanged = self.unchanged, skipped = self.skipped, problems = problems,
    counts = self.counts }
end

return M
