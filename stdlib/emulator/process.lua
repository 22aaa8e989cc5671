-- SPDX-License-Identifier: Apache-2.0
-- Emulators as local processes: a Python module of the stock environment, bound to the loopback
-- interface, with a folder of its own, inside a sandbox where one is available.

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

--- Can the module be imported?
function M.probe(plan, python)
  local module = plan.spec.process.module
  plan.python = python
  local result, err = process.run { argv = { python, "-c", "import " .. module }, timeout = 60 }
  if result and result.code == 0 then return true end
  return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
    message = ("Python module '%s' cannot be imported by %s"):format(module, python), cause = err,
    hint = "run `make setup`, or set `python` in the configuration" }
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
  for key, value in pairs(plan.spec.process.env) do
    env[key] = value:gsub("{port}", tostring(port)):gsub("{host}", "127.0.0.1")
  end
  for key, value in pairs(plan.env or {}) do env[key] = tostring(value) end
  return env
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
  local python_root = fs.dirname(fs.dirname(fs.realpath(plan.python) or plan.python))
  local argv = process.sandbox {
    argv = { plan.python, "-m", plan.spec.process.module },
    rw = { dir }, ro = { fs.dirname(fs.dirname(plan.python)), python_root }, network = true,
  }
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
