-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local process = require "std.process"
local python = require "std.python"
local sam = require "std.normalize.sam"
local yaml = require "std.yaml"

local HEAD = "Transform: AWS::Serverless-2016-10-31\n"
local FUNCTION = "    Type: AWS::Serverless::Function\n    Properties:\n"
  .. "      Handler: a.b\n      Runtime: python3.12\n"

-- A file that is there, outside of the folder of a template in /tmp.
local OUTSIDE <const> = ("../"):rep(12) .. "etc/hostname"

local function has_translator()
  local result = process.run { argv = { python.find(os.getenv "LSQM_PYTHON"), "-c",
    "import samtranslator" }, timeout = 60 }
  return result ~= nil and result.code == 0
end

local function expand(text, files)
  local dir = fs.tempdir("sam-spec")
  local path = fs.join(dir.path, "template.yaml")
  fs.write(path, HEAD .. text)
  assert(fs.write_all(dir.path, files or {}))
  local template = assert(yaml.decode(HEAD .. text, { file = path, tags = "cloudformation" }))
  local result, err = sam.expand(template, { path = path, text = HEAD .. text })
  return result, err, dir
end

local function resources(text, files)
  local result, err = expand(text, files)
  assert(result, err and err.message)
  assert.same({}, result.unsupported or {})
  return result.template.Resources
end

