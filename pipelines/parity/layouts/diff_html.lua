-- SPDX-License-Identifier: Apache-2.0
-- A diff report as one page without scripts.

local html = require "std.html"
local json = require "std.json"

local STYLE = [[
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem;
  border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
small { opacity: .75; display: block; }
.critical, .error { color: #c62828; font-weight: 600; }
.warning { color: #b26a00; font-weight: 600; }
@media (prefers-color-scheme: dark) { .critical, .error { color: #ff8a80; }
  .warning { color: #ffcc66; } }
]]

local function value(v, place)
  local text = v == nil and "-" or type(v) == "table" and json.encode(v) or tostring(v)
  return html.td(html.code(text), place and html.small(place))
end

local function row(d)
  local meta = d.metadata
  return html.tr {
    html.td({ class = d.severity }, d.severity), html.td { html.code(d.field_path) },
    value(d.source_value, meta.source_at), value(d.target_value, meta.target_at),
    html.td(meta.drift and html.b(meta.drift .. ": "), meta.impact_description),
    html.td { meta.auto_fixable and "yes" or "no" },
  }
end

local function service(diff)
  local rows = {}
  for i, d in ipairs(diff.differences) do rows[i] = row(d) end
  return html.section { html.h2(diff.service_name),
    html.p((diff.status:gsub("_", " ")), ", impact ", diff.impact_level,
      diff.metadata.recommendation and ". " .. diff.metadata.recommendation),
    html.table {
      html.thead { html.tr { html.th "Severity", html.th "Field", html.th "Source",
        html.th "Target", html.th "Meaning", html.th "Fixable" } },
      html.tbody { rows } } }
end

local function page(title, body)
  return "<!DOCTYPE html>\n" .. tostring(html.html({ lang = "en" },
    html.head(html.meta { charset = "utf-8" },
      html.meta { ["http-equiv"] = "Content-Security-Policy",
        content = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'" },
      html.meta { name = "viewport", content = "width=device-width, initial-scale=1" },
      html.title(title), html.style(html.raw(STYLE))),
    html.body(html.main(body)))) .. "\n"
end

---@param report table ConfigurationDiffReport
---@return string
return function(report)
  local s, sections = report.summary, {}
  for _, diff in ipairs(report.service_diffs) do
    if diff.status ~= "identical" then sections[#sections + 1] = service(diff) end
  end
  local title = ("%s against %s"):format(report.source_environment, report.target_environment)
  return page(title, {
    html.h1(title),
    html.p { (report.overall_status:gsub("_", " ")), " (", report.metadata.comparison_mode, ", ",
      report.timestamp, ")" },
    html.p { ("%d services: %d identical, %d different, %d missing in source, %d missing in "
      .. "target"):format(s.total_services, s.services_identical, s.services_with_differences,
      s.services_missing_in_source, s.services_missing_in_target) },
    sections })
end
