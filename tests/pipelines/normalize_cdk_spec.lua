-- SPDX-License-Identifier: Apache-2.0
-- CDK assemblies: several stacks, imports between them, assets, notes of the CDK.
local archive = require "std.archive"
local fs = require "std.fs"
local inputs = require "std.normalize.inputs"
local json = require "std.json"
local normalize = require "std.normalize"

local HASH = ("ab12"):rep(16)

local function stack(file)
  return { type = "aws:cloudformation:stack", properties = { templateFile = file } }
end

local function write(dir, files)
  for name, content in pairs(files) do
    local path = fs.join(dir, name)
    fs.mkdir(fs.dirname(path))
    fs.write(path, type(content) == "table" and json.encode(content) or content)
  end
end

local function assembly(files)
  local dir = fs.tempdir("normalize-cdk")
  local artifacts = {}
  for name in pairs(files) do
    local id = name:match("^(%w+)%.template%.json$")
    if id then artifacts[id] = stack(name) end
  end
  write(dir.path, files)
  write(dir.path, { ["manifest.json"] = { version = "1", artifacts = artifacts } })
  return dir
end

-- Records by the name of the stack's template.
local function convert(dir)
  local records = {}
  for _, job in ipairs(inputs.jobs({ dir.path }, "auto", fs.join(dir.path, "out"))) do
    local record = normalize.normalize(job)
    records[job.path:match("([^/.]+)%.template%.json$")] = record
    assert.equal("normalized", record.status, json.encode(record))
  end
  return records
end

local function main_of(record) return fs.read(fs.join(record.out, "main.tf")):gsub(" +", " ") end

local has = assert.contains

local NETWORK = { Resources = { Q = { Type = "AWS::SQS::Queue" } },
  Outputs = { Out = { Value = { ["Fn::GetAtt"] = json.array { "Q", "Arn" } },
    Export = { Name = "Network:Out" } } } }

