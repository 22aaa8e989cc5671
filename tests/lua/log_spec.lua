-- SPDX-License-Identifier: Apache-2.0
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local log_of = require "std.log"

describe("log", function()
  local log, records

  before_each(function()
    local sink
    sink, records = log_of.memory()
    log = log_of.new { sink = sink, level = "debug", fields = { run = "r1" } }
  end)

  it("makes records with level, time and fields", function()
    log:info("hello", { n = 1 })
    local r = records[1]
    assert.same({ "info", "hello", 1, "r1" }, { r.level, r.msg, r.n, r.run })
    assert.is_truthy(r.time:find "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$")
    log:child({ arch = "a" }):warn("x")
    assert.equal("a", records[2].arch)
  end)

  it("leaves out what is below the level", function()
    local sink, seen = log_of.memory()
    log_of.new({ sink = sink, level = "warn" }):info("no")
    assert.equal(0, #seen)
    assert.has_error(function() log_of.new { level = "loud" } end)
  end)

  it("times stages and reports how they ended", function()
    do
      local stage <close> = log:stage("mine", { sources = 2 })
      stage.log:info("working")
    end
    assert.equal(3, #records)
    assert.same({ "mine", "start" }, { records[1].stage, records[1].event })
    assert.equal("mine", records[2].stage)
    local last = records[3]
    assert.equal("end", last.event)
    assert.is_true(last.duration >= 0)
    assert.is_truthy(last.start and last["end"])
    pcall(function()
      local stage <close> = log:stage "deploy"
      error(error_of.new { code = "timeout", message = "too slow", op = "apply" .. stage.name }, 0)
    end)
    assert.same({ "error", "timeout", "too slow" },
      { records[5].level, records[5].error.type, records[5].error.message })
  end)

  it("masks secrets by value, key and shape", function()
    log_of.secret "correct horse"
    log:info("the correct horse and sk-ant-api03-abc_DEF", {
      api_key = "zzz", nested = { password = "p", url = "https://u:pw123@host/x" }, token = 5,
      token_budget = 7, keys = "ghp_abcdefgh123 AKIAABCDEFGHIJKLMNOP",
      header = "Bearer abc.def", ["correct horse"] = 1,
    })
    local text = json.encode(records[1])
    for _, secret in ipairs { "correct horse", "api03", "zzz", "pw123", "ghp_a", "AKIAABCD",
      "abc.def", '"p"' } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
    assert.equal(7, records[1].token_budget)
    assert.equal("https://u:***@host/x", records[1].nested.url)
  end)

  it("writes JSON lines to a file and text to a terminal", function()
    local dir <close> = assert(fs.tempdir())
    local path = fs.join(dir.path, "log.jsonl")
    local lines = {}
    local stream = {}
    function stream:write(...)
      lines[#lines + 1] = table.concat { ... }
      return self
    end
    log = log_of.new { sinks = { log_of.file(path), log_of.terminal(stream, "warn") } }
    log:info("one")
    log:warn("two\27[31m", { stage = "s", b = "x y", a = 1 })
    local text = fs.read(path)
    assert.equal("one", json.decode(text:match "^[^\n]+").msg)
    assert.equal(2, select(2, text:gsub("\n", "")))
    assert.equal(1, #lines)
    assert.is_truthy(lines[1]:find('WARN  [s] two [31m  a=1 b="x y"\n', 1, true))
  end)

  it("never raises: full disks, odd values, endless tables", function()
    log = log_of.new { sinks = { log_of.file "/nonexistent/x", log_of.file "/dev/full",
      function() error "broken" end } }
    log:info("x")
    assert.equal(3, log:lost_records())
    local cycle = { f = print, n = 0 / 0 }
    cycle.me = cycle
    local sink, seen = log_of.memory()
    log_of.new({ sink = sink }):info(nil, { c = cycle, long = ("x"):rep(20000) })
    assert.is_truthy(json.encode(seen[1]))
    assert.is_true(#seen[1].long < 9000)
  end)
end)
