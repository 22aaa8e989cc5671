-- SPDX-License-Identifier: Apache-2.0
-- Validates one architecture: own copy of its tree, fresh emulator, deploy, tests, cleanup. What
-- status the outcome means is decided by the pipeline's rules/status.lua.

local ahead_of = require "std.emulator.ahead"
local convergence = require "std.validation.convergence"
local emulators = require "std.emulator"
local error_of = require "std.error"
local fs = require "std.fs"
local hang = require "std.validation.hang"
local json = require "std.json"
local lacks = require "std.emulator.lacks"
local leftovers = require "std.leftovers"
local networks = require "std.validation.network"
local owner = require "std.emulator.owner"
local parallel = require "std.parallel"
local python_of = require "std.python"
local terraform = require "std.terraform"
local time = require "std.time"
local warm = require "std.terraform.warm"

local M = {}

local MAX_LOG = 64 * 1024

-- Seconds that an ended program has to be gone.
local OVERTIME = 10

local Lab = {}
Lab.__index = Lab

--- The row of an emulator.
---@param rows table rules/emulators.lua
---@return table? row
---@return lsqm.Error? err code "usage"
function M.row(rows, name)
  if rows[name] then return rows[name] end
  local near = require("std.suggest").did_you_mean(name, rows)
  return nil, error_of.new { op = "emulator", code = "usage",
    message = ("unknown emulator '%s'"):format(name),
    hint = near and ("did you mean '%s'?"):format(near) or "add it to rules/emulators.lua" }
end

local function plan_emulator(config, wanted, rules, python)
  local spec, err = M.row(rules, wanted.name)
  if not spec then return nil, err end
  local version = wanted.version
  if not version and wanted.name == "localstack" then version = config.localstack_version end
  return emulators.plan { name = wanted.name, spec = spec, driver = wanted.driver,
    image = wanted.image, version = version, env = wanted.env, memory_mb = wanted.memory_mb,
    boot_timeout = wanted.boot_timeout, python = python }
end

-- Warm providers, or nil where only plain terraform will do.
local function open_pool(ctx, tool, workdir)
  local config = ctx.config
  if not config.terraform.warm or config.deployer ~= "terraform" then return nil end
  -- Providers start when they are needed: with "auto" memory alone limits how many there may be.
  local limit = config.parallel == "auto" and math.maxinteger or config.parallel
  local pool, err = warm.pool { tool = tool, workdir = workdir, limit = limit, log = ctx.log }
  if not pool then ctx.log:info("plain terraform is used", { reason = tostring(err) }) end
  return pool
end

--- Finds terraform, Python and the emulator once for a run. A missing one is the environment's
--- failure, before any architecture is touched.
---@param emulator table? instead of the configuration's
---@return table? lab close it
---@return table? err
function M.open(ctx, emulator)
  local config = ctx.config
  local workdir = fs.absolute(fs.join(config.workspace, "tmp"))
  local ok, err = fs.mkdir(workdir)
  if not ok then return nil, err end
  local record = owner.record(workdir, "run", require("luv").os_getpid())
  leftovers.reap(workdir, ctx.log)
  local python = python_of.find(config.python)
  local tool
  tool, err = terraform.find { home = fs.join(workdir, "terraform"),
    cache = python_of.cache_dir(), mirror = config.provider_mirror,
    tflocal = fs.join(fs.dirname(python), "tflocal") }
  if not tool then return nil, err end
  local plan
  plan, err = plan_emulator(config, emulator or config.emulator, ctx.rows("emulators"), python)
  if not plan then return nil, err end
  if plan.driver == "docker" then require("std.emulator.docker").reap(ctx.log) end
  if plan.note then ctx.log:info("emulator runs as a process", { reason = plan.note }) end
  local provider = warm.find(tool)
  return setmetatable({ ctx = ctx, config = config, workdir = workdir, python = python,
    tool = tool, plan = plan, provider_version = provider and provider.version,
    pool = open_pool(ctx, tool, workdir), decide = ctx.rules("status"),
    patience = ctx.rules("hang"), record = record }, Lab)
