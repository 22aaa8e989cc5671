-- SPDX-License-Identifier: Apache-2.0
local process = require "std.process"
local parallel = require "std.parallel"

local function sh(script, options)
  options = options or {}
  options.argv = { "sh", "-c", script }
  return assert(process.run(options))
end

describe("std.process", function()
  it("returns code, output and time", function()
    local r = sh "echo out; echo err >&2; exit 3"
    assert.same({ 3, "out\n", "err\n", false, false },
      { r.code, r.stdout, r.stderr, r.truncated, r.timed_out })
    assert.is_true(r.duration > 0)
    assert.is_nil(r.signal)
  end)

  it("gives stdin, cwd and merged output", function()
    assert.equal("abc", sh("cat", { stdin = "abc" }).stdout)
    assert.equal("/usr\n", sh("pwd", { cwd = "/usr" }).stdout)
    assert.equal("1\n2\n", sh("echo 1; echo 2 >&2", { merge_output = true }).stdout)
  end)

  it("keeps secrets and the home from children", function()
    local env = sh("env", { env = { ONE = 1 }, inherit = { "HOME" } }).stdout
    assert.truthy(env:find("ONE=1\n", 1, true))
    assert.truthy(env:find("HOME=", 1, true))
    assert.is_nil(sh("env").stdout:find("HOME=", 1, true))
    assert.is_nil(process.environment({}, { "MY_TOKEN", "AWS_PROFILE", "API_KEY" }).AWS_PROFILE)
  end)

  it("names a missing program", function()
    local r, err = process.run { argv = { "no-such-program" } }
    assert.is_nil(r)
    assert.equal("not_found", err.code)
    assert.truthy(tostring(err):find("no-such-program", 1, true))
  end)

  it("ends a program at its time limit", function()
    local r = sh("sleep 30", { timeout = 0.2 })
    assert.is_true(r.timed_out)
    assert.equal(15, r.signal)
    assert.equal(143, r.code)
  end)

  it("streams output and says what was cut", function()
    local bytes = 0
    local r = sh("head -c 5000000 /dev/zero", { max_output = 1000,
      on_output = function(_, text) bytes = bytes + #text end })
    assert.equal(5000000, bytes)
    assert.equal(5000000 - 1000, r.truncated)
  end)

  it("closes a started program", function()
    local handle = assert(process.start { argv = { "sh", "-c", "echo up; sleep 30" } })
    while handle:output() == "" do parallel.sleep(0.01) end
    assert.equal("up\n", (handle:output()))
    assert.is_nil(handle:poll())
    handle:close()
    handle:close()
    assert.is_nil(process.run { argv = { "kill", "-0", tostring(handle.pid) } }.code == 0 or nil)
  end)

  it("is ended by a timeout of its task", function()
    local begun = os.time()
    local _, err = parallel.timeout(0.2, function() return sh "sleep 30" end)
    assert.equal("timeout", err.code)
    assert.is_true(os.time() - begun < 10)
  end)

  it("limits memory through prlimit", function()
    local r = sh("ulimit -v", { limits = { memory = 1024 * 1024 * 1024 } })
    assert.equal("1048576\n", r.stdout)
  end)

  it("finds programs and nothing else", function()
    assert.truthy(process.which("sh"):find("/sh$"))
    assert.is_nil(process.which "/etc/passwd")
    assert.is_nil(process.which "/usr")
    assert.is_nil(process.which "no-such-program")
  end)

  it("raises on misuse", function()
    assert.error_matches(function() process.run { argv = {} } end, "argv")
    assert.error_matches(function() process.run { argv = { "x" }, tiemout = 1 } end, "tiemout")
  end)

  it("sandboxes where bubblewrap works", function()
    local argv, reason = process.sandbox { argv = { "sh", "-c", "ls /home /root /tmp; true" } }
    if reason then return pending(reason) end
    local r = assert(process.run { argv = argv, cwd = "/" })
    assert.equal(0, r.code)
    assert.equal("/tmp:\n", r.stdout)
  end)
end)
