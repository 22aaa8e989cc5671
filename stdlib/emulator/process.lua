-- SPDX-License-Identifier: Apache-2.0
-- Emulators as local processes: a Python module of the stock environment or any program, bound to
-- the loopback interface, with a folder of its own, inside a sandbox where one is available.

local error_of = require "std.error"
local fs = require "std.fs"
local owner = require "std.emulator.owner"
local process = require "std.process"
local uv = require "luv"

local M = {}

-- A port that was free a moment ago; std.emulator tries again when somebody was faster.
local function free_port()
  local tcp = uv.new_tcp()
  tcp:bind("127.0.0.1", 0)
  local port = tcp:getsockname().port
  tcp:close()
  return port
end

-- What stands for the port, the address and the interpreter in a row's words.
local function filled(word, plan, port)
  return (word:gsub("{(%a+)}", { port = tostring(port), host = "127.0.0.1", python = plan.python }))
end

local function command(plan, port)
  local words, argv = plan.spec.process.argv, {}
  if not words then return { plan.python, "-m", plan.spec.process.module } end
  for i, word in ipairs(words) do argv[i] = filled(word, plan, port) end
  return argv
end

local function find_program(plan)
  local name = command(plan, 0)[1]
  if process.which(name) then return true end
  return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
    message = ("program '%s' is not installed"):format(name) }
end

--- Is the program there, or can the module be imported?
function M.probe(plan, python)
  local module = plan.spec.process.module
  plan.python = python
  if not module then return find_program(plan) end
  local result, err = process.run { argv = { python, "-c", "import " .. module }, timeout = 60 }
  if result and result.code == 0 then return true end
  return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
    message = ("Python module '%s' cannot be imported by %s"):format(module, python), cause = err,
    hint = ("%s -m pip install %s, or set `python`; `make setup` installs ministack"):format(python,
      plan.spec.process.package or module) }
end

local Instance = {}
Instance.__index = Instance

function Instance:died()
  local result = self.handle:poll()
  if not result then return nil end
  return ("exit code %s: %s"):format(result.code or result.signal,
    (self:logs(400):gsub("%s+$", "")))
end

function Instance:logs(max)
  local text = self.handle:output()
  if max and #text > max then text = text:sub(-max) end
  return text
end

--- The version of the Python package that it is of.
function Instance:installed_version(plan)
  local package = (plan.spec.process.package or ""):match("^[%w._-]+")
  if not package then return nil end
  local said = process.run { argv = { plan.python, "-c",
    "import sys; from importlib.metadata import version; print(version(sys.argv[1]))", package },
    timeout = 30 }
  return said and said.code == 0 and said.stdout:match("^%s*(%w[%w.+-]*)%s*$") or nil
end

function Instance:close()
  if self.closed then return end
  self.closed = true
  self.handle:close()
  fs.remove(self.record)
  fs.remove(self.dir)
end

Instance.__close = Instance.close

local function environment(plan, dir, port)
  local env = { TMPDIR = dir, HOME = dir, PYTHONDONTWRITEBYTECODE = "1", PYTHONUNBUFFERED = "1" }
  for key, value in pairs(plan.spec.process.env or {}) do env[key] = filled(value, plan, port) end
  for key, value in pairs(plan.env or {}) do env[key] = tostring(value) end
  return env
end

local function readable(plan)
  local list = { fs.dirname(fs.dirname(plan.python)),
    fs.dirname(fs.dirname(fs.realpath(plan.python) or plan.python)) }
  for _, path in ipairs(plan.spec.process.readable or {}) do list[#list + 1] = path end
  return list
end

--- Starts the process; health is the caller's.
function M.start(plan, options)
  local workdir = options.workdir or os.getenv("TMPDIR") or "/tmp"
  fs.mkdir(workdir)
  local port = free_port()
  local dir = fs.join(workdir, "emulator-" .. port)
  local made, err = fs.mkdir(dir)
  if not made then return nil, err end
  dir = fs.realpath(dir)
  local argv = process.sandbox { argv = command(plan, port), rw = { dir }, ro = readable(plan),
    network = true }
  local handle, why = process.start { argv = argv, cwd = dir, env = environment(plan, dir, port),
    max_output = 4 * 1024 * 1024, merge_output = true }
  if not handle then
    fs.remove(dir)
    return nil, error_of.wrap(why, "emulator " .. plan.name)
  end
  return setmetatable({ handle = handle, dir = dir, pid = handle.pid, port = port,
    endpoint = ("http://127.0.0.1:%d"):format(port),
    record = owner.record(workdir, "process", handle.pid) }, Instance)
end

return M
