-- SPDX-License-Identifier: Apache-2.0
-- The commit message of a run: the figures a reader of the log wants.

local text = require "pipelines.weekly.report.text"

local M = {}

local LISTED = 20

local function rate_of(summary)
  return summary and summary.total > 0 and summary.passed / summary.total or nil
end

local function rate_line(summary, changes)
  local rate = rate_of(summary)
  local before = changes.previous and rate_of(changes.previous.summary)
  local line = "pass rate " .. text.percent(rate)
  if rate and before then
    line = ("%s (%s since %s)"):format(line, text.points(rate - before),
      changes.previous.run_id:sub(1, 8))
  end
  return line
end

local function change_lines(title, list, lines)
  for i = 1, math.min(#list, LISTED) do
    local one = list[i]
    lines[#lines + 1] = ("%s: %s: %s -> %s"):format(title,
      text.clean(one.architecture_name or one.arch_hash):gsub("\n", " "), one.from_status,
      one.to_status)
  end
  if #list > LISTED then
    lines[#lines + 1] = ("%s: and %d more"):format(title, #list - LISTED)
  end
end

---@param run lsqm.Run
---@param summary table
---@param changes table
---@return string
function M.of(run, summary, changes)
  local config = run.config
  local emulator = config.emulator and config.emulator.name or "emulator"
  local lines = {
    ("Run %s: %d of %d passed on %s %s"):format(run.run_id:sub(1, 8), summary.passed,
      summary.total, emulator, config.localstack_version),
    "",
    ("total %d: passed %d, partial %d, failed %d, timeout %d, error %d"):format(summary.total,
      summary.passed, summary.partial, summary.failed, summary.timeout, summary.error),
    rate_line(summary, changes),
    ("regressions %d, fixes %d, new architectures %d"):format(#changes.regressions,
      #changes.fixes, summary.new_architectures or 0),
    ("not counted: flaky %d, worse for another reason %d"):format(#changes.flaky,
      #changes.unrelated),
    ("tokens %d, duration %s"):format(summary.tokens_used or 0,
      text.duration(summary.duration_seconds)),
    "run " .. run.run_id,
  }
  if #changes.regressions + #changes.fixes > 0 then lines[#lines + 1] = "" end
  change_lines("regression", changes.regressions, lines)
  change_lines("fix", changes.fixes, lines)
  return table.concat(lines, "\n") .. "\n"
end

return M
