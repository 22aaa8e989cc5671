-- SPDX-License-Identifier: Apache-2.0
-- Terraform or OpenTofu: found once, run with a CLI configuration of our own, against an
-- emulator.
--
--   local tool = assert(terraform.find { mirror = config.provider_mirror, home = dir })
--   local deployed = tool:deploy { dir = root, endpoint = emulator.endpoint }

local cli_config = require "std.terraform.cli_config"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"
local provider = require "std.terraform.provider"
local requirements = require "std.terraform.requirements"
local state = require "std.terraform.state"
local time = require "std.time"

local M = {}

local Tool = {}
Tool.__index = Tool

local NAMES = { "terraform", "tofu" }

local function cached_tofu(cache)
  local path = cache and fs.join(cache, "tofu", "tofu")
  return path and fs.exists(path) and path or nil
end

local function locate(cache)
  for _, name in ipairs(NAMES) do
    local path = process.which(name)
    if path then return path, name end
  end
  local path = cached_tofu(cache)
  if path then return path, "tofu" end
  return nil
end

local function read_version(path)
  local result, err = process.run { argv = { path, "version", "-json" }, timeout = 60,
    env = { CHECKPOINT_DISABLE = "1" } }
  if not result then return nil, err end
  local answer = json.decode(result.stdout)
  if type(answer) ~= "table" then
    return nil, error_of.new { op = "terraform version", code = "unavailable",
      message = result.stderr }
  end
  return answer.terraform_version
end

