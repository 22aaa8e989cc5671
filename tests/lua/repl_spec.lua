-- SPDX-License-Identifier: Apache-2.0
local inspect = require "std.inspect"
local repl = require "std.repl"

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

describe("inspect", function()
  it("sorts keys, breaks long tables and stops at cycles", function()
    local loop = { 1, 2 }
    loop.self = loop
    assert.equal("{ 1, 2, self = {…} }", inspect(loop))
    local long = inspect { a = ("x"):rep(60), b = ("y"):rep(60) }
    assert.equal(4, select(2, long:gsub("[^\n]+", "")))
  end)
end)
