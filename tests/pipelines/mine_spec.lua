-- SPDX-License-Identifier: Apache-2.0
-- mine, as a user runs it, on folders and repositories made here.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local archive = require "std.archive"
local fs = require "std.fs"
local git = require "std.git"
local github_of = dofile(here .. "/../fakes/github.lua")
local json = require "std.json"
local registry_of = dofile(here .. "/../fakes/registry.lua")

local function queue(name)
  return ("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Queue:\n"
    .. "    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: %s\n"):format(name)
end

local function bucket(name)
  return ('resource "aws_s3_bucket" "b" {\n  bucket = "%s"\n}\n'):format(name)
end

describe("mine", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  -- Writes files below a folder of the lab; false removes one.
  local function write(files, dir)
    for name, text in pairs(files) do
      local path = fs.join(lab.path, dir or "src", name)
      if text then
        assert(fs.mkdir(fs.dirname(path)))
        assert(fs.write(path, text))
      else
        assert(fs.remove(path))
      end
    end
  end

  local function mine(config, ...)
    return lab:run({ "mine", ... }, { config = config
      or ("{ sources = { { type = 'dir', path = '%s/src' } } }"):format(lab.path) })
  end

  -- outcome by the end of the URL, and the whole report
  local function outcomes(config, ...)
    local result = mine(config, "--json", ...)
    local report = assert(json.decode(result.stdout), result.stderr)
    local map = {}
    for _, entry in ipairs(report.entries) do
      map[entry.source_url:gsub("^.*/src/?", ""):gsub("^.*/repo/?", "")] = entry.outcome
    end
    return map, report, result
  end

  -- metadata by name
  local function library()
    local map = {}
    for _, meta in ipairs(lab:store():architectures()) do map[meta.name] = meta end
    return map
  end

  it("stores what is new once, under the hash of its content", function()
    write { ["queue.yaml"] = queue "one", ["web/main.tf"] = bucket "two",
      ["notes.yaml"] = "just: notes\n", ["README.json"] = "{}" }
    local found, _, result = outcomes()
    assert.equal(0, result.code, result.stderr)
    assert.same({ ["queue.yaml"] = "new", web = "new" }, found)
    local known = library()
    assert.same({ { "sqs" }, 1, "cfn", "github" }, { known.queue.services,
      known.queue.resource_count, known.queue.format, known.queue.source_type })
    assert.contains(fs.read(lab:store():arch_dir(known.queue.hash) .. "/main.tf"), 'name = "one"')
    local problems, checked = lab:check_contracts()
    assert.same({}, problems)
    assert.equal(3, checked)
    -- FR-011: nothing is processed twice
    local before = lab_of.snapshot(lab.repo .. "/architectures/" .. known.queue.hash)
    assert.same({ ["queue.yaml"] = "known", web = "known" }, (outcomes()))
    assert.same(before, lab_of.snapshot(lab.repo .. "/architectures/" .. known.queue.hash))
  end)

  it("gives the same hash wherever the source lies", function()
    write({ ["queue.yaml"] = queue "one" }, "a/src")
    write({ ["queue.yaml"] = queue "one" }, "b/src")
    local _, report = outcomes(("{ sources = { { type = 'dir', path = '%s/a/src' },"
      .. "{ type = 'dir', path = '%s/b/src' } } }"):format(lab.path, lab.path))
    assert.same({ new = 1, duplicate = 1 }, report.counts)
  end)

  it("marks what the emulator does not support and what has no rule", function()
    write { ["main.tf"] = 'resource "aws_quicksight_group" "g" {\n  group_name = "g"\n}\n',
      ["thing.yaml"] = "Resources:\n  Q:\n    Type: AWS::Braket::QuantumTask\n",
      ["only/outputs.tf"] = 'output "x" {\n  value = 1\n}\n' }
    local found, report, result = outcomes()
    assert.equal(0, result.code, result.stderr)
    assert.same({ [""] = "skipped", ["thing.yaml"] = "unsupported", only = "unsupported" }, found)
    local meta = lab:store():architectures()[1]
    assert.is_true(meta.skipped)
    assert.contains(meta.skip_reason, "quicksight")
    local named = json.encode(report.entries)
    assert.contains(named, "Q AWS::Braket::QuantumTask")
    assert.same({}, (lab:check_contracts()))
  end)

  it("replaces the architecture of a template that changed", function()
    write { ["queue.yaml"] = queue "one" }
    outcomes()
    local old = library().queue
    write { ["queue.yaml"] = queue "two" }
    assert.same({ ["queue.yaml"] = "superseded" }, (outcomes()))
    local store = lab:store()
    local new = store:architecture(store:architecture(old.hash).superseded_by)
    assert.same({ old.hash, old.source_url }, { new.supersedes, new.source_url })
    assert.same({ ["queue.yaml"] = "known" }, (outcomes()))
    -- only a comment: the same architecture under the same hash
    write { ["queue.yaml"] = "# a word\n" .. queue "two" }
    assert.same({ ["queue.yaml"] = "known" }, (outcomes()))
    assert.equal(2, #lab:store():architectures())
    -- and back: the first one lives again
    write { ["queue.yaml"] = queue "one" }
    assert.same({ ["queue.yaml"] = "superseded" }, (outcomes()))
    store = lab:store()
    assert.is_nil(store:architecture(old.hash).superseded_by)
    assert.equal(old.hash, store:architecture(new.hash).superseded_by)
    assert.same({}, (lab:check_contracts()))
  end)

  it("marks the architecture of a template that broke, until it is mended", function()
    write { ["queue.yaml"] = queue "one", ["web/main.tf"] = bucket "two",
      ["gone.json"] = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}' }
    outcomes()
    write { ["queue.yaml"] = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n   Bad: [\n",
      ["web/main.tf"] = 'resource "aws_s3_bucket" "b" {\n  bucket = \n}\n',
      ["gone.json"] = "overwritten" }
    local found, _, result = outcomes()
    assert.equal(1, result.code)
    assert.same({ ["queue.yaml"] = "failed", web = "failed", ["gone.json"] = "failed" }, found)
    local known = library()
    assert.contains(known.queue.source_error, "queue.yaml:4:4")
    assert.contains(known.web.source_error, "main.tf:2:12")
    assert.contains(known.gone.source_error, "no template")
    write { ["queue.yaml"] = queue "one", ["web/main.tf"] = bucket "two",
      ["gone.json"] = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}' }
    outcomes()
    for name, meta in pairs(library()) do assert.is_nil(meta.source_error, name) end
    assert.same({}, (lab:check_contracts()))
  end)

  it("keeps an architecture alive that still lies at another place", function()
    write { ["a.yaml"] = queue "one", ["b.yaml"] = queue "one" }
    assert.same({ ["a.yaml"] = "new", ["b.yaml"] = "duplicate" }, (outcomes()))
    assert.same({ ["a.yaml"] = "known", ["b.yaml"] = "known" }, (outcomes()))
    local hash = lab:store():architectures()[1].hash
    write { ["a.yaml"] = queue "changed" }
    outcomes()
    local meta = lab:store():architecture(hash)
    assert.is_nil(meta.superseded_by)
    assert.contains(meta.source_url, "/b.yaml")
    write { ["b.yaml"] = queue "changed" }
    assert.same({ ["a.yaml"] = "known", ["b.yaml"] = "duplicate" }, (outcomes()))
    assert.is_truthy(lab:store():architecture(hash).superseded_by)
    assert.same({ ["a.yaml"] = "known", ["b.yaml"] = "known" }, (outcomes()))
    -- one of two places breaks: nobody is marked
    write { ["b.yaml"] = "Resources:\n  Q: {Type: AWS::SQS::Queue" }
    outcomes()
    for _, one in ipairs(lab:store():architectures()) do assert.is_nil(one.source_error) end
  end)

  it("names broken templates with place and caret and mines the others", function()
    local bomb = { "Resources:", "  Q: {Type: AWS::SQS::Queue, Tags: *a9}",
      "a0: &a0 [x, x, x, x, x]" }
    for i = 1, 12 do
      bomb[#bomb + 1] = ("a%d: &a%d [%s]"):format(i, i, ("*a" .. i - 1 .. ", "):rep(9) .. "x")
    end
    table.insert(bomb, table.remove(bomb, 2)) -- the use after the anchors
    write { ["bad.yaml"] = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n   Bad: [\n",
      ["bad.json"] = '{"Resources": {\n  "Q": {"Type": "AWS::SQS::Queue" "x": 1}}}\n',
      ["tf/main.tf"] = 'resource "aws_s3_bucket" "b" {\n  bucket = \n}\n',
      ["bomb.yaml"] = table.concat(bomb, "\n") .. "\n",
      ["huge.yaml"] = "Resources:\n" .. ("#"):rep(50 * 1024 * 1024),
      ["fine.yaml"] = queue "fine" }
    local result = mine()
    assert.equal(1, result.code)
    assert.contains(result.stdout, "6 found: 1 new, 5 failed")
    assert.contains(result.stderr, "/bad.yaml:4:4: invalid indentation")
    assert.contains(result.stderr, "4 |    Bad: [\n      |    ^")
    assert.contains(result.stderr, "/bad.json:2:36: ")
    assert.contains(result.stderr, '2 |   "Q": {"Type": "AWS::SQS::Queue" "x": 1}}}\n      |'
      .. (" "):rep(36) .. "^")
    assert.contains(result.stderr, "/tf/main.tf:2:12: expected an expression")
    assert.contains(result.stderr, "2 |   bucket = \n      |            ^")
    assert.contains(result.stderr, "aliases expand to more than")
    assert.contains(result.stderr, "52428811 bytes; templates are read up to")
    local logged = {}
    for _, record in ipairs(lab:log()) do
      if record.error then logged[fs.basename(record.source_url)] = record.error end
    end
    assert.same({ 4, 4 }, { logged["bad.yaml"].line, logged["bad.yaml"].col })
    assert.same({ 2, 12 }, { logged.tf.line, logged.tf.col })
    assert.equal("fine", lab:store():architectures()[1].name)
  end)

  it("mines repositories, follows their branch, and works without a network", function()
    local origin = lab.path .. "/repo"
    local repo = assert(git.init(origin))
    write({ ["queue.yaml"] = queue "one" }, "repo")
    assert(repo:commit { message = "one", all = true })
    assert(git.clone { url = origin, path = lab.path .. "/repo.git", bare = true })
    local bare = lab.path .. "/repo.git"
    local config = ("{ sources = { { type = 'git', url = '%s' } } }"):format(bare)
    local found, _, result = outcomes(config)
    assert.equal(0, result.code, result.stderr)
    assert.same({ ["queue.yaml"] = "new" }, found)
    write({ ["topic.yaml"] = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n" }, "repo")
    assert(repo:commit { message = "two", all = true })
    assert(repo:set_remote(bare))
    assert(repo:push())
    assert.same({ ["queue.yaml"] = "known", ["topic.yaml"] = "new" }, (outcomes(config)))
    assert.same({}, (lab:check_contracts()))
  end)

  it("mines a branch when the source names one", function()
    local repo = assert(git.init(lab.path .. "/repo"))
    write({ ["queue.yaml"] = queue "one" }, "repo")
    assert(repo:commit { message = "one", all = true })
    assert(repo:checkout("next", { create = true }))
    write({ ["more.yaml"] = queue "more" }, "repo")
    assert(repo:commit { message = "two", all = true })
    assert(repo:checkout "main")
    local config = "{ sources = { { type = 'git', url = '" .. lab.path .. "/repo'%s } } }"
    assert.same({ ["queue.yaml"] = "new" }, (outcomes(config:format "")))
    local found, _, result = outcomes(config:format ", ref = 'next'")
    assert.same({ ["queue.yaml"] = "known", ["more.yaml"] = "new" }, found, result.stderr)
    assert(repo:checkout "next")
    write({ ["more.yaml"] = queue "less" }, "repo")
    assert(repo:commit { message = "three", all = true })
    assert.same({ ["queue.yaml"] = "known", ["more.yaml"] = "superseded" },
      (outcomes(config:format ", ref = 'next'")))
  end)

  it("mines the other sources when one cannot be reached", function()
    write { ["queue.yaml"] = queue "one" }
    local result = mine(("{ sources = { { type = 'git', url = '%s/nowhere.git' },"
      .. "{ type = 'dir', path = '%s/absent' }, { type = 'dir', path = '%s/src' } } }"):format(
      lab.path, lab.path, lab.path))
    assert.equal(3, result.code)
    assert.contains(result.stdout, "1 found: 1 new")
    assert.contains(result.stderr, "nowhere.git")
    assert.contains(result.stderr, "no such folder: " .. lab.path .. "/absent")
    assert.equal(1, #lab:store():architectures())
  end)

  it("names mistakes in the list of sources", function()
    local function hint(source)
      local result = mine("{ sources = { " .. source .. " } }")
      assert.equal(2, result.code, result.stderr)
      return result.stderr
    end
    assert.contains(hint "{ type = 'gti', url = 'x' }", "unknown type 'gti'")
    assert.contains(hint "{ type = 'gti', url = 'x' }", "did you mean 'git'?")
    assert.contains(hint "{ type = 'dir', path = 'x', inlcude = {} }", "did you mean 'include'?")
    assert.contains(hint "{ type = 'dir' }", "'path' is missing")
    assert.contains(hint "{ type = 'dir', path = 3 }", "'path' must be a string")
    assert.contains(hint "{ type = 'github' }", "exactly one of 'org', 'user', 'repo' is needed")
    assert.contains(hint "{ type = 'github', org = 'a', repo = 'a/b' }", "exactly one of")
    assert.contains(hint "{ type = 'github', org = 'a/../b' }", "'org' is no name: a/../b")
    assert.contains(hint "{ type = 'github', repo = 'a' }", "'repo' is no name: a")
    assert.contains(hint "{ type = 'registry', module = 'a/b' }", "'module' is no name: a/b")
  end)

  it("mines the stock sources: all eight families and the places on GitHub", function()
    local function archive_of(name)
      return archive.tar(nil, { { path = "main.tf", data = bucket(name), mode = 420 } },
        { gzip = true })
    end
    local modules, repos, orgs = {}, {}, {}
    for i, name in ipairs { "vpc", "lambda", "s3-bucket", "dynamodb-table", "sqs", "sns",
      "apigateway-v2", "step-functions" } do
      modules["terraform-aws-modules/" .. name .. "/aws"] = { ["1.0.0"] = archive_of("m" .. i) }
    end
    for _, name in ipairs { "serverless/examples", "aws-samples/aws-cdk-examples",
      "aws-quickstart/one", "aws-solutions/one", "aws-samples/one" } do
      repos[name] = { sha = ("a"):rep(40), tarball = archive_of((name:gsub("/", "-"))) }
      orgs[name:match "^[^/]+"] = { name }
    end
    local registry <close> = registry_of.new(modules)
    local github <close> = github_of.new { repos = repos, orgs = orgs }
    local real <close> = lab_of.new { real = true } -- the samples need Python
    local result = real:run({ "mine", "--json" }, { env = { GITHUB_TOKEN = "t",
      GITHUB_API_URL = github.url, TF_REGISTRY_URL = registry.url } })
    assert.equal(0, result.code, result.stderr)
    local report, found = assert(json.decode(result.stdout)), 0
    for _, entry in ipairs(report.entries) do
      local outside = not entry.source_url:find "^lsqm:"
      assert.is_true(not outside or entry.outcome == "new", entry.source_url)
      found = found + (outside and 1 or 0)
    end
    assert.equal(13, found)
    assert.equal(1 + 16 + 5, #report.sources)
    assert.same({}, report.problems)
    assert.same({}, (real:check_contracts()))
    -- without a token nobody outside is asked
    local asked = #github.requests + #registry.paths
    result = real:run({ "mine" }, { env = { GITHUB_API_URL = github.url,
      TF_REGISTRY_URL = registry.url } })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stderr, "GITHUB_TOKEN is not set")
    assert.equal(asked, #github.requests + #registry.paths)
  end)

  it("knows a template by what it says, whatever its name", function()
    write { ["stack"] = queue "a", ["stack.cfn"] = queue "b",
      ["old.txt"] = "# words\n" .. queue "c",
      ["json.tmpl"] = '{ "AWSTemplateFormatVersion": "2010-09-09",\n'
        .. '"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}',
      ["README.txt"] = "Write this:\n\n  AWSTemplateFormatVersion: x\n  Resources:\n    Q:\n"
        .. "      Type: AWS::SQS::Queue\n",
      ["notes"] = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n",
      ["app/cdk.json"] = '{"app": "node app.js"}', ["app/app.js"] = "",
      ["app/cdk.out/App.template.json"] = '{"Resources": {"T": {"Type": "AWS::SNS::Topic", '
        .. '"Properties": {"TopicName": "app"}}}}' }
    local found, report, result = outcomes()
    assert.equal(0, result.code, result.stderr)
    assert.same({ stack = "new", ["stack.cfn"] = "new", ["old.txt"] = "new", ["json.tmpl"] = "new",
      ["app/cdk.out/App.template.json"] = "new" }, found)
    local left_out = report.sources[1].skipped
    assert.equal(1, #left_out)
    assert.contains(left_out[1].name, "/src/app")
    assert.contains(left_out[1].reason, "a CDK app")
  end)

  it("selects by globs", function()
    write { ["keep/a.yaml"] = queue "a", ["keep/test/b.yaml"] = queue "b", ["c.yaml"] = queue "c",
      [".git/d.yaml"] = queue "d", ["node_modules/e.yaml"] = queue "e" }
    local found = outcomes(("{ sources = { { type = 'dir', path = '%s/src', include = "
      .. "{ 'keep/**' }, exclude = { '**/test/**' } } } }"):format(lab.path))
    assert.same({ ["keep/a.yaml"] = "new" }, found)
  end)

  it("notices a file that was only renamed, and leaves called modules alone", function()
    write { ["app/main.tf"] = 'module "m" {\n  source = "./m"\n}\n',
      ["app/m/main.tf"] = bucket "m" }
    assert.same({ app = "new" }, (outcomes()))
    write { ["app/m/main.tf"] = false, ["app/m/bucket.tf"] = bucket "m" }
    assert.same({ app = "superseded" }, (outcomes()))
  end)

  it("says what a dry run would do and touches nothing", function()
    write { ["queue.yaml"] = queue "one",
      ["broken.yaml"] = "Resources:\n  Q: {Type: AWS::SQS::Queue" }
    local config = ("{ sources = { { type = 'dir', path = '%s/src' }, { type = 'git', url = "
      .. "'%s/none.git' } } }"):format(lab.path, lab.path)
    assert(fs.write(lab.path .. "/config.lua", "return " .. config))
    local before = lab_of.snapshot(lab.path)
    local result = lab:run({ "--dry-run", "--config", lab.path .. "/config.lua", "mine" })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "2 found")
    assert.contains(result.stderr, "would clone")
    assert.same(before, lab_of.snapshot(lab.path))
    assert.is_false(fs.exists(lab.workspace))
  end)
end)