-- What a sandboxed terraform may read besides the system and its own folder.
local function readable_folders(tool)
  local list = { tool.home }
  local python = tool.tflocal and fs.dirname(fs.dirname(tool.tflocal))
  local wanted = { tool.mirror or false, fs.dirname(tool.path), python or false }
  for _, path in ipairs(wanted) do
    local real = path and fs.realpath(path)
    if real then list[#list + 1] = real end
    if real and real ~= path then list[#list + 1] = path end
  end
  return list
end

--- Finds the tool and writes its CLI configuration into `home`, which the caller owns.
---@param options {home: string, mirror?: string, cache: string, tflocal?: string}
---@return table? tool {path=, kind="terraform"|"tofu", version=, mirror=, address=}
---@return table? err code "unavailable"
function M.find(options)
  local path, kind = locate(options.cache)
  if not path then
    return nil, error_of.new { op = "terraform", code = "unavailable",
      message = "neither terraform nor tofu is installed",
      hint = "run `make setup`, which fetches a pinned OpenTofu" }
  end
  local version, err = read_version(path)
  if not version then return nil, err end
  local ok
  ok, err = fs.mkdir(options.home)
  if not ok then return nil, err end
  local tool = setmetatable({ path = path, kind = kind, version = version,
    address = cli_config.address(kind), home = fs.realpath(options.home),
    cache = options.cache, tflocal = options.tflocal }, Tool)
  tool.mirror = cli_config.find_mirror(options.mirror)
  tool.readable = readable_folders(tool)
  tool.cli_config, err = cli_config.write(tool)
  if not tool.cli_config then return nil, err end
  return tool
end

--- The environment of a terraform process in `dir`: nothing of ours gets in but what is listed.
function Tool:environment(dir)
  return {
    TF_CLI_CONFIG_FILE = self.cli_config, TF_IN_AUTOMATION = "1", CHECKPOINT_DISABLE = "1",
    HOME = dir, TMPDIR = dir, AWS_EC2_METADATA_DISABLED = "true",
    -- Most of the provider's time is garbage collection of its own schemas: collecting a quarter as
    -- often takes a third off apply and destroy.
    GOGC = "400",
    AWS_ACCESS_KEY_ID = "test", AWS_SECRET_ACCESS_KEY = "test", AWS_DEFAULT_REGION = "us-east-1",
  }
end

-- A lease that does not serve this root is as good as none.
local function lease_of(options)
  local lease = options.lease
  return lease and not lease.declined and lease or nil
end

local function environment(tool, options)
  local env, lease = tool:environment(options.dir), lease_of(options)
  for _, extra in ipairs { lease and lease.env or {}, options.env or {} } do
    for key, value in pairs(extra) do env[key] = value end
  end
  return env
end

-- A registry is reached through the user's proxy and CA files; an emulator never is.
local NETWORK_VARIABLES = { "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
  "SSL_CERT_FILE", "SSL_CERT_DIR" }

-- A terraform whose guard finds something is ended at once: what it found is result.stopped.
local function guarded(options, guard)
  local handle <close>, err = process.start(options)
  if not handle then return nil, err end
  if not guard then return handle:wait() end
  local first, found, why = parallel.race { function() return handle:wait() end, guard }
  if first == 1 then return found, why end
  handle:kill("KILL")
  local result
  result, err = handle:wait()
  if result then result.stopped, result.timed_out = found, true end
  return result, err
end

-- With a warm provider nothing else needs a network; init may have modules to fetch.
local function network_of(options)
  if lease_of(options) then return nil end
  return not options.open and options.network or true
end

--- Runs one command in `dir`. The result is the process's, whatever its exit code. Without a lease
--- `network` (as of process.sandbox) is all that it reaches, unless `open`. guard() returns what
--- is reason enough to end the command early.
---@param options {args: string[], dir: string, timeout?: number, env?: table, online?: boolean,
---  lease?: lsqm.Lease, network?: table, open?: boolean, guard?: fun(): table}
function Tool:run(options)
  local command = { options.tflocal and self.tflocal or self.path }
  for _, arg in ipairs(options.args) do command[#command + 1] = arg end
  local lease = lease_of(options)
  local argv = process.sandbox { argv = command, ro = self.readable, accounts = false,
    network = network_of(options), rw = { options.dir, lease and lease.folder } }
  return guarded({ argv = argv, cwd = options.dir, timeout = options.timeout,
    env = environment(self, options), max_output = 2 * 1024 * 1024, grace = 3,
    inherit = options.online and NETWORK_VARIABLES or nil, merge_output = true },
    options.guard)
end

--- What terraform complains of, in one line: the first error's title and the resource it is about.
---@param logs string
function M.first_error(logs)
  local title, rest = logs:match("Error: ([^\n]+)(.*)")
  if not title then return (logs:match("([^\n]+)%s*$")) end
  local resource = rest:match("^%s*[^E]-with ([^,\n]+),")
  return resource and ("%s: %s"):format(resource, title) or title
end

-- Terraform's own exit codes are small: what lies above is a signal's number, as shells and
-- sandboxes pass it on. A crash or an out-of-memory kill says nothing about the template.
local function killed_by(result)
  if result.timed_out then return nil end
  if result.signal then return result.signal end
  return result.code and result.code > 128 and result.code - 128 or nil
end

-- What bubblewrap says where it could not start the program: nothing about the template either. It
-- says no more than that; what terraform prints is never its first and only line.
local function not_started(result)
  if result.timed_out or result.code ~= 1 then return nil end
  return (result.stdout .. result.stderr):match("^(bwrap: [^\n]*)\n?$")
end

local function failed(step, result, err)
  if not result then
    return { success = false, step = step, logs = tostring(err), harness_error = tostring(err) }
  end
  local logs, signal = result.stdout .. result.stderr, killed_by(result)
  return { success = false, step = step, logs = logs, error = M.first_error(logs),
    exit_code = result.code, timed_out = result.timed_out or nil,
    stopped = result.stopped,
    harness_error = signal and ("terraform %s was killed by signal %d"):format(step, signal)
      or not_started(result) }
end

--- `init` alone; the provider comes from the mirror where there is one.
---@param lease? lsqm.Lease
function Tool:init(dir, timeout, lease)
  return self:run { args = { "init", "-backend=false", "-input=false", "-no-color" }, dir = dir,
    timeout = timeout, online = self.mirror == nil, open = true, lease = lease }
end

-- With a warm provider init asks neither which providers there are nor whether the version fits.
local function check_lease(tool, options)
  local result, err = tool:run { args = { "providers", "-no-color" }, dir = options.dir,
    lease = options.lease, timeout = 60 }
  if not result then return false, err end
  if result.code ~= 0 then return false, process.failure("terraform providers", result) end
  return requirements.fits(requirements.parse(result.stdout), options.lease.provider)
end

-- What init says when it would have to fetch a module.
local REMOTE <const> = { "download module", "remote module registry", "discovery document" }

local function wants_network(result)
  for _, words in ipairs(REMOTE) do
    if result.stdout:find(words, 1, true) then return "a module must be fetched" end
  end
  return nil
end

-- init, with the leased provider where it is the one that plain terraform would take.
local function begin(tool, options, left)
  local result, err = tool:init(options.dir, left(), options.lease)
  if not lease_of(options) or not result then return result, err end
  local fits, why = false, wants_network(result)
  if result.code ~= 0 and not why then return result end
  if result.code == 0 then fits, why = check_lease(tool, options) end
  if fits then return result end
  options.lease:decline(why)
  return tool:init(options.dir, left())
end

--- `validate -json`; true, or false and the diagnostics' text. Needs a folder with init done.
function Tool:validate(dir, timeout)
  local result, err = self:run { args = { "validate", "-json", "-no-color" }, dir = dir,
    timeout = timeout }
  if not result then return nil, err end
  local answer = json.decode(result.stdout)
  if type(answer) ~= "table" then return nil, error_of.new { op = "terraform validate",
    code = "internal", message = result.stdout .. result.stderr } end
  return answer.valid == true, answer.diagnostics
end

-- Writes what makes the root's provider talk to the emulator. tflocal writes its own override,
-- so it gets bare provider blocks only.
local function configure(tool, options)
  if options.tflocal then return provider.write_bare(options.dir, options.aliases) end
  local lease = lease_of(options)
  local services, err = provider.services(tool, options.dir, lease)
  if not services then return nil, err end
  return provider.write(options.dir, lease and lease.endpoint or options.endpoint, services,
    options.aliases)
end

local function tflocal_environment(tool, options)
  if not options.tflocal then return nil end
  local port = options.endpoint:match(":(%d+)$")
  return { TF_CMD = tool.path, AWS_ENDPOINT_URL = options.endpoint, S3_HOSTNAME = "127.0.0.1",
    LOCALSTACK_HOSTNAME = "127.0.0.1", EDGE_PORT = port,
    PATH = fs.dirname(tool.path) .. ":" .. (os.getenv("PATH") or "") }
end

local APPLY = { "apply", "-auto-approve", "-input=false", "-no-color", "-lock=false" }

-- A function that tells how much of `timeout` is left; nil stays nil (no limit).
local function budget(timeout)
  local deadline = timeout and time.monotonic() + timeout
  return function() return deadline and math.max(0.1, deadline - time.monotonic()) end
end

local function apply(self, options, left)
  local result, err = self:run { args = APPLY, dir = options.dir, tflocal = options.tflocal,
    env = tflocal_environment(self, options), timeout = left(), lease = options.lease,
    network = options.network, guard = options.guard }
  local deployed = state.read(options.dir)
  local outcome = result and result.code == 0 and not result.timed_out
    and { success = true, step = "apply", logs = result.stdout .. result.stderr }
    or failed("apply", result, err)
  outcome.resources_created = #deployed.resources
  outcome.outputs = deployed.outputs
  outcome.resources = deployed.resources
  local lease = lease_of(options)
  if lease and not outcome.success then
    outcome.harness_error = outcome.harness_error or lease:failure()
  end
  return outcome
end

--- init, provider configuration, apply. Never raises for what the template does wrong; what
--- exceeds the time is ended, and its output so far is kept (timed_out).
---@param options {dir: string, endpoint: string, aliases?: table, tflocal?: boolean,
---  timeout?: number, lease?: lsqm.Lease, network?: table, guard?: fun(): table}
---@return {success: boolean, step: string, logs: string, resources_created: integer,
---  outputs: table, seconds: table, provider_version?: string, harness_error?: string,
---  timed_out?: boolean, stopped?: table}
function Tool:deploy(options)
  local seconds, began, left = {}, time.monotonic(), budget(options.timeout)
  local result, err = begin(self, options, left)
  seconds.init = time.monotonic() - began
  if not result or result.code ~= 0 then
    local outcome = failed("init", result, err)
    outcome.seconds = seconds
    return outcome
  end
  local written
  written, err = configure(self, options)
  if not written then
    return { success = false, step = "provider", logs = tostring(err), seconds = seconds,
      harness_error = tostring(err) }
  end
  began = time.monotonic()
  local outcome = apply(self, options, left)
  outcome.provider_version = provider.version(options.dir, lease_of(options))
  seconds.apply = time.monotonic() - began
  outcome.seconds = seconds
  return outcome
end

--- destroy. The state was written seconds ago by our own apply, so refreshing it first would only
--- repeat every read.
function Tool:destroy(options)
  local lease = lease_of(options)
  local lost = lease and lease:failure()
  if lost then
    lease:decline(lost)
    self:init(options.dir, options.timeout)
  end
  local result, err = self:run { args = { "destroy", "-auto-approve", "-input=false", "-no-color",
    "-lock=false", "-refresh=false" }, dir = options.dir, tflocal = options.tflocal,
    timeout = options.timeout, env = tflocal_environment(self, options), lease = options.lease,
    network = options.network }
  if not result then return { success = false, logs = tostring(err) } end
  return { success = result.code == 0, logs = result.stdout .. result.stderr,
    timed_out = result.timed_out or nil }
end

return M
