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
    local out = session { "nothing.x", "std.parallel.sleep(0)", "'on'" }
    assert.matches("attempt to index a nil value", out[1])
    assert.equal("on", out[2])
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