end

--- A lab like this one with another emulator; it lives no longer than this one.
---@param wanted table as the configuration's `emulator`
---@return table? lab
---@return table? err code "unavailable" when the image is not there
function Lab:beside(wanted)
  local plan, err = plan_emulator(self.config, wanted, self.ctx.rows("emulators"), self.python)
  if not plan then return nil, err end
  local lab = {}
  for key, value in pairs(self) do lab[key] = value end
  lab.plan, lab.ahead = plan, nil
  return setmetatable(lab, Lab)
end

local function start_emulator(self, run_id, arch)
  return emulators.start(self.plan, { run_id = run_id, arch = arch, workdir = self.workdir })
end

--- These architectures are validated now, in this order: the next one's emulator starts while
--- others are used, until what is returned is closed.
---@param run {run_id: string}
---@param hashes string[]
function Lab:boot_ahead(run, hashes)
  local ahead = ahead_of.new(function(hash) return start_emulator(self, run.run_id, hash) end,
    self.config.boot_ahead, hashes)
  self.ahead, self.run_id = ahead, run.run_id
  return setmetatable({}, { __close = function()
    self.ahead = nil
    ahead:close()
  end })
end

--- For the run's record: what the results were obtained with.
function Lab:describe()
  return { name = self.plan.name, driver = self.plan.driver, image = self.plan.image,
    image_id = self.plan.image_id, version = self.plan.version }
end

function Lab:close()
  if self.pool then self.pool:close() end
  if self.plan.driver == "docker" and self.run_id then
    local ok, err = require("std.emulator.docker").close_run(self.run_id)
    if not ok then self.ctx.log:warn("network not removed", { error = tostring(err) }) end
  end
  fs.remove(self.record)
end

Lab.__close = Lab.close

