-- SPDX-License-Identifier: Apache-2.0
-- Issues over many runs: filed, found again, kept up to date, closed, opened again, capped.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local tracker_of = dofile(here .. "/../fakes/tracker.lua")
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"

local causes = require "pipelines.weekly.push.causes"
local marker = require "pipelines.weekly.push.marker"
local md = require "pipelines.weekly.push.markdown"
local resolve = require "std.resolve"
local words = require "pipelines.weekly.push.issue_text"

local WEEK = 604800
local START = 1768000000

-- A failure whose cause is the operation: "CreateQueue" and so on.
local function fails(operation, extra)
  local result = { status = "FAILED", terraform_apply = { success = false, logs =
    ("Error: operation error SQS: %s, api error NotImplemented: no"):format(operation) } }
  for key, value in pairs(extra or {}) do result[key] = value end
  return result
end

describe("issues", function()
  local store, dir, tracker, filing, week, real, signature
  local repo = { remote_url = function() return "https://me:pw@git.example.org/me/store.git" end,
    head = function() return { branch = "main" } end }

  before_each(function()
    real = { package.loaded["std.github.issues"], package.loaded["pipelines.weekly.push.filing"] }
    package.loaded["std.github.issues"] = { new = function() return tracker end }
    package.loaded["pipelines.weekly.push.filing"] = nil
    filing = require "pipelines.weekly.push.filing"
    tracker = tracker_of.new { now = START }
    store, dir = fixture.store("abcdef")
    week, signature = 0, nil
  end)

  after_each(function()
    package.loaded["std.github.issues"] = real[1]
    package.loaded["pipelines.weekly.push.filing"] = real[2]
    dir:close()
  end)

  local function context(config)
    local ctx = fixture.context(store, config)
    rawset(ctx.config, "github_token", "t")
    ctx.config.workspace = ctx.config.workspace or dir.path .. "/none"
    if signature then
      local rules = ctx.rules
      ctx.rules = function(name) return name == "signature" and signature or rules(name) end
    end
    return ctx
  end

  -- One week: a run with these results, its trends, its issues. The tracker's clock is a minute on.
  local function run(statuses, options)
    options = options or {}
    local at = START + week * WEEK
    week = week + 1
    local results = {}
    for letter, status in pairs(statuses) do
      local one = type(status) == "table" and status or { status = status }
      local stamp = os.date("!%Y-%m-%dT%H:%M:%SZ", at + 3)
      results[letter] = one.completed_at and one
        or setmetatable({ completed_at = stamp }, { __index = one })
      for key, value in pairs(one) do results[letter][key] = value end
    end
    tracker.now = at + 60
    local made = fixture.run(store, results, { at = at, version = options.version,
      emulator = options.emulator })
    assert(store:update_trends(made))
    tracker:forget_writes()
    local ctx = context(options.config)
    filing.file(ctx, made, repo)
    return ctx, made
  end

  local function architectures(issue)
    local list = marker.parse(issue.body).architectures
    for i, hash in ipairs(list) do list[i] = hash:sub(1, 1) end
    return table.concat(list)
  end

  it("files one for each root cause, with versions, error, reproducer and labels", function()
    run({ a = "PASSED", b = "PASSED", c = "PASSED" }, { version = "1.5.32" })
    run({ a = fails "CreateQueue", b = fails "CreateQueue", c = fails "TagQueue" })
    assert.equal(2, #tracker.issues)
    local issue = tracker.issues[1]
    assert.equal("Regression in ministack 1.5.33: SQS: CreateQueue: NotImplemented", issue.title)
    assert.same({ "lsqm", "regression", "emulator: ministack" }, issue.labels)
    assert.equal("ab", architectures(issue))
    for _, text in ipairs { "2 architectures that worked before fail with ministack 1.5.33",
      "Failing step of `arch-a`: `terraform apply`", "operation error SQS: CreateQueue",
      "emulator version, `1.5.32` → `1.5.33`", "git clone https://git.example.org/me/store.git",
      "https://git.example.org/me/store/tree/main/reproducers/", "sh reproduce.sh" } do
      assert.is_truthy(issue.body:find(text, 1, true), text)
    end
    assert.is_nil(issue.body:find("me:pw", 1, true))
    local key = marker.parse(issue.body).key
    local folder = store:path("reproducers", key)
    assert.is_true(fs.is_file(folder .. "/terraform/main.tf"))
    assert.is_false(fs.exists(folder .. "/terraform/metadata.json"))
    assert.matches("ministackorg/ministack:1.5.33", fs.read(folder .. "/reproduce.sh"), 1, true)
  end)

  it("writes nothing when the same run is pushed again", function()
    run { a = "PASSED", b = "PASSED" }
    local _, made = run { a = fails "CreateQueue", b = "PASSED" }
    tracker:forget_writes()
    filing.file(context(), made, repo)
    assert.same({}, tracker.writes)
  end)

  it("keeps one comment up to date, and the text that people added", function()
    run { a = "PASSED", b = "PASSED", c = "PASSED" }
    run { a = fails "CreateQueue", b = "PASSED", c = "PASSED" }
    tracker.issues[1].body = "Note of a person\n" .. tracker.issues[1].body .. "\nanother"
    run { a = fails "CreateQueue", b = fails "CreateQueue", c = "PASSED" }
    run { a = fails "CreateQueue", b = fails "CreateQueue", c = fails "CreateQueue" }
    assert.equal(1, #tracker.issues)
    assert.equal("abc", architectures(tracker.issues[1]))
    assert.matches("^Note of a person\n.*\nanother$", tracker.issues[1].body)
    assert.equal(1, #tracker.discussions[1])
    local _, lines = tracker.discussions[1][1].body:gsub("\n%- ", "")
    assert.equal(2, lines)
    assert.matches("3 architectures fail, 1 new", tracker.discussions[1][1].body)
    run { a = fails "CreateQueue", b = fails "CreateQueue", c = fails "CreateQueue" }
    assert.same({}, tracker.writes)
  end)

  it("closes when green, opens again for a new regression, never files twice", function()
    run { a = "PASSED" }
    run { a = fails "CreateQueue" }
    run { a = "PARTIAL" }
    assert.equal("closed", tracker.issues[1].state)
    assert.equal("completed", tracker.issues[1].state_reason)
    assert.matches("green again", tracker.discussions[1][1].body)
    run { a = "PASSED" }
    assert.same({}, tracker.writes)
    run { a = fails "CreateQueue" }
    assert.equal(1, #tracker.issues)
    assert.equal("open", tracker.issues[1].state)
    assert.matches("regressed again", tracker.discussions[1][1].body)
    assert.equal(1, #tracker.discussions[1])
  end)

  it("does not open again what a person closed while it still fails", function()
    run { a = "PASSED" }
    run { a = fails "CreateQueue" }
    tracker:edit(1, { state = "closed" })
    run { a = fails "CreateQueue" }
    assert.equal("closed", tracker.issues[1].state)
    assert.same({}, tracker.writes)
  end)

  it("files in the next run what could not be filed in this one", function()
    run { a = "PASSED" }
    tracker.faults.list = { { code = "network", message = "connection reset" } }
    local ctx = run { a = fails "CreateQueue" }
    assert.matches("issues: not filed: connection reset", ctx.text())
    assert.equal(0, #tracker.issues)
    run { a = fails "CreateQueue" }
    assert.equal(1, #tracker.issues)
    assert.matches("^https://", store:regressions()[1].github_issue_url)
  end)

  it("leaves issues of another emulator and of strangers alone", function()
    run { a = "PASSED" }
    run { a = fails "CreateQueue" }
    tracker.issues[1].trusted = false
    run { a = fails "CreateQueue" }
    assert.equal(2, #tracker.issues)
    run({ a = "PASSED" }, { emulator = "moto" })
    run({ a = fails "CreateQueue" }, { emulator = "moto" })
    assert.equal(3, #tracker.issues)
    run({ a = "PASSED" }, { emulator = "moto" })
    assert.equal("open", tracker.issues[2].state)
    assert.equal("closed", tracker.issues[3].state)
  end)

  it("closes the younger of two issues about the same", function()
    run { a = "PASSED" }
    run { a = fails "CreateQueue" }
    tracker:create(tracker.issues[1])
    run { a = fails "CreateQueue" }
    assert.equal("open", tracker.issues[1].state)
    assert.equal("closed", tracker.issues[2].state)
    assert.equal("not_planned", tracker.issues[2].state_reason)
    assert.matches("#1 has what is left", tracker.discussions[2][1].body)
  end)

  it("ranks by the architectures blocked, and tells of those over the limit", function()
    local cap = { config = { issue_limit = 1 } }
    run({ a = "PASSED", b = "PASSED", c = "PASSED", d = "PASSED" }, cap)
    local ctx = run({ a = fails "TagQueue", b = fails "CreateQueue", c = fails "CreateQueue",
      d = fails "DeleteQueue" }, cap)
    assert.equal(2, #tracker.issues)
    assert.matches("CreateQueue", tracker.issues[1].title)
    assert.equal("summary", marker.parse(tracker.issues[2].body).kind)
    assert.equal("ad", architectures(tracker.issues[2]))
    assert.matches("2 more root causes %(2 architectures%) over the limit of 1 a run: https://",
      ctx.text())
    -- the next runs file the rest, and then the summary is closed
    run({ a = fails "TagQueue", b = fails "CreateQueue", c = fails "CreateQueue",
      d = fails "DeleteQueue" }, cap)
    assert.equal(3, #tracker.issues)
    assert.equal(1, #marker.parse(tracker.issues[2].body).architectures)
    run({ a = fails "TagQueue", b = fails "CreateQueue", c = fails "CreateQueue",
      d = fails "DeleteQueue" }, cap)
    assert.equal(4, #tracker.issues)
    assert.equal("closed", tracker.issues[2].state)
  end)

  it("recognises issues after the signature's rule has changed", function()
    local rule = resolve.load("weekly", "rules.signature")
    run { a = "PASSED", b = "PASSED" }
    run { a = fails "CreateQueue", b = fails "TagQueue" }
    assert.equal(2, #tracker.issues)
    signature = { version = 2, of = function(result) return "v2 " .. rule(result) end,
      earlier = { ["1"] = rule.of } }
    run { a = fails "CreateQueue", b = fails "TagQueue" }
    assert.equal(2, #tracker.issues)
    assert.equal("2", marker.parse(tracker.issues[1].body).signature)
    -- a rule that nobody has any more: known by the architectures
    signature = { version = 9, of = function(result) return "v9 " .. rule(result) end }
    run { a = fails "CreateQueue", b = fails "TagQueue" }
    assert.equal(2, #tracker.issues)
    assert.equal("9", marker.parse(tracker.issues[2].body).signature)
    assert.equal("b", architectures(tracker.issues[2]))
  end)

  it("recognises issues whose marker is of the first version", function()
    run { a = "PASSED" }
    run { a = fails "CreateQueue" }
    local key = marker.parse(tracker.issues[1].body).key
    tracker.issues[1].body = "text\n\n<!-- lsqm:issue v=1 key=" .. key .. " -->"
    run { a = fails "CreateQueue" }
    assert.equal(1, #tracker.issues)
    assert.equal("2", marker.parse(tracker.issues[1].body).v)
  end)

  it("goes on when one issue cannot be written, and stops when none can", function()
    run { a = "PASSED", b = "PASSED", c = "PASSED", d = "PASSED", e = "PASSED" }
    tracker.faults.create = { { code = "denied", status = 422, message = "no" } }
    run { a = fails "A", b = fails "B", c = fails "C", d = fails "D", e = fails "E" }
    assert.equal(4, #tracker.issues)
    run { a = fails "A", b = fails "B", c = fails "C", d = fails "D", e = fails "E" }
    assert.equal(5, #tracker.issues)
  end)

  it("is not moved by hostile text", function()
    mask.add("hunter2-secret")
    local hostile = "```\n@everyone hunter2-secret <!-- lsqm:issue v=2 kind=cause key=00 -->\n"
      .. "\27[31m\u{202E}<!-- lsqm:end -->\n`````\nghp_abcdefabcdefabcdefabcdef"
    run { a = "PASSED" }
    run { a = { status = "FAILED", terraform_apply = { success = false,
      logs = "Error: " .. hostile } } }
    local body = tracker.issues[1].body
    assert.is_nil(body:find("hunter2", 1, true))
    assert.is_nil(body:find("ghp_abc", 1, true))
    assert.is_nil(tracker.issues[1].title:find("hunter2", 1, true))
    local _, markers = body:gsub("<!%-%- lsqm:", "")
    assert.equal(2, markers)
    assert.matches("\n``````\nError: ```\n@everyone", body)
    run { a = fails "CreateQueue" }
    assert.equal(1, #tracker.issues)
  end)

  -- SC-007, over random histories: each regressed architecture in exactly one issue.
  it("has every regressed architecture in exactly one open issue, whatever happened", function()
    local operations = { "CreateQueue", "TagQueue", "DeleteQueue", "SendMessage" }
    for seed = 1, 8 do
      math.randomseed(seed)
      dir:close()
      store, dir = fixture.store("abcdef")
      tracker, week = tracker_of.new { now = START }, 0
      local limit = { config = { issue_limit = math.random(1, 4) } }
      run({ a = "PASSED", b = "PASSED", c = "PASSED", d = "PASSED", e = "PASSED", f = "PASSED" },
        limit)
      for _ = 1, 5 do
        local statuses = {}
        for letter in ("abcdef"):gmatch(".") do
          local chance = math.random(10)
          if chance <= 4 then statuses[letter] = fails(operations[math.random(#operations)])
          elseif chance <= 5 then statuses[letter] = "TIMEOUT"
          elseif chance <= 9 then statuses[letter] = math.random(2) == 1 and "PASSED" or "PARTIAL"
          end
        end
        if math.random(6) == 1 then
          tracker.faults.create = { { code = "http", status = 500, message = "lost" } }
        end
        local _, made = run(statuses, limit)
        tracker.faults.create = nil
        filing.file(context(limit.config), made, repo) -- what a fault left, the next push mends
        local where = {}
        for _, issue in ipairs(tracker:open()) do
          for _, hash in ipairs(marker.parse(issue.body).architectures) do
            assert.is_nil(where[hash], ("seed %d: %s in two issues"):format(seed, hash))
            where[hash] = issue.html_url
          end
        end
        for _, record in ipairs(causes.open(store, made, store:regressions())) do
          assert.equal(where[record.arch_hash], record.github_issue_url, "seed " .. seed)
          assert.is_string(record.github_issue_url)
          where[record.arch_hash] = nil
        end
        assert.same({}, where, "seed " .. seed)
      end
    end
  end)
end)

describe("a reproducer", function()
  it("is a script that shells read, and gives the tests the state as validate does", function()
    local process, state = require "std.process", require "std.terraform.state"
    local reproducer = require "pipelines.weekly.push.reproducer"
    local store, dir = fixture.store("a")
    local _ <close> = dir
    assert(reproducer.write(store, { key = "k" }, { hash = fixture.hash "a",
      config = { localstack_version = "1'; rm -rf", emulator = { name = "moto" } },
      emulator = { image = "motoserver/moto", port = 5000, health = "/moto-api/" } }))
    local script = store:path("reproducers", "k", "reproduce.sh")
    local text = assert(fs.read(script))
    assert.is_truthy(text:find("4566:5000 'motoserver/moto:1'\\''; rm -rf'", 1, true), text)
    assert.equal(0, assert(process.run { argv = { "sh", "-n", script } }).code)
    local tfstate = dir.path .. "/terraform.tfstate"
    assert(json.write(tfstate, { version = 4, resources = {
      { mode = "data", type = "d", name = "x", instances = {} },
      { mode = "managed", type = "aws_sqs_queue", name = "q", instances = {
        { attributes = { id = "1" }, index_key = 0 },
        { attributes = { id = "2" }, index_key = "two" } } },
      { mode = "managed", type = "aws_sns_topic", name = "t", module = "module.m",
        instances = { { attributes = { id = "3" } } } } } }))
    local python = text:match("<<'STATE'\n(.-)\nSTATE\n")
    local ran = assert(process.run { argv = { "python3", "-c", python, tfstate } })
    assert.equal(0, ran.code, ran.stderr)
    assert.same(state.read(dir.path).resources, json.decode(ran.stdout))
  end)
end)

describe("issue texts", function()
  it("neutralise what logs could do in Markdown", function()
    local fenced = md.fence("x\n```\n<!-- lsqm:issue v=2 key=00 -->\n````")
    assert.matches("^`````\n", fenced)
    assert.is_nil(marker.parse(fenced))
    local ours = marker.format { kind = "cause", key = "ab", architectures = { "00" } }
    assert.equal("ab", marker.parse("words\n" .. ours .. "\r\nmore").key)
    assert.is_nil(marker.parse("> " .. ours))
    assert.equal("` x  y `", md.code("`x` y`"))
    assert.equal("`?`", md.code("``"))
    assert.equal("a @\u{2060}b", md.title("a\n@b", 50))
    assert.equal("a…", md.cut("abc", 2))
  end)

  it("stay within GitHub's limits with ten thousand architectures", function()
    local dir <close> = fs.tempdir("issues")
    local store = assert(require("std.store").open(dir.path))
    local group = { key = ("a"):rep(16), signature = ("ü"):rep(5000), version = "1",
      earlier = {}, regressions = {} }
    for i = 1, 10000 do
      group.regressions[i] = { arch_hash = ("%016x"):format(i), architecture_name = ("n"):rep(500),
        services_affected = { ("s"):rep(300), "sqs" }, from_status = "PASSED",
        to_status = "FAILED", from_run_id = "x", to_run_id = "0123456789" }
    end
    local about = { store = store, run = { run_id = "r", config = { localstack_version = "1",
      started_at = "2026-01-01T00:00:00Z" } },
      result_of = function() return { status = "FAILED", reason = ("r"):rep(9999),
        pytest_results = { output = ("`"):rep(20000) } } end }
    local body = words.body(group, about)
    assert.is_true(utf8.len(body) <= 65536, "body of " .. utf8.len(body))
    assert.is_true(utf8.len(words.title(group, about.run)) <= 256)
    assert.equal("8000", marker.parse(body).more)
    local many = {}
    for i = 1, 300 do many[i] = group end
    assert.is_true(utf8.len(words.summary(many, about)) <= 65536)
    assert.equal(json.encode(body):sub(1, 5), '"<!--')
  end)
end)
