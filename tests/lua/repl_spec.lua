-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local inspect = require "std.inspect"
local process = require "std.process"
local repl = require "std.repl"
local uv = require "luv"

local function session(lines)
  local env, out = repl.environment { name = "ctx" }, {}
  for _, line in ipairs(lines) do
    local chunk = assert(repl.compile(line, env))
    repl.evaluate(chunk, env, function(text) out[#out + 1] = text end)
  end
  return out, env
end

describe("repl", function()
  it("prints bare expressions and keeps what is assigned", function()
    assert.same({ "3", "{ a = 1 }" }, (session { "1 + 2", "x = { a = 1 }", "x" }))
  end)

  it("asks for more lines only when more are needed", function()
    local _, more = repl.compile("for i = 1, 2 do", {})
    assert.is_true(more)
    _, more = repl.compile("local 1", {})
    assert.is_false(more)
  end)

  it("shows errors and goes on, and can wait", function()
    local out = session { "nothing.x", "pirnt(1)", "std.parallel.sleep(0)", "'on'" }
    assert.equal("repl:1: undefined global 'nothing'", out[1])
    assert.equal("repl:1: undefined global 'pirnt', did you mean \"print\"?", out[2])
    assert.equal("on", out[3])
  end)

  it("takes exit, quit and help as words, unless they are the user's own names", function()
    local env = repl.environment {}
    assert.same({ "exit", "exit", "help" },
      { repl.word(" exit ", env), repl.word("quit", env), repl.word(":help", env) })
    assert.is_nil(repl.word("exit()", env))
    env.help = 1
    assert.is_nil(repl.word("help", env))
  end)

  it("completes what is made on first use, and private names only when asked for", function()
    local env = repl.environment(setmetatable({}, { __names = { store = true },
      __index = function(ctx) ctx.store = { runs = 1, _index = 2 } return ctx.store end }))
    assert.same({ "ctx.store" }, repl.complete("", "ctx.st", env))
    assert.same({ "ctx.store.runs" }, repl.complete("", "ctx.store.", env))
    assert.same({ "ctx.store._index" }, repl.complete("", "ctx.store._", env))
    assert.same({ "std.fs" }, repl.complete("", "std.fs", env))
    assert.same({ "std.uuid.v4" }, repl.complete("", "std.uuid.v", env))
  end)

  it("completes names, fields and modules without calling anything", function()
    local env = repl.environment {}
    env.data = setmetatable({ alpha = { beta = 1 } }, { __index = { method = print } })
    assert.same({ "data.alpha" }, repl.complete("", "data.al", env))
    assert.same({ "data.alpha.beta" }, repl.complete("", "data.alpha.", env))
    assert.same({ "data:method" }, repl.complete("", "data:me", env))
    assert.same({ "string.format" }, repl.complete("", "string.form", env))
  end)
end)

-- Types at a terminal: each text once the prompt before it is there, and the editor takes keys.
local TYPIST = [[
import os, pty, select, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "repl"])
seen = b""
def until(text):
    global seen
    while text not in seen:
        if not select.select([terminal], [], [], 20)[0]:
            sys.exit("no %r in %r" % (text, seen))
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            return
for typed in sys.argv[2:]:
    until(b"lsqm> ")
    while termios.tcgetattr(terminal)[3] & termios.ISIG:
        select.select([], [], [], 0.01)
    print(seen.decode(errors="replace"))
    seen = b""
    os.write(terminal, typed.encode())
until(b"never")
print(seen.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
]]

describe("lsqm repl at a terminal", function()
  it("ends a line with Ctrl-C, goes on after errors, and ends with exit", function()
    local dir <close> = assert(fs.tempdir("repl-"))
    local result = assert(process.run { argv = { "python3", "-c", TYPIST, uv.exepath(),
      "half a line\3", "error('no')\n", "6 * 7\n", "pirnt(1)\n", "exit\n" }, cwd = dir.path,
      timeout = 60, env = { TERM = "dumb", XDG_STATE_HOME = dir.path } })
    assert.equal(0, result.code, result.stderr .. result.stdout)
    assert.contains(result.stdout, "half a line^C")
    assert.contains(result.stdout, "repl:1: no")
    assert.contains(result.stdout, "\n42\r\n")
    assert.contains(result.stdout, 'did you mean "print"?')
    assert.matches(" 0\n$", result.stdout)
    local history = assert(fs.read(dir.path .. "/lsqm/history"))
    assert.contains(history, "pirnt(1)")
    assert.is_nil(history:find("half", 1, true))
  end)
end)

describe("inspect", function()
  it("sorts keys, breaks long tables and stops at cycles", function()
    local loop = { 1, 2 }
    loop.self = loop
    assert.equal("{ 1, 2, self = {…} }", inspect(loop))
    local long = inspect { a = ("x"):rep(60), b = ("y"):rep(60) }
    assert.equal(4, select(2, long:gsub("[^\n]+", "")))
  end)
end)
