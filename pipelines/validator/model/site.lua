-- SPDX-License-Identifier: Apache-2.0
-- docs/: latest.json with the coverage of services, and the static pages that read it.

local architectures = require "pipelines.validator.model.architecture"
local fs = require "std.fs"
local json = require "std.json"
local resolve = require "std.resolve"
local runs = require "pipelines.validator.model.runs"
local tables = require "std.table"
local time = require "std.time"

local M = {}

M.FILES = { "index.html", "site.css", "site.js" }
M.MAX_RUNS = 52

--- Coverage of each service by a run: timeouts and partial results are not passed.
---@param list table[] results
---@param services table<string, string[]> by architecture
---@return table[] ServiceCoverage by name
function M.coverage(run_id, list, services)
  local by_name = {}
  for _, result in ipairs(list) do
    if result.status ~= "skipped" then
      for _, name in ipairs(services[result.architecture_id] or {}) do
        local one = by_name[name] or { service_name = name, architectures_tested = 0,
          architectures_passed = 0, architectures_failed = 0, last_tested_run = run_id }
        by_name[name] = one
        one.architectures_tested = one.architectures_tested + 1
        local key = result.status == "passed" and "architectures_passed" or "architectures_failed"
        one[key] = one[key] + 1
        one.pass_rate = one.architectures_passed / one.architectures_tested
      end
    end
  end
  local out = json.array {}
  for i, name in ipairs(tables.sorted_keys(by_name)) do out[i] = by_name[name] end
  return out
end

-- A service that this run did not test keeps what an older one found.
local function with_older(place, coverage)
  local seen = {}
  for _, one in ipairs(coverage) do seen[one.service_name] = true end
  local old = fs.exists(place:data "latest.json") and place:read(place:data "latest.json", "latest")
  for _, one in ipairs(old and old.service_coverage or {}) do
    if not seen[one.service_name] then coverage[#coverage + 1] = one end
  end
  table.sort(coverage, function(a, b) return a.service_name < b.service_name end)
  return coverage
end

local function row_of(result, arch)
  local metadata = arch and arch.metadata or {}
  return { architecture_id = result.architecture_id, status = result.status,
    duration_seconds = result.duration_seconds, reason = result.reason,
    issue_number = result.issue_number, services = json.array(metadata.services or {}),
    source_type = arch and arch.source_type or "template",
    diagram_confidence = metadata.diagram_confidence }
end

local function lines_of(list)
  local out = json.array {}
  for i = 1, math.min(#list, M.MAX_RUNS) do
    out[i] = { id = list[i].id, started_at = list[i].started_at, statistics = list[i].statistics }
  end
  return out
end

--- Writes latest.json about a run.
---@param log table
---@return boolean|nil
---@return lsqm.Error|nil
function M.write_latest(place, run, log)
  local by_id, services, rows = {}, {}, json.array {}
  for _, arch in ipairs(architectures.all(place, log)) do
    by_id[arch.id], services[arch.id] = arch, arch.metadata and arch.metadata.services
  end
  local list, err = runs.results(place, run)
  if not list then return nil, err end
  local past, why = runs.all(place)
  if not past then return nil, why end
  for i, result in ipairs(list) do rows[i] = row_of(result, by_id[result.architecture_id]) end
  return place:write(place:data "latest.json", "latest", { generated_at = time.iso(), run = run,
    results = rows, runs = lines_of(past),
    service_coverage = with_older(place, M.coverage(run.id, list, services)) })
end

--- Puts the pages beside the data; a user's file of the same name in pipelines/validator/site wins.
function M.write_pages(place)
  for _, name in ipairs(M.FILES) do
    local text, err = fs.read(assert(resolve.find("validator", "site/" .. name)))
    if text then _, err = fs.write(place:path("docs", name), text) end
    if err then return nil, err end
  end
  return true
end

return M
