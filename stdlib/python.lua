-- SPDX-License-Identifier: Apache-2.0
-- Python environments and pytest runs of generated apps.
--
-- Apps run in the stock environment when it satisfies their requirements, else in a virtual
-- environment that is made once per hash of requirements.txt.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"
local sha256 = require "std.sha256"
local uv = require "luv"

local M = {}

--- The cache outside of checkouts: $LSQM_CACHE, else $XDG_CACHE_HOME/lsqm, else ~/.cache/lsqm.
function M.cache_dir()
  local own = os.getenv("LSQM_CACHE")
  if own and own ~= "" then return own end
  local xdg = os.getenv("XDG_CACHE_HOME")
  if xdg and xdg ~= "" then return fs.join(xdg, "lsqm") end
  return fs.join(os.getenv("HOME") or "/tmp", ".cache", "lsqm")
end

--- The interpreter of the stock environment: configured, the one `make setup` made, or the
--- system's.
---@param configured? string
function M.find(configured)
  if configured then return configured end
  local stock = fs.join(M.cache_dir(), "python", "bin", "python3")
  if fs.exists(stock) then return stock end
  return process.which("python3") or "python3"
end

-- Prints the requirements that this environment does not satisfy, as a JSON list.
local CHECK = [[
import json, sys
from importlib import metadata
from packaging.requirements import Requirement
missing = []
for line in sys.stdin:
    text = line.split("#")[0].strip()
    if not text:
        continue
    wanted = Requirement(text)
    try:
        have = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        missing.append(text)
        continue
    if not wanted.specifier.contains(have, prereleases=True):
        missing.append(text)
print(json.dumps(missing))
]]

local satisfied = {}

-- Does the stock environment have what the requirements name?
local function stock_serves(python, requirements)
  local key = python .. "\0" .. requirements
  if satisfied[key] == nil then
    local result = process.run { argv = { python, "-c", CHECK }, stdin = requirements,
      timeout = 60 }
    local missing = result and result.code == 0 and json.decode(result.stdout)
    satisfied[key] = type(missing) == "table" and #missing == 0
  end
  return satisfied[key]
end

local function make_environment(python, requirements, dir)
  local made, err = process.run { argv = { python, "-m", "venv", dir }, timeout = 120 }
  if made and made.code == 0 then
    fs.write(fs.join(dir, "requirements.txt"), requirements)
    made, err = process.run { argv = { fs.join(dir, "bin", "python3"), "-m", "pip", "install",
      "--quiet", "-r", fs.join(dir, "requirements.txt") }, timeout = 600,
      env = { HOME = dir, PIP_DISABLE_PIP_VERSION_CHECK = "1" },
      inherit = { "HTTPS_PROXY", "https_proxy", "PIP_INDEX_URL", "PIP_CERT", "SSL_CERT_FILE" } }
    if made and made.code == 0 then return true end
  end
  fs.remove(dir)
  return nil, error_of.new { op = "python environment", code = "unavailable",
    message = made and made.stderr:sub(-400) or tostring(err),
    hint = "the app's requirements.txt could not be installed" }
end

-- Made beside its place and moved there when it is whole, so nobody meets half an environment.
local function install(python, requirements, dir)
  local unfinished = ("%s.%d"):format(dir, uv.os_getpid())
  fs.remove(unfinished)
  local ok, err = make_environment(python, requirements, unfinished)
  if not ok then return nil, err end
  return fs.rename(unfinished, dir)
end

local making = {} -- requirements' hash → event of the task that makes the environment

--- The interpreter that an app with these requirements runs in.
---@return string? python
---@return table? err
function M.environment(python, requirements)
  if stock_serves(python, requirements) then return python end
  local key = sha256.string(python .. "\n" .. requirements):sub(1, 16)
  local dir = fs.join(M.cache_dir(), "apps", key)
  local own = fs.join(dir, "bin", "python3")
  while making[key] do making[key]:wait() end
  if fs.exists(own) then return own end
  local done = parallel.event()
  making[key] = done
  local waiting <close> = setmetatable({}, { __close = function() -- luacheck: ignore waiting
    making[key] = nil
    done:set()
  end })
  fs.mkdir(fs.dirname(dir))
  local ok, err = install(python, requirements, dir)
  if not ok then return nil, err end
  return own
end

-- Compiles texts given as JSON {name: source}; prints the first error as JSON, or null.
local COMPILE = [[
import json, sys
problem = None
for name, source in sorted(json.load(sys.stdin).items()):
    try:
        compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        problem = {"file": name, "line": getattr(error, "lineno", None) or 1, "message": str(error)}
        break
print(json.dumps(problem))
]]

--- Does every Python file of an app compile (FR-020)? Nothing of it is run.
---@param files table<string, string>
---@return boolean? ok
---@return table? err code "syntax" with the file and line
function M.check_syntax(configured, files)
  local sources = {}
  for name, text in pairs(files) do
    if name:match("%.py$") then sources[name] = text end
  end
  local result, err = process.run { argv = { M.find(configured), "-c", COMPILE },
    stdin = json.encode(sources), timeout = 60 }
  if not result then return nil, err end
  local problem = json.decode(result.stdout)
  if result.code ~= 0 then
    return nil, error_of.new { op = "python", code = "internal", message = result.stderr:sub(-300) }
  end
  if type(problem) ~= "table" then return true end
  return nil, error_of.new { op = "generate", code = "syntax", file = problem.file,
    line = problem.line, message = problem.message }
end

local OUTCOMES = { "passed", "failed", "skipped", "error", "xfailed", "xpassed" }

