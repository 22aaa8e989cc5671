-- SPDX-License-Identifier: Apache-2.0
-- From what std.validation says of an architecture to an ArchitectureResult, and the rules that its
-- status keeps.

local error_of = require "std.error"
local json = require "std.json"
local place_of = require "pipelines.validator.model.place"

local M = {}

M.APP_TESTS = "tests/test_integration.py"

-- The sections of pytest's output that a failed test has: "____ test_x ____" up to the next.
local function traceback_of(output, name)
  local plain = name:match "::(.+)$" or name
  local from = output:find("_ " .. plain .. " _", 1, true)
  if not from then return "" end
  local start = output:find("\n", from, true) or #output
  local stop = output:find("\n_____* [^\n]+ _____*\n", start) or output:find("\n=====", start, true)
  return output:sub(start + 1, (stop or #output + 1) - 1):sub(1, 8000)
end

-- What the app itself wrote, as pytest kept it.
local function app_log_of(output)
  local lines, is_captured = {}, false
  for line in output:gmatch "[^\n]*" do
    if line:find "^[-_=][-_=][-_=][-_=]" then
      is_captured = line:find "^%-+ Captured [%w ]+ %-+$" ~= nil
    elseif is_captured then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n")
end

local function failures_of(pytest)
  local list = json.array {}
  for _, test in ipairs(pytest.tests or {}) do
    if test.outcome == "failed" or test.outcome == "error" then
      list[#list + 1] = { name = test.name, message = test.message or test.outcome,
        traceback = traceback_of(pytest.output or "", test.name) }
    end
  end
  return list
end

local function logs_of(result, output)
  return { terraform_log = (result.terraform_apply or {}).logs or "",
    localstack_log = result.container_logs or "", app_log = app_log_of(output),
    test_output = output }
end

-- What the harness failed at says nothing about the architecture, which is no verdict: it is
-- skipped, as nothing of it was judged, and its logs say what happened.
local function unjudged(run_id, arch, result)
  return { id = run_id .. "/" .. arch.id, run_id = run_id, architecture_id = arch.id,
    status = "skipped", logs = logs_of(result, (result.pytest_results or {}).output or ""),
    duration_seconds = result.duration_seconds, reason = "not judged: " .. (result.reason or ""),
    harness_error = result.error_message or result.reason or "unknown error" }
end

local function infrastructure_of(result, outcome, critical)
  local steps, addresses = result.steps or {}, json.array {}
  for i, resource in ipairs(outcome.deploy and outcome.deploy.resources or {}) do
    addresses[i] = resource.address
  end
  local apply = result.terraform_apply
  local success = apply ~= nil and apply.success == true
  return { success = success, duration_seconds = (steps.init or 0) + (steps.apply or 0),
    resources_created = addresses,
    errors = (critical or not success) and (result.error_message or result.reason or "failed")
      or nil,
    terraform_output = apply and apply.outputs and next(apply.outputs)
      and json.encode(apply.outputs) or nil }
end

-- The document's status: FAILED wants an infrastructure that failed or a critical error (no test
-- could be run on it), so tests that ran and failed, be it all of them, are PARTIAL.
local function status_of(result, tests)
  if result.status == "PASSED" or result.status == "TIMEOUT" then return result.status:lower() end
  local deployed = result.terraform_apply and result.terraform_apply.success
  if deployed and tests.failed > 0 then return "partial" end
  return "failed", deployed
end

local WORDS <const> = { partial = "some tests fail", failed = "cannot be deployed",
  timeout = "takes too long" }

--- A result of std.validation as the document has it.
---@param run_id string
---@param arch table
---@param result table
---@param outcome table what was observed: {deploy =}
---@return table ArchitectureResult
function M.of(run_id, arch, result, outcome)
  if result.status == "ERROR" then return unjudged(run_id, arch, result) end
  local pytest = result.pytest_results or {}
  local tests = { total = pytest.total or 0, passed = pytest.passed or 0,
    failed = pytest.failed or 0, skipped = pytest.skipped or 0,
    duration_seconds = (result.steps or {}).tests or 0, failures = failures_of(pytest) }
  local status, critical = status_of(result, tests)
  local output = pytest.output or ""
  return { id = run_id .. "/" .. arch.id, run_id = run_id, architecture_id = arch.id,
    status = status, infrastructure = infrastructure_of(result, outcome, critical), tests = tests,
    logs = logs_of(result, output),
    duration_seconds = result.duration_seconds, reason = result.reason,
    suggested_issue_title = WORDS[status]
      and ("%s: %s"):format(arch.id, WORDS[status]):sub(1, 200) or nil }
end

--- An architecture without an app: there is nothing to run.
function M.skipped(run_id, arch)
  return { id = run_id .. "/" .. arch.id, run_id = run_id, architecture_id = arch.id,
    status = "skipped", duration_seconds = 0, reason = arch.status_reason }
end

local function is_critical(result)
  local infrastructure = result.infrastructure
  return not infrastructure or not infrastructure.success or infrastructure.errors ~= nil
end

local RULES <const> = {
  passed = function(r)
    return r.infrastructure and r.infrastructure.success and r.tests and r.tests.failed == 0
  end,
  partial = function(r)
    return r.infrastructure and r.infrastructure.success and r.tests and r.tests.failed > 0
  end,
  failed = is_critical,
  skipped = function(r) return r.infrastructure == nil and r.tests == nil end,
  timeout = function() return true end,
}

--- Does a result keep its schema, and its status what was seen?
---@return boolean|nil
---@return lsqm.Error|nil
function M.check(result)
  local ok, err = place_of.contracts.check("architecture_result", result)
  if not ok then return nil, err end
  local why = not RULES[result.status](result) and "status '" .. result.status
    .. "' does not fit infrastructure and tests"
    or result.harness_error and result.status ~= "skipped" and "what the harness failed at has "
    .. "no verdict"
    or result.id ~= result.run_id .. "/" .. result.architecture_id
    and "id is not run and architecture"
  if not why then return true end
  return nil, error_of.new { op = "result " .. result.id, code = "invalid", message = why }
end

function M.path(place, run_id, architecture_id)
  return place:data("runs", run_id, architecture_id .. ".json")
end

--- One that breaks a rule raises.
function M.save(place, result)
  local ok, err = M.check(result)
  if not ok then error(err, 2) end
  return place:write(M.path(place, result.run_id, result.architecture_id), "architecture_result",
    result)
end

function M.load(place, run_id, architecture_id)
  return place:read(M.path(place, run_id, architecture_id), "architecture_result")
end

return M
