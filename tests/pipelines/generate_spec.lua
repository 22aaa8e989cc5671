-- SPDX-License-Identifier: Apache-2.0
-- Apps by rules: what is covered, that names stay names, that bytes repeat, and the stage as users
-- run it.
-- Golden files anew:
--   LSQM_GOLDEN=write build/lsqm exec tests/busted.lua tests/pipelines/generate_spec.lua

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local generate = require "std.generate"
local json = require "std.json"
local lab_of = dofile(here .. "/lab.lua")
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

  it("fail, not pass, where a covered resource was not deployed", function()
    local files = app_of [[
resource "aws_s3_bucket" "always" {}
resource "aws_s3_bucket" "maybe" {
  count = 0
}
]]
    assert.contains(files["conftest.py"], "was not deployed")
    assert.contains(files["app.py"], '"aws_s3_bucket.maybe",')
    assert.is_nil(files["app.py"]:find("aws_s3_bucket.always", 1, true))
  end)

  it("keep clients impatient and read the endpoint from the environment", function()
    local conftest = app_of(TABLE)["conftest.py"]
    for _, part in ipairs { "AWS_ENDPOINT_URL", "LOCALSTACK_ENDPOINT", '"max_attempts": 0',
      "connect_timeout=5" } do
      assert.contains(conftest, part)
    end
  end)

  it("make the same app whatever the order of files", function()
    local function of(bucket, queue)
      return (generate.generate { rules = RULES, files = {
        [bucket] = 'resource "aws_s3_bucket" "b" {}\n',
        [queue] = 'resource "aws_sqs_queue" "q" {}\n' } })
    end
    assert.are.same(of("a.tf", "z.tf"), of("z.tf", "a.tf"))
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

describe("stock rules", function()
  -- Families are the services that checks name in front: s3 of "s3.versions".
  it("exercise at least 30 families of resources", function()
    local families, count = {}, 0
    for _, entries in pairs(RULES) do
      for _, entry in ipairs(entries) do
        local family = type(entry) == "string" and entry:match "^[^.]+" or nil
        if family and not families[family] then
          families[family], count = true, count + 1
        end
      end
    end
    assert.is_true(count >= 30, ("%d families"):format(count))
  end)

  it("have a way to delete each type, so that the mutation check leaves none out", function()
    local result = assert(process.run { argv = { python_of.find(), "-c",
      "import deleters; print(' '.join(deleters.DELETERS))" }, cwd = here, timeout = 30,
      env = { PYTHONDONTWRITEBYTECODE = "1" } })
    assert.equal("", result.stderr)
    local missing = {}
    for kind in pairs(RULES) do
      if not (" " .. result.stdout:gsub("%s", " ")):find(" " .. kind .. " ", 1, true) then
        missing[#missing + 1] = kind
      end
    end
    assert.same({}, missing)
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
        assert.golden(text, fs.join(GOLDEN, name, file))
      end
    end)
  end
end)

describe("lsqm generate", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    lab.env.LSQM_PYTHON = python_of.find()
  end)
  after_each(function() lab:close() end)

  local function put(letter, text, extra)
    local store = lab:store()
    assert(store:put_architecture(lab_of.metadata(letter, extra), { ["main.tf"] = text }))
    assert(store:save_index())
  end

  local function run(...)
    local result = lab:run({ ... })
    assert.equal(0, result.code, result.stderr)
    return result.stdout, result
  end

  local QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'

  it("stores four files and what it knows about them", function()
    put("a", QUEUE .. 'resource "aws_unheard" "x" {}\n')
    put("b", QUEUE, { skipped = true, skip_reason = "no" })
    assert.contains(run "generate", "generate: 1 made, 0 without an app")
    local store = lab:store()
    local facts = assert(store:app(lab_of.hash "a"))
    assert.same({ "rules", 0, 0, { "aws_unheard" } }, { facts.model_used, facts.input_tokens,
      facts.output_tokens, facts.uncovered })
    for _, name in ipairs { "app.py", "conftest.py", "requirements.txt", "test_app.py" } do
      assert.is_true(fs.exists(fs.join(store:app_dir(lab_of.hash "a"), name)), name)
    end
    assert.is_nil(store:app(lab_of.hash "b"))
    assert.same({ true, false }, { store:index().architectures[lab_of.hash "a"].has_app,
      store:index().architectures[lab_of.hash "b"].has_app })
    assert.same({}, (lab:check_contracts()))
  end)

  it("leaves current apps alone, and replaces them with --force", function()
    put("a", QUEUE)
    run "generate"
    local path = fs.join(lab:store():app_dir(lab_of.hash "a"), "app.py")
    fs.write(path, "# mine\n")
    assert.contains(run "generate", "generate: 0 made")
    assert.equal("# mine\n", fs.read(path))
    assert.contains(run("generate", "--force"), "generate: 1 made")
    assert.contains(fs.read(path), "class Deployment")
  end)

  it("touches nothing in a dry run", function()
    put("a", QUEUE)
    local before = lab_of.snapshot(lab.path)
    assert.contains(run("--dry-run", "generate"), "generate: would make 1 apps")
    assert.same(before, lab_of.snapshot(lab.path))
  end)

  it("goes on after one without an app, and says why", function()
    put("a", 'resource "aws_unheard" "x" {}\n')
    put("b", QUEUE)
    local out, result = run "generate"
    assert.contains(out, "generate: 1 made, 1 without an app")
    assert.contains(out .. result.stderr, "no rule covers aws_unheard")
    assert.is_nil(lab:store():app(lab_of.hash "a"))
  end)

  it("does not store what does not compile, and names the file and line", function()
    put("a", QUEUE)
    local own = lab.path .. "/own"
    fs.mkdir(own .. "/weekly/rules")
    fs.write(own .. "/weekly/rules/tests.lua", "return { aws_sqs_queue = { { name = 'broken', "
      .. "as = 'queue', body = 'assert (queue' } } }\n")
    local out, result = run("--pipelines", own, "generate")
    assert.contains(out, "generate: 0 made, 1 without an app")
    assert.contains(out .. result.stderr, "test_app.py:")
    assert.is_nil(lab:store():app(lab_of.hash "a"))
    assert.is_false(fs.exists(fs.join(lab:store():app_dir(lab_of.hash "a"), "app.py")))
  end)
end)
