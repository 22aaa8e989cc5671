-- SPDX-License-Identifier: Apache-2.0
-- What aphex's stages say when something is wrong: commands that fail, reports that cannot be read,
-- stacks that take no update, credentials that are not there, secrets in outputs.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local checks = require "pipelines.aphex.model.checks"
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(HERE .. "/lab.lua")
local mask = require "std.mask"
local resolve = require "std.resolve"
local runner = require "pipelines.aphex.model.runner"
local stacks = require "pipelines.aphex.model.stacks"
local test_counts = require "pipelines.aphex.model.test_counts"
local xml = require "std.xml"

local CONFIG <const> = [[
version: "1.0"
build: {commands: ['%s'], artifacts: [%s]}
requires: {tools: [git], context: [owner]}
environments:
  - name: dev
    region: us-east-1
    account: "123456789012"
    stacks: [{name: Net, path: net.yaml}]
    tests: {commands: ['%s']}
]]

local SECRET <const> = "hunter2-and-more"

-- The program beside a configuration: {code, stdout, stderr}; no credentials.
local function lsqm(lab, words, env)
  lab.env.NPM_TOKEN = SECRET
  for name, value in pairs(env or {}) do lab.env[name] = value end
  return lab:run(words, { cwd = lab.path })
end

local function lay_out(lab, build, artifacts, test)
  assert(fs.write(lab.path .. "/aphex-config.yaml", CONFIG:format(build or "true",
    artifacts or "", test or "true")))
  assert(fs.write(lab.path .. "/cdk.json", '{"context": {"owner": "me"}}'))
end

describe("aphex's commands", function()
  local dir
  setup(function() dir = assert(fs.tempdir "aphex-") end)
  teardown(function() dir:close() end)

  local function run(...) return runner.run({ ... }, { dir = dir.path, timeout = 20 }) end

  it("end with the first that fails, its code and its name", function()
    local result = run("echo one", "echo two >&2; exit 3", "echo three")
    assert.same({ false, 3, "one\n", "two\n", "echo two >&2; exit 3" }, { result.success,
      result.exit_code, result.stdout, result.stderr, result.failed })
    assert.equal(127, run("no-such-program-1").exit_code)
    assert.equal(137, run("kill -9 $$").exit_code)
  end)

  it("have one time limit together", function()
    -- each by itself would be in time
    local result = runner.run({ "sleep 1", "sleep 1.0" }, { dir = dir.path, timeout = 1.7 })
    assert.same({ false, 124, "sleep 1.0" }, { result.success, result.exit_code, result.failed })
    assert.matches("ended after the 1.7 s", result.stderr, 1, true)
  end)

  it("show no secret", function()
    mask.add(SECRET)
    local result = run("echo " .. SECRET .. "; echo AKIAABCDEFGHIJKLMNOP >&2")
    assert.same({ "***\n", "***\n" }, { result.stdout, result.stderr })
  end)
end)