describe("normalize cdk", function()
  it("makes a root of each stack, with the stacks that it imports from", function()
    local both = json.array { { ["Fn::ImportValue"] = "Data:Topic" },
      { ["Fn::ImportValue"] = "Network:Out" } }
    local dir = assembly {
      ["Network.template.json"] = NETWORK,
      ["Data.template.json"] = { Resources = { T = { Type = "AWS::SNS::Topic", Properties = {
        DisplayName = { ["Fn::ImportValue"] = "Network:Out" } } } }, Outputs = { Topic = {
        Value = { Ref = "T" }, Export = { Name = "Data:Topic" } } } },
      ["App.template.json"] = { Resources = { P = { Type = "AWS::SSM::Parameter", Properties = {
        Name = "p", Type = "String", Value = { ["Fn::Join"] = json.array { "-", both } } } } } },
    }
    local records = convert(dir)
    local main = main_of(records.App)
    has(main, 'value = "${module.stack_data.topic}-${module.stack_network.out}"')
    has(main, 'module "stack_data" {\n source = "./modules/stack_data"\n import_network_out = '
      .. "module.stack_network.out\n}")
    assert.same({ "module.stack_network.aws_sqs_queue.q" },
      { table.unpack(records.App.resources.StackNetwork) })
    assert.is_nil(table.concat(records.App.assumptions, "\n"):find("import", 1, true))
    assert.equal(1, records.Network.resource_count)
    dir:close()
  end)

  it("packages assets of new and old templates, and stands in for absent ones", function()
    local sub = { ["Fn::Sub"] = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}" }
    local key = { Ref = "AssetParameters" .. HASH .. "S3VersionKeyX" }
    local function half(n)
      return { ["Fn::Select"] = json.array { n, { ["Fn::Split"] = json.array { "||", key } } } }
    end
    local function fn(code, metadata)
      return { Type = "AWS::Lambda::Function", Metadata = metadata, Properties = { Code = code,
        Runtime = "nodejs20.x", Handler = "index.handler",
        Role = "arn:aws:iam::000000000000:role/x" } }
    end
    local dir = assembly { ["asset." .. HASH .. "/index.js"] = "exports.handler = 1\n",
      ["One.template.json"] = {
        Parameters = { ["AssetParameters" .. HASH .. "S3BucketX"] = { Type = "String" },
          ["AssetParameters" .. HASH .. "S3VersionKeyX"] = { Type = "String" },
          BootstrapVersion = { Type = "AWS::SSM::Parameter::Value<String>",
            Default = "/cdk-bootstrap/hnb659fds/version" } },
        Rules = { CheckBootstrapVersion = { Assertions = json.array {} } },
        Conditions = { CDKMetadataAvailable = { ["Fn::Equals"] = json.array { "a", "b" } } },
        Resources = {
          New = fn({ S3Bucket = sub, S3Key = HASH .. ".zip" },
            { ["aws:asset:path"] = "asset." .. HASH }),
          Old = fn { S3Bucket = { Ref = "AssetParameters" .. HASH .. "S3BucketX" },
            S3Key = { ["Fn::Join"] = json.array { "", json.array { half(0), half(1) } } } },
          Gone = fn { S3Bucket = sub, S3Key = ("f"):rep(64) .. ".zip" },
          Outside = fn({ S3Bucket = sub, S3Key = "k.zip" }, { ["aws:asset:path"] = "/etc" }),
          CDKMetadata = { Type = "AWS::CDK::Metadata", Condition = "CDKMetadataAvailable" },
        } } }
    local record = convert(dir).One
    for _, name in ipairs { "new", "old" } do
      local list = archive.list(fs.join(record.out, "packages/" .. name .. ".zip"))
      assert.equal("index.js", list[1].path)
    end
    local notes = table.concat(record.assumptions, "\n")
    has(notes, "Gone: package asset." .. ("f"):rep(64) .. " replaced by a stub handler")
    has(notes, "Outside: package k.zip replaced by a stub handler")
    has(notes, "CDKMetadata (AWS::CDK::Metadata): usage statistics")
    has(notes, "CheckBootstrapVersion is left out")
    assert.is_false(fs.exists(fs.join(record.out, "variables.tf")))
    assert.is_nil(main_of(record):find("if_cdk", 1, true))
    dir:close()
  end)

  it("finds the stacks of stages, and one stack without asking", function()
    local dir = fs.tempdir("normalize-cdk")
    write(dir.path, { ["manifest.json"] = { artifacts = { ["assembly-Prod"] = {
      type = "cdk:cloud-assembly", properties = { directoryName = "assembly-Prod" } },
      Out = stack "../../etc/passwd" } },
      ["assembly-Prod/manifest.json"] = { artifacts = { Prod = stack "Net.template.json" } },
      ["assembly-Prod/Net.template.json"] = NETWORK })
    assert.equal(1, #inputs.jobs({ dir.path }, "auto", "out"))
    local record = normalize.normalize { path = dir.path, out = fs.join(dir.path, "out") }
    assert.equal("normalized", record.status)
    write(dir.path, { ["assembly-Prod/manifest.json"] = { artifacts = {
      A = stack "Net.template.json", B = stack "Net.template.json" } } })
    record = normalize.normalize { path = dir.path, out = fs.join(dir.path, "out") }
    assert.equal("several stacks: A, B", record.error.message)
    dir:close()
  end)

  it("says why an app cannot be synthesised", function()
    local dir = fs.tempdir("normalize-cdk")
    write(dir.path, { ["cdk.json"] = { app = "true" } })
    local job = inputs.jobs({ dir.path }, "auto", "out")[1]
    assert.truthy(job.err.message:find "CDK app" or job.err.message:find "synth")
    local record = normalize.normalize { path = job.path, out = "out", error = job.err }
    assert.equal("failed", record.status)
    has(record.error.file, "cdk.json")
    dir:close()
  end)
end)
