-- SPDX-License-Identifier: Apache-2.0
-- Generated tests that try to leave their cell: each attempt is stopped, recorded as a failed or
-- finished test, and the run goes on. Needs the stock Python environment and bubblewrap.

local fs = require "std.fs"
local process = require "std.process"
local python_of = require "std.python"
local relays = require "std.relay"
local uv = require "luv"

local SERVER = [[
import http.server
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
]]

-- Each test holds what must not succeed; it passes when it was stopped.
local ATTEMPTS = [[
import errno, os, resource, socket, sys
import pytest

def connects(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0

def test_reads_no_home():
    for path in ("/root", "/home", os.path.expanduser("~root"), "@HOME@"):
        try:
            names = os.listdir(path)
        except OSError:
            continue
        assert not set(names) & {".ssh", ".aws", ".bashrc", ".gitconfig", "secret.txt"}

def test_sees_no_token():
    assert not [k for k in os.environ if "TOKEN" in k or "SECRET_OF_OURS" in k]
    try:
        with open("/proc/1/environ", "rb") as f:
            assert b"TOKEN" not in f.read()
    except PermissionError:
        pass

def test_has_no_docker_socket():
    assert not os.path.exists("/var/run/docker.sock") and not os.path.exists("/run/docker.sock")

def test_reads_nobody_elses_files():
    with pytest.raises(OSError):
        open("@OTHER@/secret.txt")

def test_reaches_its_emulator_only():
    assert connects(@PORT@)
    assert not connects(@OTHER_PORT@)
    assert os.listdir("/sys/class/net") == ["lo"] if os.path.exists("/sys/class/net") else True

def test_signals_nobody():
    assert max(int(n) for n in os.listdir("/proc") if n.isdigit()) < 1000

def test_writes_only_to_its_own_tmp():
    for path in (os.getcwd() + "/x", "/usr/x", "/etc/x"):
        with pytest.raises(OSError):
            open(path, "w")

def test_fills_no_disk():
    with pytest.raises(OSError) as e:
        for i in range(100):
            with open("/tmp/%d" % i, "wb") as f:
                f.write(b"x" * (32 << 20))
    assert e.value.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

def test_fills_no_memory():
    with pytest.raises(MemoryError):
        bytearray(64 << 30)

def test_forks_without_end():
    children = []
    try:
        with pytest.raises(OSError):
            for _ in range(5000):
                pid = os.fork()
                if pid == 0:
                    import time
                    time.sleep(60)
                    os._exit(0)
                children.append(pid)
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)

def test_fills_no_log(capfd):
    with capfd.disabled():
        for _ in range(3000):
            sys.stdout.write("y" * 9999 + "\n")
]]

local ENDLESS = [[
import os
def test_forks_and_never_ends():
    os.fork()
    os.setsid() if os.getpid() != os.getpgid(0) else None
    os.fork()
    while True:
        pass
]]

local FLOOD = [[
import sys
def test_floods_its_log():
    while True:
        sys.stdout.write("z" * 100000)
]]

describe("generated tests in their cell", function()
  local dir, server, port, reason, python

  setup(function()
    dir = assert(fs.tempdir("escape-"))
    server = assert(process.start { argv = { "python3", "-c", SERVER }, stream = true })
    local _, line = server:read()
    port = math.tointeger(tonumber(line))
    reason = select(2, process.sandbox { argv = { "true" } })
    python = python_of.find()
    if not fs.exists(fs.join(python_of.cache_dir(), "python", "bin", "python3")) then
      reason = "the stock Python environment is not there"
    end
  end)
  teardown(function()
    server:close()
    dir:close()
  end)

  -- Runs a test file as an app's; the emulator is a second relay to the same server.
  local function run(name, text, limits)
    local app, other = dir.path .. "/" .. name, dir.path .. "/other-" .. name
    assert(fs.mkdir(app))
    assert(fs.mkdir(other))
    assert(fs.write(other .. "/secret.txt", "of another task"))
    local relay <close> = assert(relays.open { from = { path = app .. ".sock" }, -- luacheck: ignore
      to = { port = port } })
    local inner = 45661
    local filled = text:gsub("@(%u+_?%u*)@", { HOME = os.getenv "HOME" or "/root", OTHER = other,
      PORT = tostring(inner), OTHER_PORT = tostring(port) })
    assert(fs.write(app .. "/test_app.py", filled))
    uv.os_setenv("LSQM_TEST_TOKEN", "not for children")
    uv.os_setenv("SECRET_OF_OURS", "nor this")
    local result = assert(python_of.pytest { python = python, dir = app, env = {},
      test_timeout = limits and limits.test or 60, timeout = limits and limits.all or 120,
      network = { socket = app .. ".sock", port = inner } })
    uv.os_unsetenv("LSQM_TEST_TOKEN")
    uv.os_unsetenv("SECRET_OF_OURS")
    return result
  end

  it("stops every attempt to read, reach or fill what is not theirs", function()
    if reason then return pending(reason) end
    local result = run("attempts", ATTEMPTS)
    local failed = {}
    for _, test in ipairs(result.tests) do
      if test.outcome ~= "passed" then failed[#failed + 1] = test.name .. " " ..
        tostring(test.message) end
    end
    assert.same({}, failed)
    assert.equal(11, result.passed)
    assert.is_true(#result.output < 2 << 20, #result.output .. " bytes of output kept")
  end)

  it("takes a flooded log for a failed test", function()
    if reason then return pending(reason) end
    local result = run("flood", FLOOD)
    assert.same({ 1, 1 }, { result.total, result.failed })
  end)

  it("ends what forks and never ends, and leaves nothing behind", function()
    if reason then return pending(reason) end
    local result = run("endless", ENDLESS, { test = 300, all = 3 })
    assert.is_true(result.timed_out)
    assert.is_true(#result.output < 2 << 20)
    for _, entry in ipairs(fs.list("/proc")) do
      local command = entry.name:match("^%d+$") and fs.read("/proc/" .. entry.name .. "/cmdline")
      assert.is_nil((command or ""):find("/endless", 1, true), command)
    end
  end)
end)
