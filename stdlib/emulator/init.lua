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
---@field version string    as the health answer or the installed package names it, else the tag
---@field image string?     image reference (docker)
---@field image_id string?  digest of the image (docker)
---@field boot_seconds number
---@field logs fun(self, max?: integer): string
---@field close fun(self)

local function is_launchable(process)
  return type(process) == "table" and (process.module or process.argv) ~= nil
end

-- What is wrong with a row, which may be a user's.
local function problem_of(spec)
  if type(spec.health) ~= "string" then return "its row has no health path" end
  if spec.process ~= nil and not is_launchable(spec.process) then
    return "its row's process has neither module nor argv"
  end
  if spec.image and math.type(spec.port) ~= "integer" then return "its row has no port" end
  if not spec.image and not spec.process then return "its row has neither image nor process" end
  return nil
end

--- Decides how to run: `docker` when an engine answers and has the image, else `process`.
--- Explicit drivers are checked instead: what is missing is an error with a hint.
---@param options {spec: table, name: string, driver?: string, image?: string, version?: string}
---@return table? plan {driver=, name=, spec=, image=, note=}
---@return table? err
function M.plan(options)
  local spec = options.spec
  if type(spec) ~= "table" then error("emulator.plan: spec must be a table", 2) end
  local problem = problem_of(spec)
  if problem then
    return nil, error_of.new { op = "emulator " .. options.name, code = "usage",
      message = problem, hint = "rules/emulators.lua says what a row holds" }
  end
  local driver = options.driver or "auto"
  local plan = { name = options.name, spec = spec, driver = driver,
    version = options.version or spec.version or "latest",
    env = options.env, memory_mb = options.memory_mb, boot_timeout = options.boot_timeout or 90 }
  plan.image = options.image or spec.image and (spec.image .. ":" .. plan.version)
  if driver == "docker" or driver == "auto" and plan.image then
    local found, err = require(DRIVERS.docker).probe(plan)
    if found then
      plan.driver = "docker"
      return plan
    end
    if driver == "docker" or not spec.process then return nil, err end
    plan.note = tostring(err)
  end
  if not spec.process then
    return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
      message = "it runs in a container only" }
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
      local why = error_of.new { op = "emulator " .. plan.name, code = "unavailable",
        message = "died at start: " .. died }
      why.died = true
      return nil, why
    end
    parallel.sleep(pause)
    pause = math.min(0.5, pause * 1.5)
  end
  return nil, error_of.new { op = "emulator " .. plan.name, code = "timeout",
    message = ("not healthy after %g s (%s)"):format(plan.boot_timeout, last) }
end

-- What the emulator says of itself; else what its driver finds out, asked once for a plan.
local function version_of(plan, answer, instance)
  local field = plan.spec.version_field
  local body = field and json.decode(answer.body)
  local version = type(body) == "table" and body[field]
  if type(version) == "string" then return version end
  plan.found_version = plan.found_version or instance:installed_version(plan)
  return plan.found_version or plan.version
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

-- An engine that is ending still starts containers, and ends them at once.
local function was_ended(plan, err) return plan.driver == "docker" and err.died == true end

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
    if instance or not (lost_its_port(answer) or was_ended(plan, answer)) then break end
  end
  if not instance then return nil, answer end
  instance.name = plan.name
  instance.driver = plan.driver
  instance.version = version_of(plan, answer, instance)
  instance.boot_seconds = time.monotonic() - began
  return instance
end

return M
