-- SPDX-License-Identifier: Apache-2.0
-- Normalising small templates: golden files, refusals by name, Terraform roots.
-- Golden files are made again by: LSQM_GOLDEN=write lsqm exec tests/busted.lua
--   tests/pipelines/normalize_spec.lua
local archive = require "std.archive"
local fs = require "std.fs"
local normalize = require "std.normalize"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local GOLDEN = HERE .. "/../golden/normalize/"

local function run(text, name, format)
  local dir = fs.tempdir("normalize-spec")
  fs.write(fs.join(dir.path, name), text)
  local record = normalize.normalize { path = fs.join(dir.path, name), format = format,
    out = fs.join(dir.path, "out") }
  local main = fs.read(fs.join(dir.path, "out", "main.tf")) or ""
  return record, main, dir
end

local function template(resources) return "Resources:\n" .. resources end

describe("normalize", function()
  it("converts a template as the golden files say", function()
    local dir = fs.tempdir("normalize-golden")
    local record = normalize.normalize { path = GOLDEN .. "queue/template.yaml", out = dir.path }
    assert.equal("normalized", record.status, record.error and record.error.message)
    assert.equal("cfn", record.format)
    for _, name in ipairs { "main.tf", "variables.tf", "outputs.tf" } do
      assert.golden(fs.read(fs.join(dir.path, name)), GOLDEN .. "queue/expected/" .. name)
    end
    assert.is_true(fs.exists(fs.join(dir.path, "packages/handler.zip")))
    assert.same({ "iam", "lambda", "logs", "sqs" }, { table.unpack(record.services) })
    assert.equal(7, record.resource_count)
  end)

  it("gives the same bytes twice, from YAML and from JSON", function()
    local _, yaml = run(template "  Q:\n    Type: AWS::SQS::Queue\n", "one.yaml")
    local _, json = run('{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}', "one.json")
    assert.equal(yaml, json)
    assert.truthy(yaml:find('resource "aws_sqs_queue" "q"', 1, true))
  end)

  it("names types and properties that have no translation", function()
    local record = run(template [[
  A: { Type: AWS::Nothing::Known }
  B: { Type: Custom::Thing }
  C: { Type: AWS::Serverless::Function }
  Q: { Type: AWS::SQS::Queue, Properties: { Colour: red } }
]], "t.yaml")
    assert.equal("unsupported", record.status)
    local reasons = {}
    for _, entry in ipairs(record.unsupported) do
      reasons[entry.id] = (entry.property or "") .. ": " .. entry.reason
    end
    assert.equal(": no rule for this type", reasons.A)
    assert.equal(": custom resource", reasons.B)
    assert.equal(": a type of SAM, and the template lacks SAM's Transform", reasons.C)
    assert.equal("Colour: no counterpart in aws_sqs_queue", reasons.Q)
    assert.is_nil(record.out)
  end)

  it("names references to what is not declared", function()
    local record = run(template [[
  T: { Type: AWS::SNS::Topic, Properties: { TopicName: !Ref Missing } }
]], "t.yaml")
    assert.equal("Ref to 'Missing', which the template does not declare",
      record.unsupported[1].reason)
  end)

  it("says where a broken template is broken", function()
    local record = run("Resources:\n  A: [1\n", "t.yaml", "cfn")
    assert.equal("failed", record.status)
    assert.is_number(record.error.line)
  end)

  it("makes blocks under a condition dynamic", function()
    local _, main = run([[
Conditions: { C: !Equals [!Ref AWS::Region, us-east-1] }
Resources:
  T:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      TimeToLiveSpecification: !If [C, { AttributeName: at, Enabled: true }, !Ref AWS::NoValue]
]], "t.yaml")
    assert.truthy(main:find('dynamic "ttl" {%s+for_each = local.if_c %? %[1%] : %[%]'))
  end)

  it("converts a Serverless service", function()
    local record, main = run([[
service: hello
provider: { name: aws, runtime: python3.12, stage: "${opt:stage, 'dev'}" }
functions:
  hi: { handler: app.hi, events: [{ httpApi: "GET /hi" }, { schedule: rate(1 hour) }] }
]], "serverless.yml")
    assert.equal("normalized", record.status, record.error and record.error.message)
    assert.equal("serverless", record.format)
    assert.truthy(main:find('"hello-dev-hi"', 1, true))
    assert.truthy(main:find('"GET /hi"', 1, true))
  end)

  it("refuses another cloud by name", function()
    local record = run("service: x\nprovider:\n  name: azure\nfunctions:\n  a: { handler: b.c }\n",
      "serverless.yml")
    assert.equal("cloud azure", record.unsupported[1].reason)
  end)
end)

