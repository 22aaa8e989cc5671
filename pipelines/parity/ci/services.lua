-- SPDX-License-Identifier: Apache-2.0
-- Service containers of a job on Docker: published where the workflow says, waited for, removed
-- with the job.

local docker = require "std.docker"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local json = require "std.json"
local parallel = require "std.parallel"
local step_of = require "pipelines.parity.ci.step"
local time = require "std.time"
local units = require "std.compose.units"
local words = require "std.compose.words"

local M = {}

local NANO <const> = 1000000000

local function nano(text)
  local seconds = units.duration(text)
  return seconds and math.floor(seconds * NANO) or nil
end

local OPTIONS <const> = {
  ["--health-cmd"] = function(spec, value)
    spec.Healthcheck.Test = json.array { "CMD-SHELL", value }
  end,
  ["--health-interval"] = function(spec, value) spec.Healthcheck.Interval = nano(value) end,
  ["--health-timeout"] = function(spec, value) spec.Healthcheck.Timeout = nano(value) end,
  ["--health-start-period"] = function(spec, value) spec.Healthcheck.StartPeriod = nano(value) end,
  ["--health-retries"] = function(spec, value)
    spec.Healthcheck.Retries = math.tointeger(tonumber(value))
  end,
  ["--hostname"] = function(spec, value) spec.Hostname = value end,
  ["--memory"] = function(spec, value) spec.HostConfig.Memory = units.bytes(value) end,
  ["--entrypoint"] = function(spec, value) spec.Entrypoint = json.array { value } end,
}

local function apply_options(spec, text, name)
  local list = words.split(text or "") or {}
  local i = 1
  while i <= #list do
    local option, value = list[i]:match("^(%-%-[%w-]+)=(.*)$")
    if not option then option, value, i = list[i], list[i + 1], i + 1 end
    local apply = OPTIONS[option]
    if not apply or value == nil then
      error(error_of.new { op = "service " .. name, code = "unsupported",
        message = "the option " .. option .. " is not supported here: act can run it" }, 0)
    end
    apply(spec, value)
    i = i + 1
  end
end

local function spec_of(name, service, scope, run_id)
  local env = json.array()
  for key, value in pairs(step_of.filled_map(service.env, scope)) do
    env[#env + 1] = key .. "=" .. value
  end
  local exposed, bindings = {}, {}
  for _, text in ipairs(service.ports or {}) do
    local published, target = tostring(text):match("^(%d+):(.+)$")
    target = target or tostring(text)
    local key = target:find("/", 1, true) and target or target .. "/tcp"
    exposed[key] = {}
    bindings[key] = json.array { { HostIp = "127.0.0.1", HostPort = published or "" } }
  end
  local spec = { Image = expression.text(expression.fill(service.image, scope)), Env = env,
    ExposedPorts = exposed, Healthcheck = {}, Labels = { ["lsqm.parity.ci"] = run_id },
    HostConfig = { PortBindings = bindings, Binds = service.volumes } }
  apply_options(spec, service.options and expression.text(expression.fill(service.options, scope)),
    name)
  if next(spec.Healthcheck) == nil then spec.Healthcheck = nil end
  return spec
end

local function must(value, err)
  if value == nil or value == false then error(err, 0) end
  return value
end

local function wait_until_ready(container, name)
  local deadline = time.monotonic() + 120
  while true do
    local state = must(container:inspect()).State
    if not state.Running then
      error(error_of.new { op = "service " .. name, code = "unhealthy",
        message = ("ended with code %d"):format(state.ExitCode) }, 0)
    end
    if not state.Health or state.Health.Status == "healthy" then return end
    if state.Health.Status == "unhealthy" or time.monotonic() > deadline then
      error(error_of.new { op = "service " .. name, code = "unhealthy",
        message = "did not become healthy" }, 0)
    end
    parallel.sleep(0.1)
  end
end

local function ports_of(container)
  local out = {}
  for key, bindings in pairs(must(container:inspect()).NetworkSettings.Ports or {}) do
    local first = type(bindings) == "table" and bindings[1]
    if first then out[key:match("^%d+")] = first.HostPort end
  end
  return out
end

local function start_one(engine, name, service, scope, run_id, held)
  local spec = spec_of(name, service, scope, run_id)
  if not engine:image(spec.Image) then must(engine:pull(spec.Image, { timeout = 0 })) end
  local container = must(engine:container(spec))
  held[#held + 1] = container
  must(container:start())
  wait_until_ready(container, name)
  return { id = container.id, ports = ports_of(container) }
end

--- Starts a job's services; the result is closed with the job.
---@return table held `<close>` it; held.contexts is `job.services`
function M.start(services, scope, run_id)
  local held = setmetatable({ contexts = {} }, { __close = function(list)
    for _, container in ipairs(list) do container:close() end
  end })
  if not services or next(services) == nil then return held end
  local ok, err = pcall(function()
    local engine = must(docker.connect())
    for name, service in pairs(services) do
      held.contexts[name] = start_one(engine, name, service, scope, run_id, held)
    end
  end)
  if not ok then
    for _, container in ipairs(held) do container:close() end
    error(err, 0)
  end
  return held
end

return M
