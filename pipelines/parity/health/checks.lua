-- SPDX-License-Identifier: Apache-2.0
-- One look at a service's health: what the engine's own check says, the check's command run now,
-- and its endpoints over HTTP with their expectations (status, regex, JSONPath).

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local jsonpath = require "std.jsonpath"
local regex = require "std.regex"
local resolve = require "std.resolve"
local time = require "std.time"
local units = require "std.compose.units"
local uuid = require "std.uuid"

local M = {}

local function result(service, status, kind, by, details, timestamp)
  return { id = uuid.v4(), service_id = service.id, timestamp = timestamp or time.iso_ms(),
    status = status, details = details, metadata = { check_type = kind, triggered_by = by } }
end

local function milliseconds(start)
  return math.floor((time.monotonic() - start) * 1000 + 0.5)
end

local STATES <const> = { healthy = "healthy", unhealthy = "unhealthy", starting = "starting" }

-- Engine times have nanoseconds: three digits are kept, in UTC.
local function engine_time(text)
  local seconds = time.parse((text:gsub("(%.%d%d%d)%d*", "%1")))
  return seconds and time.iso_ms(seconds + 0.0001) -- 0.123 is a little less in binary
end

--- What the engine's own checks said: one result for each line of its log.
function M.of_engine(service, info)
  local list, health = {}, info.State and info.State.Health
  if not health then return list end
  for i, row in ipairs(health.Log or {}) do
    local begun, ended = engine_time(row.Start), engine_time(row.End)
    if begun and ended then
      local status = row.ExitCode == 0 and "healthy"
        or i == #health.Log and STATES[health.Status] or "unhealthy"
      list[#list + 1] = result(service, status, "docker_healthcheck", "docker", {
        exit_code = row.ExitCode, output = row.Output ~= "" and row.Output or nil,
        response_time_ms = math.max(0, math.floor((time.parse(ended) - time.parse(begun)) * 1000
          + 0.5)) }, begun)
    end
  end
  return list
end

