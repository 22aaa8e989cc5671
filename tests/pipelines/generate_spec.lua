-- SPDX-License-Identifier: Apache-2.0
-- Apps by rules and by Claude: what is covered, that names stay names, that bytes repeat.
-- Golden files anew:
--   LSQM_UPDATE=1 build/lsqm exec tests/busted.lua -- tests/pipelines/generate_spec.lua

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fake = dofile(here .. "/../fakes/anthropic.lua")
local fixture = dofile(here .. "/fixture.lua")
local fs = require "std.fs"
local generate = require "std.generate"
local json = require "std.json"
local model = require "std.generate.model"
local process = require "std.process"
local python = require "std.generate.python"
local python_of = require "std.python"
local resolve = require "std.resolve"

local RULES = assert(resolve.load("weekly", "rules.tests"))
local SAMPLES = here .. "/../../pipelines/weekly/samples"
local GOLDEN = here .. "/../golden/generate"

local function app_of(text, rules)
  return generate.generate { files = { ["main.tf"] = text }, rules = rules or RULES }
end

local function compiles(files)
  assert(python_of.check_syntax(nil, files))
end

describe("model", function()
  local function addresses(files)
    local found = assert(model.read(files))
    local out = {}
    for _, one in ipairs(found.resources) do
      out[#out + 1] = one.address .. (one.conditional and "?" or "")
    end
    return out, found.opaque
  end

  it("lists managed resources by address, conditional ones as such", function()
    assert.are.same({ "aws_s3_bucket.a?", "aws_s3_bucket.b?", "aws_sqs_queue.q" }, (addresses {
      ["b.tf"] = 'resource "aws_s3_bucket" "b" {\n  for_each = toset(["x"])\n}\n',
      ["a.tf"] = 'resource "aws_s3_bucket" "a" {\n  count = 1\n}\n'
        .. 'resource "aws_sqs_queue" "q" {}\ndata "aws_region" "r" {}\n',
      ["other/c.tf"] = 'resource "aws_s3_bucket" "unused" {}\n',
    }))
  end)

  it("follows local modules, and names those it cannot read", function()
    local list, opaque = addresses {
      ["main.tf"] = 'module "m" {\n  source = "./mod"\n  count = 2\n}\n'
        .. 'module "r" {\n  source = "org/x/aws"\n}\nmodule "up" {\n  source = "../../etc"\n}\n',
      ["mod/x.tf"] = 'resource "aws_sqs_queue" "q" {}\nmodule "n" {\n  source = "../other"\n}\n',
      ["other/y.tf"] = 'resource "aws_sns_topic" "t" {}\n',
    }
    assert.are.same({ "module.m.aws_sqs_queue.q?", "module.m.module.n.aws_sns_topic.t?" }, list)
    assert.are.same({ { address = "module.r", source = "org/x/aws" },
      { address = "module.up", source = "../../etc" } }, opaque)
  end)

  it("stops at modules that call themselves", function()
    local _, opaque = addresses { ["main.tf"] = 'module "m" {\n  source = "./"\n}\n' }
    assert.are.equal(1, #opaque)
  end)

  it("reads JSON configuration", function()
    assert.are.same({ "aws_s3_bucket.a", "aws_sqs_queue.q?" }, (addresses {
      ["main.tf.json"] = '{"resource": {"aws_s3_bucket": {"a": {}},'
        .. ' "aws_sqs_queue": [{"q": [{"count": 1}]}]}}',
    }))
  end)

  it("passes the parser's error on", function()
    local found, err = model.read { ["main.tf"] = 'resource "a" {' }
    assert.is_nil(found)
    assert.are.equal("main.tf", err.file)
  end)
end)

describe("python literals", function()
  it("stay one literal whatever the text is", function()
    local texts = { 'a"b', "a\\", 'x"""y', "new\nline", "\0\1\127", "é € 😀", "\xff\xc3(", "{0} %s",
      "'", "\u{2028}" }
    local lines = {}
    for index, text in ipairs(texts) do lines[index] = python.string(text) end
    local result = assert(process.run { argv = { python_of.find(), "-c",
      "import ast, json, sys\nprint(json.dumps([ast.literal_eval(l) for l in sys.stdin.read()"
        .. ".split('\\n')]))" }, stdin = table.concat(lines, "\n"), timeout = 30 })
    assert.are.equal("", result.stderr)
    local back = assert(json.decode(result.stdout))
    texts[7] = "\u{fffd}\u{fffd}("
    assert.are.same(texts, { table.unpack(back) })
  end)

  it("wrap long calls one argument per line", function()
    local args = { ("a"):rep(50) .. "=1", ("b"):rep(50) .. "=2" }
    assert.are.same({ "f(", "    " .. args[1] .. ",", "    " .. args[2] .. ",", ")" },
      python.call("", "f", args))
  end)
end)

describe("rules", function()
  local TABLE = 'resource "aws_dynamodb_table" "t" {\n  hash_key = "id"\n}\n'

  it("make behaviour tests for each address, and name what no rule covers", function()
    local app, info = app_of(TABLE .. 'resource "aws_odd_thing" "o" {}\n'
      .. 'resource "random_pet" "p" {}\n')
    compiles(app)
    assert.matches("def test_dynamodb_item_round_trip%(address, deployed, dynamodb%)",
      app["test_app.py"])
    assert.matches('"aws_dynamodb_table.t"', app["test_app.py"], 1, true)
    assert.are.same({ "aws_odd_thing" }, info.uncovered)
    assert.are.same({ "aws_dynamodb_table" }, info.covered)
    for _, name in ipairs { "boto3", "pytest", "pytest%-timeout", "pytest%-json%-report" } do
      assert.matches(name, app["requirements.txt"])
    end
  end)

  it("make no app when nothing is covered", function()
    local app, info = app_of 'resource "aws_odd_thing" "o" {}\n'
    assert.is_nil(app)
    assert.are.same({ "aws_odd_thing" }, info.uncovered)
  end)

  it("hold only the functions and clients that the tests need", function()
    local app = app_of(TABLE)
    assert.is_nil(app["app.py"]:find("def publish", 1, true))
    assert.is_nil(app["conftest.py"]:find("def sqs", 1, true))
  end)

  it("cannot be broken out of by names in templates", function()
    local name = 'x"]); import os; os.system("id")  # '
    local app = generate.generate { rules = RULES, files = { ["main.tf.json"] =
      json.encode { resource = { aws_s3_bucket = { [name .. "\n'''\"\"\"\\"] = {} } } } } }
    compiles(app)
    local result = assert(process.run { argv = { python_of.find(), "-c",
      "import ast, sys\nprint([n.names[0].name for n in ast.walk(ast.parse(sys.stdin.read()))"
        .. " if isinstance(n, ast.Import)])" }, stdin = app["test_app.py"], timeout = 30 })
    assert.are.equal("['app', 'pytest']\n", result.stdout)
  end)

  it("can be users' own: describe calls and Python bodies", function()
    local app = app_of('resource "aws_x" "y" {}\n', { aws_x = {
      { service = "ec2", call = "describe_x", args = { Ids = { "@id" }, Max = 5 }, at = "Xs.0",
        equals = { Name = "@tags.Name" } },
      { name = "my_check", as = "thing", clients = "s3", doc = 'says "hi"', body = "assert thing" },
    } })
    compiles(app)
    local tests = app["test_app.py"]
    assert.matches('answer = ec2.describe_x(Ids=[resource["id"]], Max=5)', tests, 1, true)
    assert.matches('assert found["Name"] == resource["tags"]["Name"]', tests, 1, true)
    assert.matches("def test_my_check(address, deployed, s3):", tests, 1, true)
  end)

  it("that are broken are named", function()
    for text, entry in pairs {
      ["no check 's3.nothing'"] = "s3.nothing",
      ["unknown key 'servce'"] = { servce = "ec2", call = "x" },
      ["call must be a name, is x()"] = { service = "ec2", call = "x()" },
      ["name must be a name"] = { name = "a b", body = "pass" },
    } do
      local ok, why = pcall(app_of, 'resource "aws_x" "y" {}\n', { aws_x = { entry } })
      assert.is_false(ok)
      assert.matches("rules.tests: aws_x: " .. text, tostring(why), 1, true)
    end
  end)

  it("know every check that the stock rules name, and all of them compile", function()
    local lines = {}
    for kind in pairs(RULES) do
      lines[#lines + 1] = ('resource "%s" "all" {}\n'):format(kind)
    end
    table.sort(lines)
    local app, info = app_of(table.concat(lines))
    compiles(app)
    assert.is_true(#info.covered >= 60)
    for line in (app["test_app.py"] .. app["app.py"] .. app["conftest.py"]):gmatch("[^\n]+") do
      assert(#line <= 88 or line:find('"aws_', 1, true), line)
    end
  end)
end)

describe("golden apps", function()
  for _, name in ipairs { "order-intake", "config-vault" } do
    it("of " .. name .. " repeat to the byte", function()
      local files = assert(generate.read_dir(fs.join(SAMPLES, name)))
      local app = assert(generate.generate { files = files, rules = RULES })
      local again = assert(generate.generate { files = files, rules = RULES })
      assert.are.same(app, again)
      for file, text in pairs(app) do
        local path = fs.join(GOLDEN, name, file)
        if os.getenv("LSQM_UPDATE") then
          fs.mkdir(fs.dirname(path))
          assert(fs.write(path, text))
        end
        assert.are.equal(fs.read(path), text)
      end
    end)
  end
end)

describe("lsqm generate", function()
  local store, dir, stage
  local GOOD = { conftest_py = "import os\n", app_py = "X = 1\n",
    test_app_py = "def test_x():\n    assert True\n", requirements_txt = "boto3\nPyTest==8.0\n" }

  before_each(function()
    store, dir = fixture.store("ab")
    local text = 'resource "aws_s3_bucket" "b" {}\n'
    for _, letter in ipairs { "a", "b" } do
      assert(fs.write(fs.join(store:arch_dir(fixture.hash(letter)), "main.tf"), text))
    end
    stage = resolve.load("weekly", "generate")
  end)
  after_each(function() dir:close() end)

  local function context(config)
    local ctx = fixture.context(store, config)
    ctx.config = setmetatable({ generator = "auto", token_budget = 500000 },
      { __index = config or {} })
    for key, value in pairs(config or {}) do ctx.config[key] = value end
    ctx.progress = { task = function() return { step = function() end, done = function() end } end }
    ctx.log.stage = function() return { done = function() end } end
    return ctx
  end

  local function claude(server, extra)
    local config = { anthropic_api_key = "sk-ant-secret-secret", anthropic = {
      base_url = server.url, model = "claude-x", max_tokens = 16000 } }
    for key, value in pairs(extra or {}) do config[key] = value end
    return context(config)
  end

  local function value(fields)
    local all = {}
    for key, text in pairs(GOOD) do all[key] = fields and fields[key] or text end
    return fake.message(all)
  end

  it("makes apps by rules and skips those that are there, unless forced", function()
    local ctx = context()
    assert.are.equal(0, stage.run(ctx, {}))
    local meta = assert(store:app(fixture.hash "a"))
    assert.are.equal("rules", meta.model_used)
    assert.are.equal(0, meta.input_tokens)
    assert.are.equal(0, stage.run(ctx, {}))
    assert.are.equal(0, stage.run(ctx, { force = true }))
    assert.are.same({ "generate: 2 made, 0 without an app", "generate: 0 made, 0 without an app",
      "generate: 2 made, 0 without an app" }, ctx.lines)
  end)

  it("wants a key when Claude is asked for by name", function()
    local done, err = stage.run(context { generator = "claude" }, {})
    assert.is_nil(done)
    assert.matches("ANTHROPIC_API_KEY is not set", tostring(err))
  end)

  it("keeps Claude's app with its model, tokens and prompt version", function()
    local server <close> = fake.start { value() }
    assert.are.equal(0, stage.run(claude(server), {}))
    local meta = assert(store:app(fixture.hash "a"))
    assert.are.equal("claude-test-1", meta.model_used)
    assert.are.equal(110, meta.input_tokens)
    assert.are.equal(50, meta.output_tokens)
    assert.are.equal("1", meta.prompt_version)
    local needed = fs.read(fs.join(store:app_dir(fixture.hash "a"), "requirements.txt"))
    assert.are.equal("boto3\nPyTest==8.0\npytest-json-report\npytest-timeout\n", needed)
    assert.matches("aws_s3_bucket", server.requests[1].json.messages[1].content)
  end)

  it("repairs once what does not compile, and stores nothing that still does not", function()
    local broken = value { app_py = "def (:\n" }
    local server <close> = fake.start { broken, value(), broken, broken }
    local ctx = claude(server)
    assert.are.equal(0, stage.run(ctx, {}))
    assert.are.same({ "generate: 1 made, 1 without an app" }, ctx.lines)
    assert.are.equal(4, #server.requests)
    assert.matches("app.py:1: ", server.requests[2].json.messages[3].content, 1, true)
  end)

  it("makes no app of a refusal or of an answer without tests", function()
    local server <close> = fake.start { fake.message("{}", { stop_reason = "refusal" }),
      value { test_app_py = "X = 1\n" } }
    local ctx = claude(server)
    assert.are.equal(0, stage.run(ctx, {}))
    assert.are.same({ "generate: 0 made, 2 without an app" }, ctx.lines)
    assert.is_nil(store:app(fixture.hash "a"))
  end)

  it("stops when the budget is spent, before the call that would exceed it", function()
    local server <close> = fake.start { value() }
    local ctx = claude(server, { token_budget = 2500 })
    assert.are.equal(0, stage.run(ctx, {}))
    local asked = #server.requests
    assert.is_true(server.requests[1].json.max_tokens < 2500)
    ctx = claude(server, { token_budget = 1000 })
    assert.are.equal(0, stage.run(ctx, { force = true }))
    assert.are.equal(asked, #server.requests)
    assert.matches("stopped: .*token budget: 0 of 1000 used", ctx.lines[1])
  end)
end)