local function cut(text)
  if #text <= MAX_LOG then return text end
  return text:sub(1, MAX_LOG // 4) .. ("\n… %d bytes cut …\n"):format(#text - MAX_LOG)
    .. text:sub(-(MAX_LOG * 3 // 4))
end

-- The architecture's own copies: nothing is shared with another validation.
local function prepare(self, architecture, dir, lease)
  local store = self.ctx.store
  local root, app = lease and lease.dir or fs.join(dir, "terraform"), fs.join(dir, "app")
  local ok, err = fs.copy(architecture.tree or store:arch_dir(architecture.hash), root)
  if ok then ok, err = fs.copy(store:app_dir(architecture.hash), app) end
  if not ok then return nil, err end
  fs.remove(fs.join(root, "metadata.json"))
  fs.remove(fs.join(root, ".terraform.lock.hcl"))
  return root, app
end

local function run_tests(self, work, deployed, endpoint)
  local requirements = fs.read(fs.join(work.app, "requirements.txt")) or ""
  local python, err = python_of.environment(self.python, requirements)
  if not python then return nil, err end
  local state_path = fs.join(work.app, "state.json")
  local ok
  ok, err = fs.write(state_path, json.encode(deployed.resources))
  if not ok then return nil, err end
  return python_of.pytest { python = python, dir = work.app, tests = work.architecture.tests_file,
    test_timeout = self.config.test_timeout, timeout = work.left(), network = work.network.inner,
    env = { LSQM_STATE = state_path, AWS_ENDPOINT_URL = endpoint,
      LOCALSTACK_ENDPOINT = endpoint } }
end

local function plan_again(self, work, outcome, options)
  if not convergence.is_wanted(self.config.convergence, work.lease) then return end
  local began = time.monotonic()
  options.timeout = work.left()
  outcome.convergence = convergence.plan(self.tool, options)
  outcome.steps.plan = time.monotonic() - began
end

-- Deploy and test, into `outcome` step by step: what is there when time runs out is kept.
local function attempt(self, work, outcome)
  work.left = function()
    return math.max(0.1, self.config.timeout - (time.monotonic() - work.began))
  end
  local options = { dir = work.root, endpoint = work.network.endpoint, timeout = work.left(),
    aliases = work.architecture.provider_aliases, lease = work.lease,
    tflocal = self.config.deployer == "tflocal", network = work.network.inner,
    guard = hang.guard(work.network, work.emulator, self.patience,
      self.config.hang_timeout) }
  local deployed = self.tool:deploy(options)
  outcome.deploy = deployed
  outcome.steps.init = deployed.seconds.init
  outcome.steps.apply = deployed.seconds.apply
  if deployed.stopped and deployed.stopped.operation then
    deployed.hung = hang.describe(deployed.stopped, deployed.logs)
  end
  if not deployed.success then return end
  plan_again(self, work, outcome, options)
  if work.architecture.untested then
    outcome.tests = { harness_error = "only deployed" }
    return
  end
  local began = time.monotonic()
  local tests, err = run_tests(self, work, deployed, work.network.endpoint)
  outcome.steps.tests = time.monotonic() - began
  outcome.tests = tests or { harness_error = tostring(err) }
end

local function clean_up(self, work, outcome)
  local late = outcome.timed_out or (outcome.deploy or {}).timed_out
    or (outcome.tests or {}).timed_out or work.emulator:died()
  -- After a timeout the emulator goes as it is, and a dead one does: a destroy would hang as well.
  if outcome.deploy and self.config.destroy and not late then
    local began = time.monotonic()
    local destroyed = self.tool:destroy { dir = work.root, endpoint = work.network.endpoint,
      timeout = self.config.timeout, tflocal = self.config.deployer == "tflocal",
      lease = work.lease, network = work.network.inner }
    outcome.steps.destroy = time.monotonic() - began
    outcome.destroy = destroyed
  end
  if outcome.convergence then
    outcome.convergence.destroy = convergence.destroy(outcome.destroy, work.root)
  end
  outcome.refused = work.network:refused()
  local logs = work.emulator:logs(MAX_LOG * 2)
  outcome.container_logs = cut(logs)
  outcome.emulator.lacks = lacks.words(self.plan.spec.lacks, logs, outcome)
  -- Also after a timeout: an emulator that went away makes everything wait, and is no verdict.
  local died = work.emulator:died()
  if died then outcome.emulator.died = died end
end

-- The only way from terraform and the tests to their emulator.
local function open_network(work, emulator)
  local network, err = networks.open { endpoint = emulator.endpoint, lease = work.lease,
    dir = fs.dirname(work.app) }
  if not network then error(err, 0) end
  work.network = network
  return network
end

local function next_emulator(self, work)
  local hash = work.architecture.hash
  if self.ahead then return self.ahead:take(hash) end
  return start_emulator(self, work.run.run_id, hash)
end

local function with_emulator(self, work, outcome)
  local asked = time.monotonic()
  local emulator <close>, err = next_emulator(self, work)
  if not emulator then
    outcome.emulator = { started = false, error = tostring(err) }
    outcome.container_logs = cut(err.logs or "")
    return
  end
  work.emulator = emulator
  outcome.steps.boot = time.monotonic() - asked
  if work.lease then
    local usable, why = work.lease:use(emulator.endpoint)
    if not usable then work.lease:decline(why) end
  end
  local network <close> = open_network(work, emulator) -- luacheck: ignore network
  outcome.emulator = { started = true, name = emulator.name, version = emulator.version,
    driver = emulator.driver, image = emulator.image, image_id = emulator.image_id }
  work.began = time.monotonic()
  -- Programs end at the timeout themselves, so that their output is kept; this is for the rest.
  local ok, why = parallel.timeout(self.config.timeout + OVERTIME, function()
    attempt(self, work, outcome)
    return true
  end)
  if not ok then
    outcome.timed_out = true
    outcome.reason = tostring(why)
  end
  clean_up(self, work, outcome)
end

local function apply_record(outcome)
  local deploy = outcome.deploy
  if not deploy then return nil end
  return { success = deploy.success, resources_created = deploy.resources_created or 0,
    outputs = deploy.outputs or {}, logs = cut(deploy.logs or ""), step = deploy.step }
end

-- The data model wants pytest_results wherever there is a verdict, also when nothing was run.
local function tests_record(outcome)
  local tests = outcome.tests
  if tests and tests.total then
    tests.output = cut(tests.output or "")
    return tests
  end
  return { total = 0, passed = 0, failed = 0, skipped = 0,
    output = "not run: nothing was deployed" }
end

local function result_of(self, work, outcome)
  local began = work.began_at
  local status, reason = self.decide(outcome)
  if status == "TIMEOUT" and not (outcome.deploy and outcome.deploy.hung) then
    reason = ("%s (%g s)"):format(reason or "time exceeded", self.config.timeout)
  end
  -- By the clock that does not jump, so that a result never ends before it began.
  local seconds = math.max(0.001, time.monotonic() - began.clock)
  local result = {
    arch_hash = work.architecture.hash, run_id = work.run.run_id, status = status,
    reason = reason, started_at = time.iso(began.wall),
    completed_at = time.iso(began.wall + seconds), duration_seconds = seconds,
    terraform_apply = apply_record(outcome), pytest_results = tests_record(outcome),
    container_logs = outcome.container_logs, steps = outcome.steps, emulator = outcome.emulator,
    destroy = outcome.destroy and { success = outcome.destroy.success } or nil,
    provider_version = outcome.deploy and outcome.deploy.provider_version,
    convergence = outcome.convergence, hung = outcome.deploy and outcome.deploy.hung,
    refused = outcome.refused and #outcome.refused > 0 and outcome.refused or nil,
  }
  if status == "ERROR" then
    result.error_message = reason or "unknown error"
  end
  return result
end

-- In folders of its own; with a lease, the root in the one that the provider looks into.
local function in_place(self, work, outcome, lease)
  work.began_at = { wall = time.now(), clock = time.monotonic() }
  local dir <close>, why = fs.tempdir(fs.join(self.workdir, "validate-"))
  if not dir then error(why, 0) end
  work.lease = lease
  work.root, work.app = prepare(self, work.architecture, dir.path, lease)
  if not work.root then error(work.app, 0) end
  with_emulator(self, work, outcome)
  return true
end

-- A warm provider holds one configuration: roots with aliases are plain terraform's.
local function with_provider(self, work, outcome)
  local aliases = work.architecture.provider_aliases
  if not self.pool or (aliases and #aliases > 0) then return in_place(self, work, outcome) end
  local ok, err = self.pool:lease(function(lease)
    return in_place(self, work, outcome, lease)
  end)
  if ok then return end
  self.ctx.log:warn("plain terraform is used", { reason = tostring(err) })
  in_place(self, work, outcome)
end

--- Validates one architecture; its field `tree` names another Terraform root in its place, with
--- `untested` it is only deployed (an ERROR where that works: there is no verdict), `tests_file` is
--- what pytest is given in place of test_app.py. Always returns a result record: a raise of ours is
--- an ERROR, never a verdict about the emulator.
---@param architecture table
---@param run {run_id: string, observe: nil|fun(architecture: table, outcome: table)} observe gets
---  what was seen, with more in it than the record keeps
---@return table result as the data model's ValidationResult
function Lab:validate(architecture, run)
  self.run_id = run.run_id
  local outcome = { steps = {} }
  local work = { architecture = architecture, run = run,
    began_at = { wall = time.now(), clock = time.monotonic() } }
  local log = self.ctx.log:child { arch = architecture.hash }
  local ok, err = xpcall(with_provider, require("lsqm.raw.sched").error_handler, self, work,
    outcome)
  if not ok then
    if error_of.is_cancelled(err) then error(err, 0) end
    outcome.harness_error = tostring(err)
    log:error("validation failed in the harness", { error_type = err.code,
      error = tostring(err), stack_trace = err.traceback })
  end
  local result = result_of(self, work, outcome)
  if run.observe then run.observe(architecture, outcome) end
  log:info("validated", { status = result.status, reason = result.reason,
    duration = result.duration_seconds })
  return result
end

return M