--- The command of a check: {"CMD", …} as it is, {"CMD-SHELL", text} through the shell.
function M.argv_of(test)
  if test[1] == "CMD" then return table.move(test, 2, #test, 1, {}) end
  return { "/bin/sh", "-c", test[2] }
end

local function seconds_of(check)
  local defaults = assert(resolve.load("parity", "rules.health")).defaults
  return check.timeout and units.duration(check.timeout) or defaults.timeout
end

-- A check that fails while the service may still start is no failure.
local function failing(info)
  local health = info.State.Health
  return health and health.Status == "starting" and "starting" or "unhealthy"
end

--- Runs the check's command in the service's container.
function M.script(engine, service, info, by)
  local check = service.health_check.check
  local start = time.monotonic()
  local done, err = engine:exec(info.Id, { cmd = M.argv_of(check.test),
    timeout = seconds_of(check) })
  local details = { response_time_ms = milliseconds(start) }
  if not done then
    details.error_message = tostring(err)
    local late = err.code == "timeout"
    return result(service, late and failing(info) or "unknown", "script", by, details)
  end
  details.exit_code = done.code
  local text = (done.stdout or "") .. (done.stderr or "")
  details.output = text ~= "" and text or nil
  return result(service, done.code == 0 and "healthy" or failing(info), "script", by, details)
end

-- "/health" is asked on the port that the service publishes first.
local function absolute(url, info)
  if url:find("^%a[%w+.-]*://") then return url end
  for _, bindings in pairs(info and info.NetworkSettings.Ports or {}) do
    local first = type(bindings) == "table" and bindings[1]
    if first then
      local ip = first.HostIp == "0.0.0.0" and "127.0.0.1" or first.HostIp
      return ("http://%s:%s%s"):format(ip, first.HostPort, url)
    end
  end
  return nil, error_of.new { op = "endpoint " .. url, code = "not_found",
    message = "the service publishes no port" }
end

local function check_body(expected, body)
  if expected.body_pattern then
    local found, err = regex.test(expected.body_pattern, body)
    if found == nil then return "body_pattern: " .. tostring(err) end
    if not found then return "the body does not match " .. expected.body_pattern end
  end
  if expected.json_path then
    local document = json.decode(body)
    if document == nil then return "the body is not JSON" end
    local path, err = jsonpath.compile(expected.json_path)
    if not path then return "json_path: " .. tostring(err) end
    local ok, found = path.test(document)
    if not ok then
      return ("%s does not hold: found %s"):format(expected.json_path,
        found == nil and "nothing" or json.encode(found))
    end
  end
  return nil
end

--- What an answer lacks of what is expected, or nil.
function M.judge(endpoint, expected, answer)
  local status = expected.status_code or endpoint.expected_status
  if answer.status ~= status then
    return ("status %d instead of %d"):format(answer.status, status)
  end
  if endpoint.method == "HEAD" then return nil end
  return check_body(expected, answer.body or "")
end

--- Asks one endpoint.
function M.endpoint(service, endpoint, info, by)
  local start = time.monotonic()
  local url, err = absolute(endpoint.url, info)
  local answer
  if url then
    answer, err = http.request { url = url, method = endpoint.method, retries = 0,
      timeout = endpoint.timeout_ms / 1000, max_body = 2 ^ 20 }
  end
  local details = { response_time_ms = milliseconds(start) }
  if not answer then
    details.error_message = tostring(err)
    return result(service, "unhealthy", "endpoint", by, details)
  end
  details.output = ("%s %s: %d"):format(endpoint.method, endpoint.url, answer.status)
  local wrong = M.judge(endpoint, service.health_check.expected_response or {}, answer)
  details.error_message = wrong
  return result(service, wrong and "unhealthy" or "healthy", "endpoint", by, details)
end

--- What is said of containers that should be there.
function M.missing(service, count, wanted, by)
  return { result(service, "unknown", "script", by, { error_message = count == 0
    and "there is no container" or ("%d of %d containers"):format(count, wanted) }) }
end

-- A container that does not run: a job that ended well is as it should be.
local function ended(service, info, by)
  local state = info.State
  local policy = info.HostConfig and info.HostConfig.RestartPolicy or {}
  if state.Status ~= "exited" then
    return result(service, "unknown", "script", by,
      { error_message = "the container is " .. state.Status })
  end
  local details = { exit_code = state.ExitCode,
    output = ("ended with code %d"):format(state.ExitCode or -1) }
  local is_job = state.ExitCode == 0 and (policy.Name or "no") ~= "always"
    and policy.Name ~= "unless-stopped" and not service.health_check
  if not is_job then details.error_message = "the container is exited" end
  return result(service, is_job and "healthy" or "unhealthy", "script", by, details)
end

--- All results of one container at this moment, those of the engine's log first.
---@param info table? container as the engine describes it
---@param by "manual"|"automated_script"
function M.of(engine, service, info, by)
  local health = service.health_check
  if not info then return M.missing(service, 0, 1, by) end
  if not info.State.Running or info.State.Paused then return { ended(service, info, by) } end
  local list = M.of_engine(service, info)
  if not health then
    list[#list + 1] = result(service, "healthy", "script", by,
      { output = "runs; it has no health check" })
    return list
  end
  if health.check.test and #health.check.test > 0 then
    list[#list + 1] = M.script(engine, service, info, by)
  end
  for _, endpoint in ipairs(health.endpoints) do
    list[#list + 1] = M.endpoint(service, endpoint, info, by)
  end
  return list
end

local WORST <const> = { healthy = 1, starting = 2, unknown = 3, unhealthy = 4 }

--- The worst of what was looked at now (not of the engine's log).
function M.verdict(results)
  local worst
  for _, one in ipairs(results) do
    if one.metadata.check_type ~= "docker_healthcheck"
      and (not worst or WORST[one.status] > WORST[worst.status]) then
      worst = one
    end
  end
  return worst
end

return M