local function tests_of(report)
  local list = json.array {}
  for _, test in ipairs(report.tests or {}) do
    local phase = test.call or test.setup or {}
    list[#list + 1] = { name = test.nodeid, outcome = test.outcome,
      seconds = phase.duration, message = phase.crash and phase.crash.message or nil }
  end
  return list
end

-- pytest-json-report's summary in the data model's terms; tests that broke in set-up failed.
local function summarise(report, output)
  local summary, counts = report.summary or {}, {}
  for _, name in ipairs(OUTCOMES) do counts[name] = summary[name] or 0 end
  local failed = counts.failed + counts.error + counts.xpassed
  local collected = report.collectors or {}
  local broken = 0
  for _, collector in ipairs(collected) do
    if collector.outcome == "failed" then broken = broken + 1 end
  end
  return { total = counts.passed + failed + counts.skipped + counts.xfailed,
    passed = counts.passed + counts.xfailed, failed = failed, skipped = counts.skipped,
    collection_errors = broken, output = output, tests = tests_of(report) }
end

local function environment_of(options)
  local env = {
    HOME = "/tmp", TMPDIR = "/tmp", PYTHONDONTWRITEBYTECODE = "1",
    PYTHONHASHSEED = "0", PY_COLORS = "0",
    AWS_ACCESS_KEY_ID = "test", AWS_SECRET_ACCESS_KEY = "test",
    AWS_DEFAULT_REGION = "us-east-1", AWS_REGION = "us-east-1",
    AWS_EC2_METADATA_DISABLED = "true",
  }
  for key, value in pairs(options.env or {}) do env[key] = value end
  return env
end

-- Generated code is a guest: what it may use up, in bytes, processes and seconds.
local LIMITS = { memory = 4 << 30, processes = 256, file_size = 64 << 20 }
local TMP_SIZE = 256 << 20

local TESTS_FAILED <const> = 1 -- pytest's exit code

-- The app is a copy that is thrown away: others may read it.
local function open_to_guest(dir)
  uv.fs_chmod(dir, tonumber("755", 8))
  for _, name in ipairs(fs.walk(dir) or {}) do
    uv.fs_chmod(fs.join(dir, name), tonumber("644", 8))
  end
end

local function is_open(path)
  local info = fs.stat(path)
  return info ~= nil and info.mode & 5 == 5 -- octal: others may read and enter
end

-- Another user where root can be one, and the environment can be read by all.
local function guest_user(folders)
  for _, path in ipairs(folders) do if not is_open(path) then return nil end end
  return process.sandbox_user()
end

local function limits_of(options, user)
  local limits = { memory = LIMITS.memory, file_size = LIMITS.file_size,
    processes = user and LIMITS.processes or nil }
  if options.timeout then limits.cpu = options.timeout + 1 end
  return limits
end

-- It reads the app and writes its report; its own /tmp goes with it.
---@return string[]|nil argv
---@return lsqm.Error|nil err
local function guest(options, argv, report_path)
  local real = fs.realpath(options.python) or options.python
  local folders = { fs.dirname(fs.dirname(options.python)), fs.dirname(fs.dirname(real)) }
  local user = guest_user(folders)
  local ok, err = fs.write(report_path, "")
  if not ok then return nil, err end
  if user then
    open_to_guest(options.dir)
    uv.fs_chown(report_path, user, user)
  end
  return (process.sandbox { argv = argv, rw = { report_path }, user = user,
    ro = { options.dir, table.unpack(folders) }, limits = limits_of(options, user),
    network = not options.plan and (options.network or true), tmp_size = TMP_SIZE })
end

--- Runs the app's tests, as a guest: no home, no tokens, no network but the emulator (`network`
--- as of std.process's sandbox), and bounded in time, memory, processes, output and disk. With
--- `plan` they are only collected and their fixtures looked up, without any network.
---@param options {python: string, dir: string, env: table, test_timeout: number, timeout?: number,
---  network?: table, plan?: boolean, tests?: string the file in dir (test_app.py)}
---@return table? results {total, passed, failed, skipped, output, tests, collection_errors}
---@return table? err the harness failed: pytest itself did not run
function M.pytest(options)
  local report_path = fs.join(options.dir, "report.json")
  local argv, err = guest(options, { options.python, "-m", "pytest", "-q", "--color=no",
    "-p", "no:cacheprovider", "--timeout=" .. math.tointeger(math.ceil(options.test_timeout)),
    "--json-report", "--json-report-file=" .. report_path, options.plan and "--setup-plan"
    or "--color=no", options.tests or "test_app.py" }, report_path)
  if not argv then return nil, err end
  local result
  result, err = process.run { argv = argv, cwd = options.dir, env = environment_of(options),
    timeout = options.timeout, max_output = 1024 * 1024, merge_output = true }
  if not result then return nil, err end
  local output = result.stdout .. result.stderr
  local text = fs.read(report_path)
  local report = text and text ~= "" and json.decode(text)
  if type(report) ~= "table" then
    if result.timed_out then
      return { total = 0, passed = 0, failed = 0, skipped = 0, output = output, timed_out = true }
    end
    -- pytest itself says that tests failed: what broke the report was one of them. A sandbox that
    -- cannot be made has the same exit code.
    if result.code == TESTS_FAILED and not output:find("^bwrap: ") then
      return { total = 1, passed = 0, failed = 1, skipped = 0, collection_errors = 0,
        output = output, tests = json.array {} }
    end
    return nil, error_of.new { op = "pytest", code = "internal",
      message = ("no report (exit code %s): %s"):format(result.code, output:sub(-400)) }
  end
  local summary = summarise(report, output)
  summary.timed_out = result.timed_out or nil
  return summary
end

return M
