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

--- Where the issues of the configuration's repository are read; nil where that is not known.
---@param config table
---@return string|nil
function M.issues_url(config)
  local host = config.github_api_url:match "^(https?://.*)/api/v3/*$"
    or config.github_api_url:find "^https://api%.github%.com/*$" and "https://github.com"
  local is_known = host and config.issue_repo ~= "" -- "": no issues are filed
  return is_known and ("%s/%s/issues"):format(host, config.issue_repo) or nil
end

local function row_of(result, arch)
  local metadata = arch and arch.metadata or {}
  return { architecture_id = result.architecture_id, run_id = result.run_id,
    status = result.status, duration_seconds = result.duration_seconds, reason = result.reason,
    issue_number = result.issue_number, services = json.array(metadata.services or {}),
    source_type = arch and arch.source_type or "template",
    diagram_confidence = metadata.diagram_confidence,
    synthesis_notes = arch and arch.synthesis_notes }
end

local function lines_of(list)
  local out = json.array {}
  for i = 1, math.min(#list, M.MAX_RUNS) do
    out[i] = { id = list[i].id, started_at = list[i].started_at, statistics = list[i].statistics }
  end
  return out
end

-- What a run found takes the place of what older ones had found of the same.
local function apply(state, place, run)
  local list, err = runs.results(place, run)
  if not list then return nil, err end
  for _, result in ipairs(list) do
    state.rows[result.architecture_id] = row_of(result, state.known[result.architecture_id])
  end
  for _, one in ipairs(M.coverage(run.id, list, state.services)) do
    state.coverage[one.service_name] = one
  end
  return true
end

-- What the file says that is there, up to its run; nothing where it cannot be read: it holds
-- nothing that is not in the runs.
local function remembered(state, place)
  local path = place:data "latest.json"
  local old = fs.exists(path) and place:read(path, "latest")
  if not old then return "" end
  for _, row in ipairs(old.results) do state.rows[row.architecture_id] = row end
  for _, one in ipairs(old.service_coverage) do state.coverage[one.service_name] = one end
  return old.run.id
end

local function values_of(map)
  local out = json.array {}
  for i, key in ipairs(tables.sorted_keys(map)) do out[i] = map[key] end
  return out
end

--- Writes latest.json about a run: of what it did not test, what older runs found.
---@param ctx lsqm.Context its log and config
---@return boolean|nil
---@return lsqm.Error|nil
function M.write_latest(place, run, ctx)
  local state = { rows = {}, coverage = {}, known = {}, services = {} }
  for _, arch in ipairs(architectures.all(place, ctx.log)) do
    state.known[arch.id], state.services[arch.id] = arch, arch.metadata and arch.metadata.services
  end
  local past, err = runs.all(place)
  if not past then return nil, err end
  local since = remembered(state, place)
  for i = #past, 1, -1 do
    local one = past[i]
    if one.status == "completed" and (one.id > since or one.id == run.id) and one.id <= run.id then
      local ok, why = apply(state, place, one)
      if not ok then return nil, why end
    end
  end
  -- What there is no more is shown of the newest run only.
  for id, row in pairs(state.rows) do
    if not state.known[id] and row.run_id ~= run.id then state.rows[id] = nil end
  end
  return place:write(place:data "latest.json", "latest", { generated_at = time.iso(), run = run,
    issues_url = M.issues_url(ctx.config), results = values_of(state.rows), runs = lines_of(past),
    service_coverage = values_of(state.coverage) })
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