local function refusals(text, files)
  local result, err = expand(text, files)
  assert(result, err and err.message)
  local out = {}
  for _, entry in ipairs(result.unsupported or {}) do
    out[#out + 1] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return out
end

describe("normalize sam", function()
  if not has_translator() then
    pending("aws-sam-translator is not installed")
    return
  end
  teardown(sam.close)

  it("expands functions with Globals, policies, events and connectors", function()
    local made = resources([[
Globals: { Function: { Timeout: 9, Environment: { Variables: { A: x } } } }
Resources:
  T: { Type: AWS::Serverless::SimpleTable }
  F:
]] .. FUNCTION .. [[
      CodeUri: src/
      Policies: [{ DynamoDBCrudPolicy: { TableName: !Ref T } }, AWSLambdaExecute]
      Events:
        Get: { Type: Api, Properties: { Path: /a, Method: get } }
        Http: { Type: HttpApi, Properties: { Path: /b, Method: get } }
  Link:
    Type: AWS::Serverless::Connector
    Properties: { Source: { Id: F }, Destination: { Id: T }, Permissions: [Read] }
]])
    assert.equal(9, made.F.Properties.Timeout)
    assert.equal("lsqm-local", made.F.Properties.Code.S3Bucket)
    assert.equal("AWS::DynamoDB::Table", made.T.Type)
    assert.is_table(made.ServerlessRestApi)
    assert.is_table(made.ServerlessHttpApi)
    assert.is_table(made.LinkPolicy)
    assert.truthy(made.FRole.Properties.ManagedPolicyArns[2]:find("AWSLambdaExecute", 1, true))
  end)

  it("reads definitions, schemas and includes beside the template", function()
    local made = resources([[
Resources:
  M: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: m.asl.json,
    DefinitionSubstitutions: { Name: x }, Role: arn:aws:iam::000000000000:role/r } }
  H: { Type: AWS::Serverless::HttpApi, Properties: { DefinitionUri: api/openapi.yaml } }
  R:
    Type: AWS::Serverless::Api
    Properties:
      StageName: p
      Auth: { DefaultAuthorizer: AWS_IAM }
      DefinitionBody: { "Fn::Transform": { Name: AWS::Include,
        Parameters: { Location: api/rest.yaml } } }
  G: { Type: AWS::Serverless::GraphQLApi, Properties: { SchemaUri: s.graphql,
    Auth: { Type: API_KEY } } }
]], { ["m.asl.json"] = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
      ["api/openapi.yaml"] = "openapi: 3.0.1\ninfo: { title: h }\npaths: {}\n",
      ["api/rest.yaml"] = "swagger: '2.0'\ninfo: { title: included }\npaths: { /a: { get: "
        .. "{ responses: {} } } }\n", ["s.graphql"] = "type Query { a: String }\n" })
    assert.truthy(json.encode(made.M.Properties):find("StartAt", 1, true))
    assert.equal("included", made.R.Properties.Body.info.title)
    assert.truthy(json.encode(made):find("type Query", 1,
      true))
  end)

  it("names files that are missing or elsewhere", function()
    assert.same({
      "A Location: an application of the Serverless Application Repository",
      "B Location: missing file nested.yaml", "C Location: a template that is not beside this one",
      "M DefinitionUri: missing file " .. OUTSIDE }, refusals([[
Resources:
  A: { Type: AWS::Serverless::Application, Properties: { Location: {
    ApplicationId: arn:x, SemanticVersion: 1.0.0 } } }
  B: { Type: AWS::Serverless::Application, Properties: { Location: nested.yaml } }
  C: { Type: AWS::Serverless::Application, Properties: { Location: "https://b.example/t.yaml" } }
  M: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: ]] .. OUTSIDE .. " } }\n"))
  end)

  it("makes a nested stack of an application beside the template", function()
    local made = resources([[
Resources:
  A: { Type: AWS::Serverless::Application, Properties: { Location: nested.yaml } }
]], { ["nested.yaml"] = "Resources: {}\n" })
    assert.same({ "AWS::CloudFormation::Stack", "nested.yaml" }, { made.A.Type,
      made.A.Properties.TemplateURL })
  end)

  it("names what the translator refuses by its resource", function()
    local list = refusals("Resources:\n  F:\n    Type: AWS::Serverless::Function\n"
      .. "    Properties: { Runtime: python3.12, CodeUri: ., Handler: a.b, Events: { E: {"
      .. " Type: Nothing } } }\n")
    assert.equal(1, #list)
    assert.truthy(list[1]:find("^F "))
  end)

  it("says what stands for what is not there", function()
    local dir = fs.tempdir("sam-whole")
    fs.write(fs.join(dir.path, "template.yaml"), HEAD .. "Resources:\n  F:\n    Type: "
      .. "AWS::Serverless::Function\n    Properties: { PackageType: Image }\n  G:\n" .. FUNCTION)
    local record = normalize.normalize { path = fs.join(dir.path, "template.yaml"),
      out = fs.join(dir.path, "out") }
    assert.equal("normalized", record.status, record.error and record.error.message)
    assert.truthy(table.concat(record.assumptions, "\n"):find("F: image lsqm:latest", 1, true))
  end)

  it("tells the translator the parameters that have no default, where it asks for them", function()
    local made = resources("Parameters: { Stage: { Type: String, AllowedValues: [live, test] } }\n"
      .. "Resources:\n  F:\n" .. FUNCTION
      .. "      InlineCode: x\n      AutoPublishAlias: !Ref Stage\n")
    assert.equal("live", made.FAliaslive.Properties.Name)
    local result = expand("Resources:\n  F:\n" .. FUNCTION
      .. "      InlineCode: x\n      AutoPublishAlias: !Ref Nothing\n")
    assert.truthy(result.unsupported[1].reason:find("AutoPublishAlias", 1, true))
  end)

  it("keeps one worker, and starts another where it died", function()
    local text = "Resources: { T: { Type: AWS::Serverless::SimpleTable } }\n"
    assert.is_table(resources(text).T)
    local pid = sam.worker_pid()
    assert.is_table(resources(text).T)
    assert.equal(pid, sam.worker_pid())
    process.run { argv = { "kill", "-KILL", tostring(pid) } }
    assert.is_table(resources(text).T)
    assert.not_equal(pid, sam.worker_pid())
  end)

  it("keeps the worker away from home, network and credentials", function()
    local _, why = process.sandbox { argv = { "true" } }
    if why then return pending(why) end
    sam.close()
    assert.is_table(resources("Resources: { T: { Type: AWS::Serverless::SimpleTable } }\n").T)
    local pid = tostring(sam.worker_pid())
    local line = assert(fs.read("/proc/" .. pid .. "/cmdline")):gsub("%z", " ")
    assert.truthy(line:find("--unshare-net", 1, true))
    local environment = assert(fs.read("/proc/" .. pid .. "/environ"))
    for _, name in ipairs { "AWS_", "HOME=", "TOKEN", "SECRET" } do
      assert.is_nil(environment:find(name, 1, true))
    end
  end)
end)
