-- SPDX-License-Identifier: Apache-2.0
-- Programs: run, start, find, and wrap in a sandbox. A child sees only the variables listed here.

local raw = require "lsqm.raw.process"
local error_of = require "std.error"
local fs = require "std.fs"
local uv = require "luv"

local M = {}

-- What every child gets when we have it. HOME comes only from `env`; tokens, keys, AWS_*, proxies
-- and certificate variables never, unless a caller names them in `inherit`.
M.ENVIRONMENT = { "PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM" }

-- Not even `inherit` passes these on.
local SECRET = { "TOKEN$", "KEY$", "SECRET$", "PASSWORD$", "^AWS_" }

local DEFAULT_PATH <const> = "/usr/local/bin:/usr/bin:/bin"

local SIGNALS <const> = { HUP = 1, INT = 2, QUIT = 3, KILL = 9, USR1 = 10, USR2 = 12, TERM = 15,
  CONT = 18, STOP = 19 }

local OPTIONS = { argv = "table", cwd = "string", env = "table", inherit = "table",
  stdin = "string", timeout = "number", grace = "number", max_output = "number",
  on_output = "function", merge_output = "boolean", leave_group = "boolean", limits = "table",
  stream = "boolean" }

local function is_secret(name)
  for _, pattern in ipairs(SECRET) do
    if name:upper():find(pattern) then return true end
  end
  return false
end

local function check(options, what)
  if type(options) ~= "table" then
    error(("process.%s: options must be a table"):format(what), 3)
  end
  for key, value in pairs(options) do
    local wanted = OPTIONS[key]
    if not wanted then error(("process.%s: unknown option '%s'"):format(what, tostring(key)), 3) end
    if type(value) ~= wanted then
      error(("process.%s: %s must be a %s"):format(what, key, wanted), 3)
    end
  end
  if not options.argv or #options.argv == 0 then
    error(("process.%s: argv must be a list of strings"):format(what), 3)
  end
end

--- The environment a child gets, as a table: allow-list, then `inherit`, then `env`.
---@param env table|nil name → value; false removes a name
---@param inherit string[]|nil
---@return table<string, string>
function M.environment(env, inherit)
  local result = {}
  for _, name in ipairs(M.ENVIRONMENT) do result[name] = os.getenv(name) end
  result.PATH = result.PATH or DEFAULT_PATH
  for _, name in ipairs(inherit or {}) do
    if not is_secret(name) then result[name] = os.getenv(name) end
  end
  for name, value in pairs(env or {}) do result[name] = value and tostring(value) or nil end
  return result
end