local function root(files)
  local dir = fs.tempdir("normalize-root")
  assert(fs.write_all(dir.path, files))
  local out = fs.join(dir.path, "the-output")
  return normalize.normalize { path = fs.join(dir.path, "root"), format = "terraform", out = out },
    out, dir
end

describe("normalize terraform", function()
  it("strips backends and aws providers, vendors modules, fills variables", function()
    local record, out, keep = root {
      ["root/main.tf"] = 'terraform {\n  backend "s3" {\n    bucket = "b"\n  }\n}\n'
        .. 'provider "aws" {\n  alias  = "west"\n  region = "us-west-2"\n}\n'
        .. 'variable "bucket_name" {\n  type = string\n}\n'
        .. 'module "m" {\n  source = "../lib/m" # kept\n}\n'
        .. 'resource "aws_s3_bucket" "b" {\n  bucket   = var.bucket_name\n}\n',
      ["lib/m/main.tf"] = 'resource "aws_sqs_queue" "q" {}\n',
      ["root/data.json"] = "{}",
    }
    assert.equal("normalized", record.status)
    local main = fs.read(out .. "/main.tf")
    assert.is_nil(main:find("backend", 1, true))
    assert.is_nil(main:find("provider", 1, true))
    assert.truthy(main:find('source = "./modules/m" # kept', 1, true))
    assert.truthy(main:find("bucket = var.bucket_name", 1, true))
    assert.is_true(fs.exists(out .. "/modules/m/main.tf"))
    assert.is_true(fs.exists(out .. "/data.json"))
    assert.truthy(fs.read(out .. "/lsqm.auto.tfvars.json"):find("lsqm%-bucket"))
    assert.same({ { name = "west", region = "us-west-2" } },
      { table.unpack(record.provider_aliases) })
    assert.equal(2, record.resource_count)
    keep:close()
  end)

  it("refuses what runs programs or leaves the root, by name", function()
    local record = root { ["root/main.tf"] = [[
resource "aws_sqs_queue" "q" {
  provisioner "local-exec" {
    command = "id"
  }
  policy = file("../../etc/passwd")
}
data "external" "e" {}
]] }
    local reasons = {}
    for _, entry in ipairs(record.unsupported) do reasons[entry.reason] = true end
    assert.is_true(reasons["provisioner local-exec"])
    assert.is_true(reasons["a file outside of the root"])
    assert.is_true(reasons["provider external"])
  end)

  it("keeps strings, heredocs and comments apart from blocks", function()
    local record = root { ["root/main.tf"] = [[
# provider "aws" {
resource "aws_sns_topic" "t" {
  policy = <<-EOT
    { "a": "}${jsonencode({ b = "}" })}" }
  EOT
  name = "x-${lower("}")}"
}
]] }
    assert.equal("normalized", record.status)
    assert.equal(1, record.resource_count)
  end)

  it("says where a file is broken", function()
    local record = root { ["root/main.tf"] = 'resource "a" "b" {\n  x = "y\n}\n' }
    assert.equal("failed", record.status)
    assert.equal(2, record.error.line)
  end)
end)

