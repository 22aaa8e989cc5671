-- SPDX-License-Identifier: Apache-2.0
-- A diff report for the terminal: the worst first, both source lines with every difference.

local json = require "std.json"
local rank = require("pipelines.parity.diff.compare").RANK

local function text_of(value)
  if value == nil then return "-" end
  if type(value) == "table" then return json.encode(value) end
  return tostring(value)
end

local function add_difference(lines, d)
  local meta = d.metadata
  lines[#lines + 1] = ("  %-8s %s%s"):format(d.severity, d.field_path,
    meta.auto_fixable and "  (fixable)" or "")
  lines[#lines + 1] = ("           source %s%s"):format(text_of(d.source_value),
    meta.source_at and "  " .. meta.source_at or "")
  lines[#lines + 1] = ("           target %s%s"):format(text_of(d.target_value),
    meta.target_at and "  " .. meta.target_at or "")
  lines[#lines + 1] = ("           %s%s"):format(meta.drift and meta.drift .. ": " or "",
    meta.impact_description)
end

local function worst_first(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted, function(a, b)
    if a.severity ~= b.severity then return rank[a.severity] > rank[b.severity] end
    return a.field_path < b.field_path
  end)
  return sorted
end

local function add_service(lines, diff)
  lines[#lines + 1] = ("%s: %s, impact %s"):format(diff.service_name,
    (diff.status:gsub("_", " ")), diff.impact_level)
  for _, d in ipairs(worst_first(diff.differences)) do add_difference(lines, d) end
  local advice = diff.metadata.recommendation
  if advice then lines[#lines + 1] = "  -> " .. advice end
end

---@param report table ConfigurationDiffReport
---@return string
return function(report)
  local s = report.summary
  local lines = { ("%s against %s (%s): %s"):format(report.source_environment,
    report.target_environment, report.metadata.comparison_mode,
    (report.overall_status:gsub("_", " "))) }
  for _, diff in ipairs(report.service_diffs) do
    if diff.status ~= "identical" then add_service(lines, diff) end
  end
  lines[#lines + 1] = ("%d services: %d identical, %d different, %d missing in source, "
    .. "%d missing in target"):format(s.total_services, s.services_identical,
    s.services_with_differences, s.services_missing_in_source, s.services_missing_in_target)
  return table.concat(lines, "\n")
end
