-- SPDX-License-Identifier: Apache-2.0
-- What a rule of a CloudFormation type can say, shown on types that use it.
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/lab.lua")
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"

local function run(resources)
  local dir = fs.tempdir("normalize-rules")
  fs.write(fs.join(dir.path, "t.yaml"), "Resources:\n" .. resources)
  local record = normalize.normalize { path = fs.join(dir.path, "t.yaml"),
    out = fs.join(dir.path, "out") }
  local main = fs.read(fs.join(dir.path, "out", "main.tf")) or ""
  dir:close()
  return record, (main:gsub("[ \t]+", " "))
end

local function reasons(record)
  local list = {}
  for i, entry in ipairs(record.unsupported) do
    list[i] = ("%s: %s"):format(entry.property or "", entry.reason)
  end
  return table.concat(list, "\n")
end

local has = assert.contains

describe("a rule", function()
  it("makes one resource of each item (separate, item)", function()
    local record, main = run [[
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties: { PolicyDocument: {}, Users: [ann, bob] }
]]
    assert.same({ "aws_iam_policy.p", "aws_iam_user_policy_attachment.p_user",
      "aws_iam_user_policy_attachment.p_user_2" }, { table.unpack(record.resources.P) })
    has(main, 'policy_arn = aws_iam_policy.p.arn\n user = "bob"')
  end)

  it("makes one block of each key of a map (named)", function()
    local _, main = run [[
  F:
    Type: AWS::GuardDuty::Filter
    Properties:
      DetectorId: d
      Name: n
      FindingCriteria: { Criterion: { severity: { Gte: 7 }, region: { Eq: [a, b] } } }
]]
    has(main, 'criterion {\n field = "region"\n equals = ["a", "b"]')
    has(main, 'criterion {\n field = "severity"\n greater_than_or_equal = 7')
    has(main, 'action = "NOOP"')
  end)

  it("takes one value of each structure and names the rest (pluck)", function()
    local template = [[
  P:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: r
      ArtifactStore: { Location: b, Type: S3 }
      Stages:
      - Name: s
        Actions:
        - { Name: a, ActionTypeId: { Category: Build, Owner: AWS, Provider: CodeBuild, Version: 1 },
            InputArtifacts: [{ Name: x }], OutputArtifacts: [%s] }
]]
    local record, main = run(template:format "{ Name: y }")
    assert.equal("normalized", record.status, reasons(record))
    has(main, 'input_artifacts = ["x"]')
    record = run(template:format "{ Name: y, Files: [f] }")
    has(reasons(record), "Files has no counterpart")
  end)

  it("leaves out what loses nothing, and only that (drop, when)", function()
    local key = "  K: { Type: AWS::KMS::Key, Properties: { KeyPolicy: {}, Origin: %s } }\n"
    local record = run(key:format "AWS_KMS")
    assert.equal("normalized", record.status)
    has(table.concat(record.assumptions, "\n"), "K.Origin is left out: key material of AWS KMS")
    has(reasons((run(key:format "AWS_CLOUDHSM"))), "Origin: value AWS_CLOUDHSM")
    assert.same({ "aws_kms_external_key.k" }, { table.unpack(run(key:format "EXTERNAL")
      .resources.K) })
  end)

  it("says what Ref gives of several attributes, and where there is none (ref)", function()
    local _, main = run [[
  M: { Type: AWS::Detective::MemberInvitation,
    Properties: { GraphArn: g, MemberId: "1", MemberEmailAddress: e } }
  T: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref M } }
]]
    has(main, '"${aws_detective_member.m.graph_arn}|${aws_detective_member.m.account_id}"')
    has(reasons((run [[
  A: { Type: AWS::SecurityHub::DelegatedAdmin, Properties: { AdminAccountId: "1" } }
  T: { Type: AWS::SSM::Parameter, Properties: { Type: String, Value: !Ref A } }
]])), "Ref of AWS::SecurityHub::DelegatedAdmin has no counterpart")
  end)

  it("makes a block of each item of the one list of a structure (each)", function()
    local _, main = run [[
  B: { Type: AWS::SSM::PatchBaseline, Properties: { Name: n, ApprovalRules: { PatchRules: [
    { ApproveAfterDays: 7, PatchFilterGroup: { PatchFilters: [{ Key: MSRC, Values: [a] }] } }] } } }
]]
    has(main, 'approval_rule {\n approve_after_days = 7\n patch_filter {\n key = "MSRC"')
  end)

  it("names what stands beside the one list of a structure (each)", function()
    has(reasons((run [[
  B: { Type: AWS::SSM::PatchBaseline,
    Properties: { Name: n, GlobalFilters: { PatchFilters: [], Colour: red } } }
]])), "Colour: no counterpart")
  end)
end)

describe("a rule of one's own", function()
  it("adds a type in a folder made by init, without a rebuild", function()
    local lab = lab_of.new()
    local own = lab.path .. "/own"
    assert.equal(0, lab:run({ "init", own }).code)
    local template = own .. "/t.yaml"
    assert(fs.write(template, "Resources:\n  Words: { Type: AWS::Own::Domain }\n"))
    local function normalized()
      local result = lab:run({ "normalize", "--json", "-o", own .. "/out", template },
        { cwd = own })
      return result.code, json.decode(result.stdout)
    end
    local code, record = normalized()
    assert.same({ 1, "no rule for this type" }, { code, record.unsupported[1].reason })
    local file = own .. "/pipelines/weekly/rules/cloudformation/own.lua"
    assert(fs.mkdir(fs.dirname(file)))
    assert(fs.write(file, 'return { ["AWS::Own::Domain"] = { type = "aws_simpledb_domain", '
      .. 'ref = "name", name = "name" } }\n'))
    code, record = normalized()
    assert.same({ 0, "normalized" }, { code, record.status })
    has(fs.read(record.out .. "/main.tf"), 'resource "aws_simpledb_domain" "words"')
    lab:close()
  end)
end)
