-- SPDX-License-Identifier: Apache-2.0
-- Service containers of a job on Docker: published where the workflow says, waited for, removed
-- with the job.

local docker = require "std.docker"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local json = require "std.json"
local keys = require "pipelines.parity.ci.keys"
local owner = require "std.emulator.owner"
local parallel = require "std.parallel"
local table_of = require "std.table"
local time = require "std.time"
local units = require "std.compose.units"
local uuid = require "std.uuid"
local words = require "std.compose.words"

local M = {}

local NANO <const> = 1000000000
local PATIENCE <const> = 120 -- seconds for a service to become healthy
local LABEL <const> = "lsqm.parity.ci"

local function nano(text)
  local seconds = units.duration(text)
  return seconds and math.floor(seconds * NANO) or nil
end

local function whole(text) return math.tointeger(tonumber(text)) end

local function text_of(value) return value end

-- The options of `docker create` that are known: where their value goes, and what it becomes there,
-- nil where it is none.
local OPTIONS <const> = {
  ["--health-cmd"] = { "Healthcheck", "Test",
    function(value) return json.array { "CMD-SHELL", value } end },
  ["--health-interval"] = { "Healthcheck", "Interval", nano },
  ["--health-timeout"] = { "Healthcheck", "Timeout", nano },
  ["--health-start-period"] = { "Healthcheck", "StartPeriod", nano },
  ["--health-retries"] = { "Healthcheck", "Retries", whole },
  ["--memory"] = { "HostConfig", "Memory", units.bytes },
  ["--shm-size"] = { "HostConfig", "ShmSize", units.bytes },
  ["--cpus"] = { "HostConfig", "NanoCpus", function(value)
    local number = tonumber(value)
    return number and math.floor(number * NANO)
  end },
  ["--user"] = { false, "User", text_of },
  ["--hostname"] = { false, "Hostname", text_of },
  ["--entrypoint"] = { false, "Entrypoint", function(value) return json.array { value } end },
}