-- A folder of files and what its input (a file or the folder itself) becomes.
local function service(files, input, format)
  local dir = fs.tempdir("normalize-service")
  assert(fs.write_all(dir.path, files))
  local out = fs.join(dir.path, "out")
  return normalize.normalize { path = fs.join(dir.path, input), format = format, out = out },
    out, dir
end

local function packed(zip)
  local list = {}
  for i, entry in ipairs(archive.list(zip)) do list[i] = entry.path end
  table.sort(list)
  return list
end

local PYTHON_SERVICE = "service: links\nprovider: { name: aws, runtime: python3.12 }\nfunctions:\n"

describe("normalize serverless packages", function()
  it("packages the files beside serverless.yml, the same bytes each time", function()
    local files = {
      ["serverless.yml"] = PYTHON_SERVICE .. "  make: { handler: links.make }\n"
        .. "  follow: { handler: src/follow.run }\n",
      ["links.py"] = "def make(event, context):\n    return {}\n", ["src/follow.py"] = "x = 1\n",
      ["data/words.txt"] = "a", ["node_modules/m/index.js"] = "", [".git/config"] = "",
      [".serverless/state.json"] = "{}", [".env"] = "TOKEN=x", ["__pycache__/links.pyc"] = "",
    }
    local record, out, keep = service(files, "serverless.yml")
    assert.equal("normalized", record.status, record.error and record.error.message)
    assert.equal(0, #record.assumptions)
    local zip = out .. "/packages/make_lambda_function.zip"
    assert.same({ "data/words.txt", "links.py", "src/follow.py" }, packed(zip))
    local bytes = fs.read(zip)
    assert.equal(bytes, fs.read(out .. "/packages/follow_lambda_function.zip"))
    normalize.normalize { path = fs.join(keep.path, "serverless.yml"), out = out }
    assert.equal(bytes, fs.read(zip))
    local to = fs.join(keep.path, "unpacked")
    assert(archive.extract(zip, to))
    assert.equal(files["links.py"], fs.read(to .. "/links.py"))
  end)

  it("keeps a stub for a handler that is not there, and says so", function()
    local record, out, keep = service({ ["serverless.yml"] = PYTHON_SERVICE
      .. "  a: { handler: src/gone.run }\n  b: { handler: t.run, runtime: nodejs20.x }\n",
      ["t.ts"] = "" }, "serverless.yml")
    assert.equal("normalized", record.status)
    local stubs = table.concat(record.assumptions, "\n")
    assert.truthy(stubs:find("package of src/gone.py replaced by a stub handler", 1, true))
    assert.truthy(stubs:find("package of t.js replaced by a stub handler", 1, true))
    assert.same({ "src/gone.py" }, packed(out .. "/packages/a_lambda_function.zip"))
    keep:close()
  end)

  it("refuses a service that is too large", function()
    local record, _, keep = service({ ["serverless.yml"] = PYTHON_SERVICE
      .. "  a: { handler: a.run }\n", ["a.py"] = "", ["big.bin"] = ("x"):rep(21 << 20) },
      "serverless.yml")
    assert.equal("unsupported", record.status)
    assert.equal("the service's files are 21.0 MB, the limit is 20 MB",
      record.unsupported[1].reason)
    keep:close()
  end)
end)

describe("normalize serverless variables", function()
  local function stage_of(stage, rest)
    local record, main = run("service: x\nprovider:\n  name: aws\n  runtime: python3.12\n" .. stage
      .. "functions: { a: { handler: a.run, name: \"fn-${sls:stage}-${opt:stage}\" } }\n"
      .. (rest or ""), "serverless.yml")
    assert.equal("normalized", record.status)
    return main:match('"fn%-(.-)"')
  end

  it("lets a fallback win over the stage that stands for none", function()
    assert.equal("live-live", stage_of "  stage: ${opt:stage, 'live'}\n")
    assert.equal("a,b-a,b", stage_of "  stage: ${env:STAGE, opt:stage, 'a,b'}\n")
    assert.equal("qa-qa", stage_of("  stage: ${opt:stage, self:custom.stage, 'live'}\n",
      "custom: { stage: \"${env:STAGE, 'qa'}\" }\n"))
    assert.equal("live-live", stage_of "  stage: ${self:custom.none, 'live'}\n")
  end)

  it("falls back on provider.stage, then on dev", function()
    assert.equal("prod-prod", stage_of "  stage: prod\n")
    assert.equal("dev-dev", stage_of "")
    assert.equal("dev-dev", stage_of "  stage: ${opt:stage}\n")
    assert.equal("dev-dev", stage_of "  stage: ${opt:stage, self:provider.stage}\n")
  end)

  it("names a variable without value and fallback", function()
    local record = run("service: x\nprovider: { name: aws }\nfunctions:\n"
      .. "  a: { handler: a.run, description: \"${self:custom.nowhere}\" }\n", "serverless.yml")
    assert.equal("${self:custom.nowhere}", record.unsupported[1].property)
  end)
end)

describe("normalize a folder", function()
  local QUEUE = template "  Q:\n    Type: AWS::SQS::Queue\n"

  it("finds a serverless.yml, a template, or one by what it contains", function()
    local yml = PYTHON_SERVICE .. "  a: { handler: a.run }\n"
    local cases = { { "serverless.yml", yml, "serverless" }, { "template.yaml", QUEUE, "cfn" },
      { "stack.yml", QUEUE, "cfn" } }
    for _, case in ipairs(cases) do
      local record, _, keep = service({ ["in/" .. case[1]] = case[2], ["in/a.py"] = "",
        ["in/other.json"] = "{}" }, "in")
      assert.equal("normalized", record.status, record.error and record.error.message)
      assert.equal(case[3], record.format)
      assert.truthy(record.input:find(case[1], 1, true))
      assert.equal("in", (record.slug:match("in$")))
      keep:close()
    end
  end)

  it("takes .tf files first, and the kind that is asked for", function()
    local files = { ["in/main.tf"] = 'resource "aws_sqs_queue" "q" {}\n',
      ["in/template.yaml"] = QUEUE }
    assert.equal("terraform", (service(files, "in")).format)
    local record = service(files, "in", "cfn")
    assert.equal("cfn", record.format)
    assert.equal("normalized", record.status)
  end)

  it("says when there is none, or more than one", function()
    local record = service({ ["in/a.yml"] = QUEUE, ["in/b.yml"] = QUEUE }, "in")
    assert.equal("several templates: a.yml, b.yml", record.error.message)
    record = service({ ["in/a.txt"] = "" }, "in")
    assert.equal("no .tf file and no template in the folder", record.error.message)
    record = service({ ["in/a.yml"] = QUEUE }, "in", "sam")
    assert.equal("no template of kind sam in the folder", record.error.message)
  end)
end)

describe("normalize a root's own metadata.json", function()
  local function of(main)
    return root { ["root/main.tf"] = main, ["root/metadata.json"] = "{}",
      ["root/data/metadata.json"] = "{}" }
  end

  it("leaves it out where nothing refers to it", function()
    local record, out, keep = of 'resource "aws_sqs_queue" "q" { name = "my-metadata.json" }\n'
    assert.equal("normalized", record.status)
    assert.is_false(fs.exists(out .. "/metadata.json"))
    assert.is_true(fs.exists(out .. "/data/metadata.json"))
    keep:close()
  end)

  it("refuses the root by name where something does", function()
    for _, text in ipairs { 'file("${path.module}/metadata.json")',
      'fileset(path.module, "*.json")', 'fileset("${path.root}/", "*")' } do
      local record, _, keep = of('resource "aws_sqs_queue" "q" {\n  policy = ' .. text .. "\n}\n")
      assert.equal("unsupported", record.status)
      assert.equal("metadata.json", record.unsupported[1].id)
      assert.equal("main.tf refers to metadata.json, a name that the store keeps",
        record.unsupported[1].reason)
      keep:close()
    end
  end)
end)
