-- SPDX-License-Identifier: Apache-2.0
-- The stages of three configurations of growing size run for real against an emulator: build,
-- check, deploy, test, artifacts up and down, monitoring.
local aws = require "std.aws"
local artifacts = require "pipelines.aphex.model.artifacts"
local emulators = require "std.emulator"
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local program = require "lsqm.program"
local python = require "std.python"
local uv = require "luv"
local xml = require "std.xml"

local SHA <const> = ("c0ffee12"):rep(5)
local SECRET <const> = "not-for-any-output"

local QUEUE <const> = [[
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: jobs-%s}
Outputs:
  QueueUrl: {Value: !Ref Queue}
]]

local TABLE <const> = [[
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders-%s
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
Outputs:
  TableName: {Value: !Ref Table}
]]

local function config(environments, build)
  local lines = { 'version: "1.0"', "build:", "  commands:" }
  for _, command in ipairs(build) do lines[#lines + 1] = "    - '" .. command .. "'" end
  lines[#lines + 1] = "  artifacts: [dist]\nrequires: {tools: [git], context: [owner]}"
  lines[#lines + 1] = "environments:"
  for _, one in ipairs(environments) do
    lines[#lines + 1] = ('  - name: %s\n    region: %s\n    account: "000000000000"\n    stacks:')
      :format(one.name, one.region)
    for _, stack in ipairs(one.stacks) do
      lines[#lines + 1] = ("      - {name: %s, path: %s.yaml}"):format(stack, stack)
    end
    if one.test then
      lines[#lines + 1] = "    tests: {commands: ['" .. one.test .. "']}"
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Prints what pytest prints; --fail makes one fail.
local REPORT <const> = 'echo "===== 3 passed, 1 skipped in 0.02s ====="'
local JUNIT <const> = 'printf "<testsuite><testcase/><testcase><failure/></testcase></testsuite>"'
  .. ' > report.xml'

local CONFIGS <const> = {
  small = { build = { "mkdir -p dist && echo one > dist/app" },
    { name = "dev", region = "us-east-1", stacks = { "queue" } } },
  medium = { build = { "mkdir -p dist", "echo two > dist/app", "test -s dist/app" },
    { name = "dev", region = "us-east-1", stacks = { "queue", "table" }, test = REPORT },
    { name = "staging", region = "eu-west-1", stacks = { "table" }, test = REPORT } },
  large = { build = { "mkdir -p dist/deep", "echo three > dist/deep/app", "ls dist" },
    { name = "dev", region = "us-east-1", stacks = { "queue", "table" }, test = REPORT },
    { name = "staging", region = "eu-west-1", stacks = { "queue", "table" }, test = REPORT },
    { name = "production", region = "us-west-2", stacks = { "queue", "table" }, test = REPORT } },
}

describe("aphex", function()
  local home, emulator, client

  setup(function()
    home = assert(fs.tempdir("aphex-"))
    local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
    local plan = assert(emulators.plan { name = "ministack", spec = spec, driver = "process",
      python = python.find() })
    emulator = assert(emulators.start(plan, { workdir = home.path }))
    client = aws.client { region = "us-east-1", endpoint = emulator.endpoint,
      credentials = { key = "test", secret = SECRET } }
  end)
  teardown(function()
    emulator:close()
    home:close()
  end)

  -- As a pod of a workflow where one is named.
  local function run_in(workflow, dir, ...)
    return assert(process.run { cwd = dir, timeout = 120, argv = { os.getenv "LSQM_BIN"
      or uv.exepath(), "--workspace", dir, "aphex", ... }, inherit = { "LSQM_CACHE" },
      env = { HOME = home.path, AWS_ACCESS_KEY_ID = "test", AWS_SECRET_ACCESS_KEY = SECRET,
        PATH = home.path .. "/bin:" .. os.getenv "PATH", AWS_ENDPOINT_URL = emulator.endpoint,
        APHEX_COMMIT = SHA, APHEX_BRANCH = "refs/heads/main", APHEX_WORKFLOW = workflow } })
  end

  local function run(dir, ...) return run_in("", dir, ...) end

  local function lay_out(name)
    local dir = fs.join(home.path, name)
    assert(fs.mkdir(dir))
    assert(fs.write(dir .. "/aphex-config.yaml", config(CONFIGS[name], CONFIGS[name].build)))
    assert(fs.write(dir .. "/queue.yaml", QUEUE:format(name)))
    assert(fs.write(dir .. "/table.yaml", TABLE:format(name)))
    assert(fs.write(dir .. "/cdk.json", '{"context": {"owner": "team"}}'))
    return dir
  end

  local function succeeds(dir, ...)
    local result = run(dir, ...)
    assert.equal(0, result.code, table.concat({ ... }, " ") .. "\n" .. result.stdout
      .. result.stderr)
    return result.stdout
  end

  for name, environments in pairs(CONFIGS) do
    it("builds, checks, deploys and tests: " .. name, function()
      local dir = lay_out(name)
      succeeds(dir, "generate")
      succeeds(dir, "build")
      local built = assert(json.read(dir .. "/results/build.json"))
      assert.is_true(built.success)
      assert.equal(1, #built.artifacts)
      for _, one in ipairs(environments) do
        assert.matches("ok +credentials: account 000000000000", succeeds(dir, "check", "-e",
          one.name))
        succeeds(dir, "deploy", "-e", one.name)
        for _, stack in ipairs(one.stacks) do
          local result = assert(json.read(("%s/results/deploy-%s/%s.json"):format(dir, one.name,
            stack)))
          assert.is_true(result.success)
          assert.is_truthy(next(result.stack_outputs))
          assert.is_true(#result.cloudformation_events > 0)
        end
        if one.test then
          succeeds(dir, "test", "-e", one.name)
          local result = assert(json.read(("%s/results/test-%s.json"):format(dir, one.name)))
          assert.same({ 3, 3, 0 }, { result.test_count, result.passed_count,
            result.failed_count })
        end
      end
    end)
  end

  it("says what does not fit: account, stack, command, test", function()
    local dir = lay_out "small"
    fs.remove(dir .. "/results")
    local path = dir .. "/aphex-config.yaml"
    local good = assert(fs.read(path))
    assert(fs.write(path, (good:gsub("000000000000", "123456789012"))))
    local result = run(dir, "check")
    assert.equal(1, result.code)
    assert.matches("they belong to account 000000000000, the environment is 123456789012",
      result.stdout, 1, true)
    result = run(dir, "deploy")
    assert.equal(3, result.code)
    assert.matches("they belong to account 000000000000", result.stderr, 1, true)
    assert.is_false(fs.exists(dir .. "/results/deploy-dev"))
    assert(fs.write(path, (good:gsub("context: %[owner%]", "context: [owner, vpc]"))))
    assert.matches("cdk.json has no value for vpc", run(dir, "check").stdout, 1, true)
    assert(fs.write(path, (good:gsub("mkdir %-p dist", "echo broken >&2; exit 7; mkdir"))))
    result = run(dir, "build")
    assert.equal(1, result.code)
    assert.matches("ended with 7\nbroken", result.stdout, 1, true)
    assert(fs.write(path, good .. "    tests: {commands: ['" .. JUNIT .. "']}\n"))
    result = run(dir, "test")
    assert.equal(1, result.code)
    assert.matches("dev: 1 of 2 tests passed", result.stdout, 1, true)
    assert(fs.write(path, good))
    assert(fs.write(dir .. "/queue.yaml", "Resources: {Q: {Type: 'AWS::SQS::Nothing'}}"))
    assert.equal(1, run(dir, "deploy").code)
  end)

  -- Says what it sees; fails where its folder says so.
  local NPX <const> = [[
#!/bin/sh
echo "key $AWS_ACCESS_KEY_ID region $AWS_REGION account $CDK_DEFAULT_ACCOUNT stack $STACK $*" >&2
echo "secret $AWS_SECRET_ACCESS_KEY" >&2
test -z "$AWS_SECRET_ACCESS_KEY" && exit 9
test ! -e fails
]]

  it("deploys other stacks with the CDK, which has the credentials and shows none", function()
    local dir = lay_out "small"
    succeeds(dir, "deploy")
    assert(fs.mkdir(home.path .. "/bin"))
    assert(fs.write(home.path .. "/bin/npx", NPX))
    assert(uv.fs_chmod(home.path .. "/bin/npx", 493)) -- 493 = octal 755
    local path = dir .. "/aphex-config.yaml"
    assert(fs.write(path, (fs.read(path):gsub("path: queue.yaml", "path: queue.ts"))))
    local result = json.decode(succeeds(dir, "deploy", "--json"))
    assert.is_true(result.success)
    assert.is_truthy(next(result.stack_outputs))
    assert.equal(0, #result.cloudformation_events) -- nothing happened since
    assert(fs.write(dir .. "/fails", ""))
    local ran = run(dir, "deploy")
    assert.equal(1, ran.code)
    assert.is_truthy(ran.stdout:find("key test region us-east-1 account 000000000000 stack queue"
      .. " cdk deploy queue", 1, true), ran.stdout)
    assert.is_nil((ran.stdout .. ran.stderr):find(SECRET, 1, true))
    assert.is_truthy(ran.stdout:find("secret ***", 1, true))
  end)

  it("has a role's credentials where the cluster gives a token", function()
    local dir = lay_out "small"
    assert(fs.write(home.path .. "/token", "a.b.c\n"))
    local ran = assert(process.run { cwd = dir, timeout = 60, argv = { os.getenv "LSQM_BIN"
      or uv.exepath(), "--workspace", dir, "aphex", "check" }, inherit = { "LSQM_CACHE" },
      env = { HOME = home.path, AWS_ENDPOINT_URL = emulator.endpoint,
        AWS_ROLE_ARN = "arn:aws:iam::000000000000:role/deployer",
        AWS_WEB_IDENTITY_TOKEN_FILE = home.path .. "/token" } })
    assert.equal(0, ran.code, ran.stdout .. ran.stderr)
    assert.matches("ok +credentials: account 000000000000", ran.stdout)
  end)

  it("does nothing with --dry-run, and says what it would do", function()
    local dir = lay_out "small"
    fs.remove(dir .. "/results")
    for words, expected in pairs { build = "would run: mkdir", deploy = "would deploy queue",
      test = "", ["artifacts prepare --bucket dry"] = "would prepare dry",
      ["artifacts upload x --bucket dry"] = "would upload x in dry" } do
      local argv = {}
      for word in words:gmatch "%S+" do argv[#argv + 1] = word end
      argv[#argv + 1] = "--dry-run"
      local ran = run(dir, table.unpack(argv))
      assert.equal(0, ran.code, words .. ran.stderr)
      assert.is_truthy(ran.stdout:find(expected, 1, true), ran.stdout)
      assert.is_false(fs.exists(dir .. "/results"))
    end
  end)

  it("keeps artifacts with their checksums in a bucket as the document wants it", function()
    local settings = json.decode(succeeds(home.path, "artifacts", "prepare", "--bucket", "art"))
    assert.same({ versioning = true, encryption = "AES256", days = 90 }, settings)
    local file = home.path .. "/build.zip"
    assert(fs.write(file, ("payload"):rep(20000)))
    local metadata = json.decode(succeeds(home.path, "artifacts", "upload", file, "--bucket",
      "art"))
    assert.same({ SHA, ("s3://art/%s/build.zip"):format(SHA), 140000 }, { metadata.commit_sha,
      metadata.s3_path, metadata.size_bytes })
    assert(fs.remove(file))
    succeeds(home.path, "artifacts", "download", file, "--bucket", "art")
    assert.equal(("payload"):rep(20000), fs.read(file))
    assert(client:s3 { method = "PUT", bucket = "art", key = SHA .. "/build.zip", body = "other" })
    fs.remove(file)
    local refused = run(home.path, "artifacts", "download", file, "--bucket", "art")
    assert.equal(1, refused.code)
    assert.matches("its SHA%-256 is", refused.stderr)
    local ok, err = artifacts.download(client, { bucket = "art", commit = SHA,
      name = "build.zip", file = file })
    assert.is_nil(ok)
    assert.matches("its SHA%-256 is", tostring(err))
    assert.is_false(fs.exists(file))
    assert.is_false(fs.exists(file .. ".unverified"))
  end)

  it("uploads what a build made, and what is uploaded comes down the same", function()
    local dir = lay_out "large"
    succeeds(home.path, "artifacts", "prepare", "--bucket", "builds")
    assert.matches("in s3://builds/" .. SHA .. "/", succeeds(dir, "build", "--bucket", "builds"),
      1, true)
    local file = home.path .. "/down"
    local metadata = json.decode(succeeds(home.path, "artifacts", "download", file, "--bucket",
      "builds", "--name", "dist/deep/app"))
    assert.equal(("s3://builds/%s/dist/deep/app"):format(SHA), metadata.s3_path)
    assert.equal("three\n", fs.read(file))
    assert.equal(2, run(dir, "build", "--bucket", "builds", "--commit", "main").code)
    fs.remove(dir .. "/results")
    assert.equal(3, run(dir, "build", "--bucket", "nobody").code)
    assert.is_true(assert(json.read(dir .. "/results/build.json")).success)
  end)

  it("says what is wrong with a bucket and with what is asked of it", function()
    assert(client:s3 { method = "PUT", bucket = "plain" })
    local ran = run(home.path, "artifacts", "status", "--bucket", "plain")
    assert.equal(1, ran.code, ran.stderr)
    assert.matches("plain: versioning is off", ran.stderr, 1, true)
    assert.matches("plain: objects are kept for ever, not 90 days", ran.stderr, 1, true)
    succeeds(home.path, "artifacts", "prepare", "--bucket", "plain")
    succeeds(home.path, "artifacts", "status", "--bucket", "plain")
    local rules = assert(client:s3 { bucket = "plain", query = "lifecycle" }).body
    assert.matches("<NoncurrentDays>90</NoncurrentDays>", rules, 1, true)
    local file = home.path .. "/one.zip"
    assert(fs.write(file, "1"))
    local metadata = json.decode(succeeds(home.path, "artifacts", "upload", file, "--bucket",
      "plain", "--name", "dist/a b/one.zip"))
    assert.equal(("s3://plain/%s/dist/a b/one.zip"):format(SHA), metadata.s3_path)
    succeeds(home.path, "artifacts", "download", file, "--bucket", "plain", "--name",
      "dist/a b/one.zip")
    for code, cases in pairs { [2] = { { "upload", file, "--bucket", "plain", "--commit", "main" },
      { "upload", file, "--bucket", "No Bucket" }, { "upload", "--bucket", "plain" },
      { "upload", file, "--bucket", "plain", "--name", "../x" } },
      [3] = { { "upload", file, "--bucket", "nobody" }, { "status", "--bucket", "nobody" },
        { "download", file, "--bucket", "plain", "--name", "nothing" },
        { "upload", home.path .. "/none", "--bucket", "plain" } } } do
      for _, words in ipairs(cases) do
        local result = run(home.path, "artifacts", table.unpack(words))
        assert.equal(code, result.code, table.concat(words, " ") .. result.stderr)
        assert.is_nil(result.stderr:find("in function", 1, true), result.stderr)
      end
    end
  end)

  local GROUP <const> = "/aws/eks/aphex-pipeline/workflows"

  it("collects what its stages told CloudWatch, each once", function()
    local dir = lay_out "medium"
    local good = assert(fs.read(dir .. "/aphex-config.yaml"))
    assert(fs.write(dir .. "/aphex-config.yaml", (good:gsub("3 passed, 1 skipped", "1 failed"))))
    for _, words in ipairs { { "build" }, { "check", "-e", "dev" },
      { "deploy", "-e", "dev", "--stack", "table" }, { "test", "-e", "dev" } } do
      run_in("wf-1", dir, table.unpack(words))
    end
    local ended = run_in("wf-1", dir, "monitor", "--workflow", "wf-1", "--status", "Failed",
      "--json")
    assert.equal(0, ended.code, ended.stderr)
    local metadata, found = assert(json.decode(ended.stdout)), {}
    for i, one in ipairs(metadata.stages) do found[i] = one.stage_name .. " " .. one.status end
    assert.same({ "build succeeded", "check-dev succeeded", "deploy-dev-table succeeded",
      "test-dev failed" }, found)
    assert.equal("1 of 1 tests failed", metadata.stages[4].error_message)
    local events = assert(client:json("logs", "GetLogEvents", { logGroupName = GROUP,
      logStreamName = "wf-1" })).events
    assert.equal(5, #events)
  end)

  it("keeps the metadata in DynamoDB and S3 where rules name them", function()
    assert(client:json("dynamodb", "CreateTable", { TableName = "runs",
      BillingMode = "PAY_PER_REQUEST",
      AttributeDefinitions = { { AttributeName = "workflow_id", AttributeType = "S" } },
      KeySchema = { { AttributeName = "workflow_id", KeyType = "HASH" } } }))
    assert(client:s3 { method = "PUT", bucket = "stories" })
    local rules = assert(fs.read(program.share .. "/pipelines/aphex/rules/monitoring.lua"))
    assert(fs.mkdir(home.path .. "/own/aphex/rules"))
    assert(fs.write(home.path .. "/own/aphex/rules/monitoring.lua",
      (rules:gsub("table = nil", 'table = "runs"'):gsub("bucket = nil", 'bucket = "stories"'))))
    local metadata = json.decode(succeeds(home.path, "monitor", "--workflow", "wf-2", "--json",
      "--pipelines", home.path .. "/own"))
    local item = assert(client:json("dynamodb", "GetItem", { TableName = "runs",
      Key = { workflow_id = { S = "wf-2" } } })).Item
    assert.same({ "succeeded", SHA, "refs/heads/main" }, { item.status.S, item.commit_sha.S,
      item.branch.S })
    assert.same(metadata, json.decode(assert(client:s3 { bucket = "stories",
      key = "workflows/wf-2.json" }).body))
  end)

  it("tells CloudWatch how a workflow ended", function()
    succeeds(home.path, "monitor", "--workflow", "aphex-1", "--status", "Failed", "--started",
      "2026-01-15T10:30:00Z")
    local groups = assert(client:json("logs", "DescribeLogGroups", { logGroupNamePrefix = GROUP }))
    assert.equal(30, groups.logGroups[1].retentionInDays)
    local events = assert(client:json("logs", "GetLogEvents", { logGroupName = GROUP,
      logStreamName = "aphex-1" })).events
    local entry = assert(json.decode(events[#events].message))
    assert.same({ "aphex-1", "workflow", "failed", SHA }, { entry.workflow_id, entry.stage,
      entry.message, entry.commit_sha })
    local metrics = assert(client:query("cloudwatch", "ListMetrics",
      { Namespace = "AphexPipeline" }))
    local names = {}
    for _, one in ipairs(xml.all(metrics, "MetricName")) do names[one.text] = true end
    assert.same({ WorkflowDuration = true, DeploymentCount = true, DeploymentDuration = true },
      names)
  end)
end)
