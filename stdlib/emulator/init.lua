-- SPDX-License-Identifier: Apache-2.0
-- Emulators of AWS: one started instance per architecture, closed whatever happens.
--
--   local emulator <close> = assert(emulators.start { spec = …, driver = "auto", … })
--   emulator.endpoint  "http://127.0.0.1:41233"
--
-- A start that fails is an error of the harness (nil, err), never a verdict; err.logs holds what
-- the emulator said before it died.

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

local ATTEMPTS = 3

local DRIVERS = { docker = "std.emulator.docker", process = "std.emulator.process" }

---@class lsqm.Emulator
---@field name string       "ministack"
---@field driver string     "docker" | "process"
---@field endpoint string   base URL on the loopback interface
---@field version string    as the health answer names it, else the image's tag
---@field image string?     image reference (docker)
---@field image_id string?  digest of the image (docker)
---@field boot_seconds number
---@field logs fun(self, max?: integer): string
---@field close fun(self)

--- Decides how to run: `docker` when an engine answers and has the image, else `process`.
--- Explicit drivers are checked instead: what is missing is an error with a hint.
---@param options {spec: table, name: string, driver?: string, image?: string, version?: string}
---@return table? plan {driver=, name=, spec=, image=, note=}
---@return table? err
function M.plan(options)
  local spec = options.spec
  if type(spec) ~= "table" then error("emulator.plan: spec must be a table", 2) end
  local driver = options.driver or "auto"
  local plan = { name = options.name, spec = spec, driver = driver,
    version = options.version or spec.version or "latest",
    env = options.env, memory_mb = options.memory_mb, boot_timeout = options.boot_timeout or 90 }
  plan.image = options.image or (spec.image .. ":" .. plan.version)
  if driver ~= "process" then
    local found, err = require(DRIVERS.docker).probe(plan)
    if found then
      plan.driver = "docker"
      return plan
    end
    if driver == "docker" or not spec.process then return nil, err end
    plan.note = tostring(err)
  end
  plan.driver = "process"
  local ok, err = require(DRIVERS.process).probe(plan, options.python)
  if not ok then return nil, err end
  return plan
end

-- Polls the health path; the driver says when the instance has died meanwhile.
local function wait_healthy(instance, plan)
  local url = instance.endpoint .. plan.spec.health
  local deadline = time.monotonic() + plan.boot_timeout
  local pause, last = 0.05, "no answer yet"
  while time.monotonic() < deadline do
    local answer, err = http.get(url, { timeout = 2, retries = 0 })
    if answer and answer.status == 200 then return answer end
    last = answer and ("HTTP " .. answer.status) or tostring(err)
    local died = instance:died()
    if died then
      return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
        message = "died at start: " .. died }
    end
    parallel.sleep(pause)
    pause = math.min(0.5, pause * 1.5)
  end
  return nil, error_of.new { op = "emulator " .. plan.name, code = "timeout",
    message = ("not healthy after %g s (%s)"):format(plan.boot_timeout, last) }
end

local function version_of(plan, answer)
  local field = plan.spec.version_field
  local body = field and json.decode(answer.body)
  local version = type(body) == "table" and body[field]
  return type(version) == "string" and version or plan.version
end

local function start_once(plan, options)
  local instance, err = require(DRIVERS[plan.driver]).start(plan, options)
  if not instance then return nil, err end
  local ok, answer, why = xpcall(wait_healthy, require("lsqm.raw.sched").error_handler, instance,
    plan)
  if ok and answer then return instance, answer end
  local logs = ok and instance:logs(20000) or ""
  instance:close()
  if not ok then error(answer, 0) end
  why.logs = logs
  return nil, why
end

-- A free port may be taken by somebody else before the emulator binds it.
local function lost_its_port(err)
  return (err.logs or ""):lower():find("address already in use", 1, true) ~= nil
end

--- Starts one instance by a plan and waits until it is healthy.
---@param plan table from M.plan
---@param options {run_id?: string, arch?: string, workdir?: string}
---@return lsqm.Emulator? emulator
---@return table? err with .logs
function M.start(plan, options)
  local began = time.monotonic()
  local instance, answer
  for _ = 1, ATTEMPTS do
    instance, answer = start_once(plan, options or {})
    if instance or not lost_its_port(answer) then break end
  end
  if not instance then return nil, answer end
  instance.name = plan.name
  instance.driver = plan.driver
  instance.version = version_of(plan, answer)
  instance.boot_seconds = time.monotonic() - began
  return instance
end

return M