describe("aphex counts tests", function()
  local rules = assert(resolve.load("aphex", "rules.test_reports"))

  local function counts(output)
    local dir <close> = assert(fs.tempdir "aphex-")
    return test_counts.of(rules, { dir = dir.path, since = 0, output = output })
  end

  it("of what pytest, jest and go print, several runs added up", function()
    for output, expected in pairs {
      ["===== 1 failed, 22 passed, 1 skipped, 2 errors in 4.50s ====="] = { 22, 3 },
      ["3 passed in 65.10s (0:01:05)\n= 1 passed in 1s ="] = { 4, 0 },
      ["\27[32m\27[1m2 passed\27[0m\27[32m in 0.01s\27[0m"] = { 2, 0 },
      ["Tests:       1 failed, 2 passed, 3 total\r\n\nTests: 4 passed, 4 total"] = { 6, 1 },
      ["=== RUN TestA\n--- PASS: TestA (0.00s)\n    --- FAIL: TestB/x (0.1s)\nok"] = { 1, 1 },
      ['{"Action":"run","Test":"A"}\n{"Action":"pass","Package":"p","Test":"A"}\n'
        .. '{"Action":"fail","Package":"p","Test":"B"}\n{"Action":"fail","Package":"p"}'] =
        { 1, 1 },
      ["nothing that counts: 3 passed"] = { 0, 0 },
    } do
      local found = counts(output)
      assert.same(expected, { found.passed, found.failed }, output)
    end
  end)

  it("and trusts no report that breaks off", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    local function write(name, text) assert(fs.write(dir.path .. "/" .. name, text)) end
    write("good.xml", "<testsuite><testcase/></testsuite>")
    write("pom.xml", "<project><broken>")
    local function of()
      return test_counts.of(rules, { dir = dir.path, since = 0, output = "9 passed in 1s" })
    end
    local found, problems = of()
    assert.same({ 1, 0 }, { found.passed, #problems })
    write("bad.xml", "<?xml version='1.0'?><testsuites><testsuite><testcase/>")
    found, problems = of()
    assert.same({ 1, 1 }, { found.passed, #problems })
    assert.matches("^bad.xml: JUnit: ", tostring(problems[1]))
  end)
end)

describe("a stack", function()
  local event = "<member><EventId>%d</EventId><ResourceStatus>S%d</ResourceStatus></member>"

  -- Answers of CloudFormation by action, as text or as an error.
  local function client_of(answers)
    local asked = {}
    return { query = function(_, _, action, params)
      asked[#asked + 1] = action
      local answer = answers[action]
      if type(answer) == "function" then answer = answer(params) end
      if type(answer) == "table" then return nil, answer end
      return xml.parse(answer)
    end }, asked
  end

  local function described(status)
    return ("<A><Stacks><member><StackStatus>%s</StackStatus></member></Stacks></A>"):format(status)
  end

  it("that takes no update is named with what to do", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    assert(fs.write(dir.path .. "/net.yaml", "Resources: {}"))
    for status, hint in pairs { ROLLBACK_COMPLETE = "delete the stack",
      UPDATE_IN_PROGRESS = "something else is changing it",
      UPDATE_ROLLBACK_FAILED = "continue its rollback" } do
      local client, asked = client_of { DescribeStacks = described(status),
        DescribeStackEvents = "<A/>" }
      local result, err = stacks.deploy(client, { name = "Net", path = "net.yaml" },
        { dir = dir.path, timeout = 1 })
      assert.is_false(result.success)
      assert.equal("failed", err.code)
      assert.matches("it is in " .. status, err.message, 1, true)
      assert.matches(hint, err.hint, 1, true)
      assert.is_nil(table.concat(asked, " "):find "UpdateStack")
    end
  end)

  it("that is as its template wants it is deployed, also after a rollback", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    assert(fs.write(dir.path .. "/net.yaml", "Resources: {}"))
    local client = client_of { DescribeStacks = described "UPDATE_ROLLBACK_COMPLETE",
      DescribeStackEvents = "<A/>",
      UpdateStack = { message = "ValidationError: No updates are to be performed." } }
    local result, err = stacks.deploy(client, { name = "Net", path = "net.yaml" },
      { dir = dir.path, timeout = 1 })
    assert.is_true(result.success, tostring(err))
  end)

  it("is waited for when a question gets no answer", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    assert(fs.write(dir.path .. "/net.yaml", "Resources: {}"))
    local answers = { described "CREATE_COMPLETE", described "UPDATE_IN_PROGRESS",
      { code = "unavailable", message = "Throttling: Rate exceeded" },
      described "UPDATE_COMPLETE" }
    local client, asked = client_of { UpdateStack = "<A/>", DescribeStackEvents = "<A/>",
      DescribeStacks = function() return table.remove(answers, 1) end }
    local result, err = stacks.deploy(client, { name = "Net", path = "net.yaml" },
      { dir = dir.path, timeout = 20 })
    assert.is_true(result.success, tostring(err))
    assert.equal(0, #answers)
    assert.equal("UpdateStack", asked[3])
  end)

  it("has its events from all pages, oldest first, up to the one that is known", function()
    local client = client_of { DescribeStackEvents = function(params)
      local page = params.NextToken and 2 or 1
      local members = ""
      for i = 1, 3 do
        local n = 10 - (page - 1) * 3 - i
        members = members .. event:format(n, n)
      end
      return ("<A><StackEvents>%s</StackEvents>%s</A>"):format(members, page == 1
        and "<NextToken>x</NextToken>" or "")
    end }
    assert.equal("9", stacks.newest_event(client, "Net"))
    local ids = {}
    for i, one in ipairs(stacks.events(client, "Net", "5")) do ids[i] = one.EventId end
    assert.same({ "6", "7", "8", "9" }, ids)
    assert.equal(6, #stacks.events(client, "Net"))
    local list, err = stacks.events(client_of { DescribeStackEvents = { message = "Throttled" } },
      "Net")
    assert.same({ 0, "Throttled" }, { #list, err.message })
  end)

  it("must be one that the credentials may ask for", function()
    local list = { { name = "Net" } }
    assert.is_true(checks.permissions(client_of { DescribeStacks = described "X" }, list).ok)
    assert.is_true(checks.permissions(client_of { DescribeStacks = {
      message = "Stack with id Net does not exist" } }, list).ok)
    local denied = checks.permissions(client_of { DescribeStacks = { code = "denied",
      message = "AccessDenied" } }, list)
    assert.is_false(denied.ok)
  end)
end)

describe("aphex on the command line", function()
  it("checks what it can without credentials, and tests without them", function()
    local lab <close> = lab_of.new()
    lay_out(lab)
    local ran = lsqm(lab, { "aphex", "check", "--json" })
    assert.equal(1, ran.code, ran.stderr)
    local found = json.decode(ran.stdout)
    assert.same({ "credentials", "context", "git" }, { found[1].what, found[2].what,
      found[3].what })
    assert.same({ false, true, true }, { found[1].ok, found[2].ok, found[3].ok })
    assert.matches("AWS_WEB_IDENTITY_TOKEN_FILE", found[1].message, 1, true)
    assert.equal(0, lsqm(lab, { "aphex", "test" }).code)
    assert.equal(3, lsqm(lab, { "aphex", "deploy" }).code)
  end)

  it("says of a deployment that no service answers, not that the stack failed", function()
    local lab <close> = lab_of.new()
    lay_out(lab)
    assert(fs.write(lab.path .. "/net.yaml", "Resources: {}"))
    local ran = lsqm(lab, { "aphex", "deploy" }, { AWS_ACCESS_KEY_ID = "A",
      AWS_SECRET_ACCESS_KEY = SECRET, AWS_ENDPOINT_URL = "http://127.0.0.1:9" })
    assert.equal(3, ran.code, ran.stdout .. ran.stderr)
    assert.matches("cannot connect", ran.stderr, 1, true)
    assert.is_false(fs.exists(lab.path .. "/results"))
  end)

  it("keeps secrets out of results and outputs", function()
    local lab <close> = lab_of.new()
    lay_out(lab, "echo \"[$NPM_TOKEN] " .. SECRET .. "\"", "", "echo " .. SECRET .. " >&2; false")
    assert.equal(0, lsqm(lab, { "aphex", "build" }).code)
    local built = assert(json.read(lab.path .. "/results/build.json"))
    assert.equal("[] ***\n", built.stdout) -- the build does not see the variable
    local ran = lsqm(lab, { "aphex", "test", "--json" })
    assert.equal(1, ran.code)
    assert.is_nil((ran.stdout .. ran.stderr .. assert(fs.read(lab.path
      .. "/results/test-dev.json"))):find(SECRET, 1, true))
  end)

  it("builds only with all artifacts, and tests only with readable reports", function()
    local lab <close> = lab_of.new()
    lay_out(lab, "mkdir -p dist; echo 1 > dist/a", "dist, ./dist/, '*.zip'",
      "printf \"<testsuite><testcase/>\" > report.xml")
    local ran = lsqm(lab, { "aphex", "build" })
    assert.equal(1, ran.code)
    assert.matches("there is no '*.zip'", ran.stdout, 1, true)
    assert.is_nil(ran.stdout:find("no 'dist'", 1, true))
    local built = assert(json.read(lab.path .. "/results/build.json"))
    assert.same({ false, 0, { "dist/a" } }, { built.success, built.exit_code, built.artifacts })
    ran = lsqm(lab, { "aphex", "test" })
    assert.equal(1, ran.code)
    assert.matches("report.xml: JUnit: ", ran.stdout, 1, true)
  end)

  it("builds nothing where a tool is missing", function()
    local lab <close> = lab_of.new()
    lay_out(lab, "touch built")
    local path = lab.path .. "/aphex-config.yaml"
    assert(fs.write(path, (fs.read(path):gsub("%[git%]", "[git, no-such-tool-1]"))))
    local ran = lsqm(lab, { "aphex", "build" })
    assert.equal(1, ran.code)
    assert.matches("requires.tools: no-such-tool-1: it is not on PATH", ran.stdout, 1, true)
    assert.is_false(fs.exists(lab.path .. "/built"))
    assert.equal(127, assert(json.read(lab.path .. "/results/build.json")).exit_code)
  end)

  it("says why a push starts nothing, on one line or as JSON", function()
    local lab <close> = lab_of.new()
    local commits = json.array {}
    for i = 1, 3000 do commits[i] = { id = ("%040x"):format(i), message = ("m"):rep(200) } end
    local payload = { ref = "refs/heads/x\27[2J\n", after = ("a1"):rep(20), deleted = false,
      forced = true, commits = commits, repository = { clone_url = "https://github.com/a/b.git" },
      head_commit = { message = "M", timestamp = "2026-01-15T10:30:00Z",
        author = { email = "a@b" } } }
    local path = lab.path .. "/push.json"
    assert(fs.write(path, json.encode(payload)))
    local ran = lsqm(lab, { "aphex", "event", path, "--unsigned" })
    assert.equal(3, ran.code)
    assert.is_truthy(ran.stderr:find("not a ref: refs/heads/x?[2J?", 1, true), ran.stderr)
    payload.ref = "refs/heads/topic"
    assert(fs.write(path, json.encode(payload)))
    ran = lsqm(lab, { "aphex", "event", path, "--unsigned" })
    assert.equal(1, ran.code)
    assert.equal("ignored: refs/heads/topic is none of main\n", ran.stdout)
    ran = lsqm(lab, { "aphex", "event", path, "--unsigned", "--json" })
    assert.matches("is none of main", json.decode(ran.stdout).ignored, 1, true)
    payload.ref = "refs/heads/main"
    assert(fs.write(path, json.encode(payload)))
    ran = lsqm(lab, { "aphex", "event", path, "--unsigned" })
    assert.equal(0, ran.code, ran.stderr)
    assert.equal("refs/heads/main", json.decode(ran.stdout).branch)
    for _, words in ipairs { {}, { "--signature", "sha256=" .. ("0"):rep(64) } } do
      ran = lsqm(lab, { "aphex", "event", path, table.unpack(words) },
        { GITHUB_WEBHOOK_SECRET = SECRET })
      assert.equal(3, ran.code)
      assert.equal("", ran.stdout)
      assert.is_nil(ran.stderr:find(SECRET, 1, true))
    end
  end)
end)