-- The options in a text, as {name, value}; a text that cannot be split is one without a value.
local function each_option(text)
  local list, found, i = words.split(text or ""), {}, 1
  if not list then return { { text } } end
  while i <= #list do
    local option, value = list[i]:match("^(%-%-[%w-]+)=(.*)$")
    if not option then option, value, i = list[i], list[i + 1], i + 1 end
    found[#found + 1] = { option, value }
    i = i + 1
  end
  return found
end

--- The first of a service's options that is not known here or whose value is none, or nil.
---@param text string? as in the workflow file, without expressions
function M.unsupported(text)
  for _, row in ipairs(each_option(text)) do
    local known = OPTIONS[row[1]]
    if not known or row[2] == nil then return row[1] end
    if known[3](row[2]) == nil then return row[1] .. " " .. row[2] end
  end
  return nil
end

local function apply_options(spec, text, name)
  local bad = M.unsupported(text)
  if bad then
    error(error_of.new { op = "service " .. name, code = "unsupported",
      message = "the option " .. bad .. " is not supported here: act can run it" }, 0)
  end
  for _, row in ipairs(each_option(text)) do
    local known = OPTIONS[row[1]]
    local target = known[1] and spec[known[1]] or spec
    target[known[2]] = known[3](row[2])
  end
end

-- Ports are published on this machine alone, whatever address the workflow names.
local function ports(service)
  local exposed, bindings = {}, {}
  for _, item in ipairs(service.ports or {}) do
    local text = expression.text(item):gsub("^%d+%.%d+%.%d+%.%d+:", "")
    local published, target = text:match("^(%d*):(.+)$")
    target = target or text
    local key = target:find("/", 1, true) and target or target .. "/tcp"
    exposed[key] = {}
    bindings[key] = json.array { { HostIp = "127.0.0.1", HostPort = published or "" } }
  end
  return exposed, bindings
end

-- In a network of the job's own the services are known by their names.
local function networking(spec, name, network)
  if not network then return end
  spec.HostConfig.NetworkMode = network
  spec.NetworkingConfig = { EndpointsConfig = { [network] = { Aliases = json.array { name } } } }
end

-- Its expressions may have given anything; what the file says itself is checked when it is read.
local function filled(name, service, scope)
  local out = expression.fill_all(service, scope)
  local _, problem = require("pipelines.parity.ci.check").problem(out, keys.service, name)
  if not problem then return out end
  error(error_of.new { op = "service " .. name, code = "invalid", message = problem }, 0)
end

local function spec_of(name, definition, scope, held)
  local service, env = filled(name, definition, scope), json.array()
  for key, value in table_of.sorted_pairs(service.env or {}) do
    env[#env + 1] = key .. "=" .. expression.text(value)
  end
  local exposed, bindings = ports(service)
  local spec = { Image = service.image, Env = env,
    ExposedPorts = exposed, Healthcheck = {}, Labels = held.labels,
    HostConfig = { PortBindings = bindings, Binds = service.volumes } }
  apply_options(spec, service.options, name)
  if next(spec.Healthcheck) == nil then spec.Healthcheck = nil end
  networking(spec, name, held.network)
  return spec
end
M.spec = spec_of

local must = require("pipelines.parity.engine.raise").must

local function unhealthy(name, text, ...)
  error(error_of.new { op = "service " .. name, code = "unhealthy", message = text:format(...) }, 0)
end

local function wait_until_ready(container, name, deadline)
  deadline = math.min(time.monotonic() + PATIENCE, deadline)
  while true do
    local state = must(container:inspect()).State
    if not state.Running then unhealthy(name, "ended with code %d", state.ExitCode) end
    if not state.Health or state.Health.Status == "healthy" then return end
    if state.Health.Status == "unhealthy" or time.monotonic() > deadline then
      unhealthy(name, "did not become healthy")
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

local function start_one(engine, name, service, scope, held)
  local spec = spec_of(name, service, scope, held)
  if not engine:image(spec.Image) then must(engine:pull(spec.Image, { timeout = 0 })) end
  local container = must(engine:container(spec))
  must(container:start())
  wait_until_ready(container, name, held.deadline)
  return { id = container.id, ports = ports_of(container) }
end

-- By their label, so that one whose making was interrupted is found as well. One that cannot be
-- removed does not keep the others.
local function remove_all(held)
  if not held.engine then return end
  local mine = LABEL .. ".job=" .. held.labels[LABEL .. ".job"]
  local failed
  local function note(ok, err)
    if not ok and err.code ~= "not_found" then failed = failed or err end
  end
  for _, item in ipairs(must(held.engine:containers { labels = { mine }, all = true })) do
    note(held.engine:remove(item.Id, { force = true, volumes = true }))
  end
  for _, item in ipairs(must(held.engine:networks { labels = { mine } })) do
    note(held.engine:network_remove(item.Id))
  end
  if failed then error(failed, 0) end
end

-- Without an engine the job was not judged: this is a fault of the machine, not of the job.
local function connect()
  local engine, err = docker.connect()
  if engine then return engine end
  err.environment = true
  error(err, 0)
end

--- Starts a job's services; the result is closed with the job.
---@param job table {id, run_id, control = {deadline}, network = it needs one of its own}
---@return table held `<close>` it; held.contexts is `job.services`
function M.start(services, scope, job)
  local held = setmetatable({ contexts = {}, deadline = job.control.deadline,
    labels = { lsqm = "1", ["lsqm.owner"] = owner.of(), [LABEL] = job.run_id,
      [LABEL .. ".job"] = job.id } }, { __close = remove_all })
  if not job.network and (not services or next(services) == nil) then return held end
  local ok, err = pcall(function()
    held.engine = connect()
    if job.network then
      local name = "lsqm-ci-" .. uuid.v4()
      must(held.engine:network_create { Name = name, Labels = held.labels })
      held.network = name
    end
    for name, service in table_of.sorted_pairs(services or {}) do
      held.contexts[name] = start_one(held.engine, name, service, scope, held)
    end
  end)
  if not ok then
    remove_all(held)
    error(err, 0)
  end
  return held
end

return M