local function environment_list(options)
  local list = {}
  for name, value in pairs(M.environment(options.env, options.inherit)) do
    list[#list + 1] = name .. "=" .. value
  end
  table.sort(list)
  return list
end

local LIMITS <const> = { { "memory", "--as" }, { "processes", "--nproc" },
  { "file_size", "--fsize" }, { "cpu", "--cpu" } }

-- prlimit (util-linux) sets the limits and becomes the program: the process id stays.
local function with_limits(argv, limits)
  if not limits then return argv end
  local result = { "prlimit" }
  for _, row in ipairs(LIMITS) do
    local value = limits[row[1]]
    if value then result[#result + 1] = ("%s=%d"):format(row[2], math.ceil(value)) end
  end
  result[#result + 1] = "--"
  return table.move(argv, 1, #argv, #result + 1, result)
end

---@class std.Process
---@field pid integer
local Process = {}
Process.__index = Process

--- Waits for the end. {code, signal, stdout, stderr, truncated = bytes | false, timed_out,
--- duration}; code is 128 + signal when a signal ended it. nil, err after close().
function Process:wait() return self.raw:wait() end

--- The result when it has ended, else nil.
function Process:poll() return self.raw:poll() end

--- What it has written so far: stdout, stderr.
---@return string, string
function Process:output() return self.raw:output() end

--- Sends a signal ("TERM" by default, or a number) to its whole process group.
function Process:kill(signal)
  local number = type(signal) == "number" and signal or SIGNALS[signal or "TERM"]
  if not number then error("process:kill: unknown signal '" .. tostring(signal) .. "'", 2) end
  return self.raw:signal(number)
end

--- Next piece of output of a process started with stream = true: stream's name, text; nil at the
--- end. A process whose output nobody reads is held up after 1 MB.
function Process:read()
  local stream, text
  repeat stream, text = self.raw:read() until stream ~= false
  return stream, text
end

--- TERM, after the grace KILL, and wait. Does nothing when it has ended.
function Process:close()
  if self.raw:poll() then return end
  self.raw:cancel()
  self.raw:wait()
end

Process.__close = Process.close

local function start(options)
  local handle, err = raw.start { argv = with_limits(options.argv, options.limits),
    env = environment_list(options), cwd = options.cwd, stdin = options.stdin,
    timeout = options.timeout, grace = options.grace, max_output = options.max_output,
    stream = options.stream or options.on_output ~= nil, merge = options.merge_output,
    leave_group = options.leave_group }
  if not handle then return nil, err end
  return setmetatable({ raw = handle, pid = handle:pid() }, Process)
end

--- Starts a program; options as for run. Close the handle, or hold it in a <close> variable.
---@return std.Process|nil
---@return lsqm.Error|nil
function M.start(options)
  check(options, "start")
  if options.on_output then error("process.start: use stream = true and read()", 2) end
  return start(options)
end

--- Runs a program to its end. Options: argv, cwd, env, inherit, stdin, timeout (s), grace (s),
--- max_output (bytes per stream: head and tail are kept), on_output = fn(stream, text),
--- merge_output, limits = {memory=bytes, processes=, file_size=bytes, cpu=s}.
---@return table|nil result see Process:wait
---@return lsqm.Error|nil
function M.run(options)
  check(options, "run")
  local handle <close>, err = start(options)
  if not handle then return nil, err end
  if options.on_output then
    for stream, text in function() return handle:read() end do options.on_output(stream, text) end
  end
  return handle:wait()
end

local function is_executable(path)
  local info = fs.stat(path)
  return info ~= nil and info.type == "file" and info.mode & 73 ~= 0 -- 73 = octal 111
end

--- Full path of a program on PATH, or nil.
---@param name string
---@return string|nil
function M.which(name)
  if type(name) ~= "string" then error("process.which: name must be a string", 2) end
  if name:find("/", 1, true) then return is_executable(name) and name or nil end
  for dir in (os.getenv "PATH" or DEFAULT_PATH):gmatch "[^:]+" do
    local path = dir .. "/" .. name
    if is_executable(path) then return path end
  end
  return nil
end

-- The only places of the system a sandboxed program sees. Nothing below /home or /root.
local SYSTEM <const> = { "/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ssl", "/etc/hosts",
  "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/localtime",
  "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
  "/etc/ca-certificates", "/etc/mime.types", "/etc/python3" }

-- Who this machine's users are: programs that look up names want to know.
local ACCOUNTS <const> = { "/etc/passwd", "/etc/group" }

local probed -- nil: not tried; false: usable; a string: why not

local function try_all(argv, paths)
  for _, path in ipairs(paths) do
    table.move({ "--ro-bind-try", path, path }, 1, 3, #argv + 1, argv)
  end
end

local function base(tmp_size, accounts)
  local argv = { "bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts" }
  try_all(argv, SYSTEM)
  if accounts then try_all(argv, ACCOUNTS) end
  local own = { "--proc", "/proc", "--dev", "/dev" }
  table.move(own, 1, #own, #argv + 1, argv)
  table.move({ "--perms", "1777" }, 1, 2, #argv + 1, argv)
  if tmp_size then table.move({ "--size", ("%d"):format(tmp_size) }, 1, 2, #argv + 1, argv) end
  return table.move({ "--tmpfs", "/tmp" }, 1, 2, #argv + 1, argv)
end

local function probe()
  if not M.which "bwrap" then return "bubblewrap (bwrap) is not installed" end
  local argv = base()
  argv[#argv + 1] = "true"
  local result, err = M.run { argv = argv, timeout = 20 }
  if result and result.code == 0 then return false end
  return "bubblewrap does not work here: " ..
    (result and result.stderr:match "[^\n]*" or tostring(err))
end

-- bubblewrap makes the folders above a bound path for root alone: another user needs them open.
local function open_way(argv, paths, seen)
  for _, path in ipairs(paths or {}) do
    for at in path:gmatch("()/") do
      local parent = path:sub(1, at - 1)
      if parent ~= "" and not seen[parent] then
        seen[parent] = true
        table.move({ "--perms", "0755", "--dir", parent }, 1, 4, #argv + 1, argv)
      end
    end
  end
end

local function bind(argv, flag, paths)
  for _, path in ipairs(paths or {}) do
    if type(path) ~= "string" or path:sub(1, 1) ~= "/" then
      error("process.sandbox: paths must be absolute: " .. tostring(path), 3)
    end
    table.move({ flag, path, path }, 1, 3, #argv + 1, argv)
  end
end

-- The kernel limits a user's processes, but not root's: as root, each sandbox gets a user of its
-- own, from numbers that no distribution gives away (systemd's for services without a fixed one).
local FIRST_USER <const>, USERS <const> = 61184, 4000
local next_user = 0

---A user id for one sandbox, or nil where we are not root and cannot change ours.
---@return integer|nil
function M.sandbox_user()
  if uv.getuid() ~= 0 or not M.which "setpriv" then return nil end
  next_user = next_user + 1
  return FIRST_USER + (uv.os_getpid() * 64 + next_user) % USERS
end

local function as_user(argv, user)
  if not user then return argv end
  local id = ("%d"):format(user)
  local list = { "setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--inh-caps=-all",
    "--bounding-set=-all", "--no-new-privs", "--" }
  return table.move(argv, 1, #argv, #list + 1, list)
end

-- Inside, our own program listens on each port and leads to the socket, the only way out.
local function behind_relay(argv, relay)
  local own = uv.exepath():gsub(" %(deleted%)$", "") -- an update put another one in its place
  bind(argv, "--ro-bind", { own })
  if not relay.later then bind(argv, "--bind", { relay.socket }) end
  table.move({ "--unshare-net", "--" }, 1, 2, #argv + 1, argv)
  for _, port in ipairs { relay.port, relay.second } do
    table.move({ own, "--relay", relay.socket, ("%d"):format(port) }, 1, 4, #argv + 1, argv)
  end
  return argv
end

--- Wraps a command in bubblewrap: system read-only, own /tmp, own process ids, no home, only the
--- given folders. network: true shares ours; {socket =, port =} is a network of its own in which
--- 127.0.0.1:port (and :second) leads to the unix socket and nothing leads anywhere else (later =
--- true: the socket will be made in one of the given folders); nil is none. user: the command runs
--- as this one (see sandbox_user). limits: of the command alone, as for run. tmp_size: bytes that
--- fit into its /tmp. accounts: false hides the names of users. Where bubblewrap cannot be used the
--- plain argv comes back with the reason.
---@param options table {argv=, rw={paths}, ro={paths}, network=boolean|table, cwd=, user=,
---  limits=, tmp_size=, accounts=}
---@return string[] argv
---@return string|nil reason why there is no sandbox
function M.sandbox(options)
  if type(options) ~= "table" or type(options.argv) ~= "table" then
    error("process.sandbox: argv must be a list of strings", 2)
  end
  if probed == nil then probed = probe() end
  local limited = with_limits(options.argv, options.limits)
  if probed then return limited, probed end
  local argv = base(options.tmp_size, options.accounts ~= false)
  local command = as_user(limited, options.user)
  if options.user then
    local seen = { ["/tmp"] = true }
    open_way(argv, options.ro, seen)
    open_way(argv, options.rw, seen)
  end
  bind(argv, "--ro-bind", options.ro)
  bind(argv, "--bind", options.rw)
  if options.cwd then table.move({ "--chdir", options.cwd }, 1, 2, #argv + 1, argv) end
  if type(options.network) == "table" then
    argv = behind_relay(argv, options.network)
  else
    if not options.network then argv[#argv + 1] = "--unshare-net" end
    argv[#argv + 1] = "--"
  end
  return table.move(command, 1, #command, #argv + 1, argv)
end

--- Error value for a program that ended badly: its last line of stderr says why.
---@return lsqm.Error
function M.failure(op, result)
  local last = (result.stderr ~= "" and result.stderr or result.stdout):match "([^\n]*)\n*$"
  local code = result.timed_out and "timeout" or "io"
  return error_of.new { op = op, code = code, message = result.timed_out and "timed out"
    or ("exit code %d: %s"):format(result.code, last) }
end

return M
