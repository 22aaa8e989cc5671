-- SPDX-License-Identifier: Apache-2.0
-- Drawings as Terraform: Mermaid, PlantUML and draw.io by rules, pictures through Claude's vision.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local drawio = require "pipelines.validator.diagram.drawio"
local fake = dofile(HERE .. "/../fakes/anthropic.lua")
local fs = require "std.fs"
local hcl = require "std.hcl"
local json = require "std.json"
local lab_of = dofile(HERE .. "/lab.lua")
local mermaid = require "pipelines.validator.diagram.mermaid"
local plantuml = require "pipelines.validator.diagram.plantuml"
local synthesize = require "pipelines.validator.diagram.synthesize"
local tables = require "std.table"

local MERMAID <const> = [==[
flowchart LR
  %% who calls
  user((User)) --> api[API Gateway]
  subgraph aws
    api -- POST --> fn["Lambda: orders"]
    fn --> db[(DynamoDB table)] & jobs[[SQS queue]]
    jobs -.->|batch| worker[Worker function]
  end
  style fn fill:#f90
]==]

local PLANTUML <const> = [[
@startuml
!include <awslib/AWSCommon>
actor Customer as c
SNS(news, "News", "topic")
queue "Mail queue" as mails
[Lambda sender] as send
c --> news
news --> mails : fan out
mails -> send
@enduml
]]

local DRAWIO <const> = [[
<mxfile><diagram name="p"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>
<mxCell id="g" value="VPC" style="shape=mxgraph.aws4.group;grIcon=x" vertex="1" parent="1"/>
<mxCell id="a" value="&lt;b&gt;Uploads&lt;/b&gt;" vertex="1" parent="1"
 style="shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.s3;"/>
<object label="Resize" id="b"><mxCell vertex="1" parent="1"
 style="shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.lambda;"/></object>
<mxCell id="q" value="Legacy mainframe" style="rounded=1" vertex="1" parent="1"/>
<mxCell id="e" edge="1" source="a" target="b" parent="1"/>
</root></mxGraphModel></diagram></mxfile>
]]

local function edges_of(graph)
  local out = {}
  for i, edge in ipairs(graph.edges) do out[i] = edge.from .. ">" .. edge.to end
  return table.concat(out, " ")
end

local function labels_of(graph)
  local out = {}
  for i, node in ipairs(graph.nodes) do out[i] = node.label or node.id end
  return table.concat(out, "|")
end

describe("a drawing", function()
  it("is read from Mermaid: shapes, chains, groups, labels on arrows, architecture", function()
    local graph = assert(mermaid.parse(MERMAID))
    assert.equal("user>api api>fn fn>db fn>jobs jobs>worker", edges_of(graph))
    assert.equal("User|API Gateway|Lambda: orders|DynamoDB table|SQS queue|Worker function",
      labels_of(graph))
    graph = assert(mermaid.parse("architecture-beta\n  group api(cloud)[API]\n"
      .. "  service fn(logos:aws-lambda)[Resizer] in api\n"
      .. "  service store(logos:aws-s3)[Pictures] in api\n  fn:L -- R:store\n"))
    assert.equal("fn>store", edges_of(graph))
    assert.equal("Resizer|Pictures", labels_of(graph))
    assert.is_nil(mermaid.parse "sequenceDiagram\n  A->>B: hi")
  end)

  it("is read from PlantUML: actors, shapes, icons' macros and arrows", function()
    local graph = assert(plantuml.parse(PLANTUML))
    assert.equal("c>news news>mails mails>send", edges_of(graph))
    assert.equal("Customer|News|Mail queue|Lambda sender", labels_of(graph))
    assert.is_nil(plantuml.parse "no uml")
  end)

  it("is read from draw.io: icons, HTML labels, wrapped cells; a packed page is refused", function()
    local graph = assert(drawio.parse(DRAWIO))
    assert.equal("a>b", edges_of(graph))
    local by_id = graph.by_id
    assert.equal("Uploads", by_id.a.label)
    assert.equal("s3", by_id.a.icon)
    assert.equal("Resize", by_id.b.label)
    assert.is_nil(by_id.g)
    local packed, why = drawio.parse "<mxfile><diagram>7Vhdb9</diagram></mxfile>"
    assert.is_nil(packed)
    assert.is_truthy(why:find("uncompressed", 1, true))
    assert.is_nil((drawio.parse "<mxfile><diagram>"))
  end)

  it("becomes Terraform with its wiring, confidence and notes", function()
    local made = synthesize.terraform(assert(mermaid.parse(MERMAID)), "a.mmd")
    assert(hcl.parse(made.files["main.tf"], { file = "main.tf" }))
    local kinds = {}
    for _, address in ipairs(made.addresses) do kinds[#kinds + 1] = address:match "^[^.]+" end
    table.sort(kinds)
    assert.same({ "aws_apigatewayv2_api", "aws_apigatewayv2_integration", "aws_dynamodb_table",
      "aws_iam_role", "aws_lambda_event_source_mapping", "aws_lambda_function",
      "aws_lambda_function", "aws_lambda_permission", "aws_sqs_queue" }, kinds)
    assert.is_truthy(made.packages["handler.zip"])
    assert.is_true(made.confidence > 0.8 and made.confidence <= 1, made.confidence)
    for _, part in ipairs { "outside of AWS: User", "not wired: lambda_orders to", "assumed: " } do
      assert.is_truthy(made.notes:find(part, 1, true), part .. " in " .. made.notes)
    end
    made = synthesize.terraform(assert(drawio.parse(DRAWIO)), "b.drawio")
    assert.is_truthy(made.notes:find("left out, not known: Legacy mainframe", 1, true))
    assert.is_true(made.confidence < 0.8)
  end)

  it("cannot put anything but names into the Terraform", function()
    local graph = require("pipelines.validator.diagram.graph").new()
    graph:node("x", 'queue" {} provisioner "local-exec" { command = "id" } resource "a" "${b}')
    local made = synthesize.terraform(graph, "x")
    assert.equal(1, #tables.keys(assert(hcl.parse(made.files["main.tf"], { file = "m" })).blocks
      or { 1 }))
    assert.is_nil(made.files["main.tf"]:find("provisioner \"", 1, true))
    assert.is_nil(made.files["main.tf"]:find("${b", 1, true))
    assert.has_error(function()
      for i = 1, 300 do graph:node("n" .. i, "queue") end
    end)
  end)
end)

describe("a source of drawings", function()
  local lab, root
  before_each(function()
    lab = lab_of.new()
    root = lab.path .. "/site"
    fs.mkdir(root .. "/config")
    fs.mkdir(lab.path .. "/drawings")
    assert(fs.write(root .. "/config/sources.yaml", "sources:\n- {id: drawn, name: Drawn, "
      .. "source_type: diagram, url: 'file://" .. lab.path .. "/drawings'}\n"))
  end)
  after_each(function() lab:close() end)

  local function mine(files, env)
    for name, text in pairs(files) do assert(fs.write(lab.path .. "/drawings/" .. name, text)) end
    local result = lab:run({ "validator", "mine", "--root", root }, { env = env })
    assert.equal(0, result.code, result.stdout .. result.stderr)
    return function(id) return assert(json.read(root .. "/cache/architectures/drawn/" .. id
      .. "/metadata.json")) end
  end

  it("gives architectures of the type diagram, normalized", function()
    local read = mine { ["a.mmd"] = MERMAID, ["b.puml"] = PLANTUML, ["c.drawio"] = DRAWIO,
      ["d.mmd"] = "flowchart LR\n x[Mainframe] --> y[Tape]\n" }
    for _, id in ipairs { "a-mmd", "b-puml", "c-drawio" } do
      local arch = read(id)
      assert.equal("normalized", arch.status, id .. tostring(arch.status_reason))
      assert.equal("diagram", arch.source_type)
      assert.equal("diagram", arch.metadata.original_format)
      assert.is_true(arch.metadata.diagram_confidence > 0.5)
      assert.is_truthy(arch.synthesis_notes)
    end
    assert.is_true(fs.is_file(root .. "/cache/architectures/drawn/a-mmd/handler.zip"))
    assert.equal("conversion_failed", read("d-mmd").status)
  end)

  it("has its pictures read by Claude: what it sees is wired by rules, its sureness counts",
    function()
      local said = json.encode { confidence = 0.9, notes = { "the arrow has no head" },
        components = { { id = "1", label = "Uploads", service = "s3 bucket" },
          { id = "2", label = "Jobs", service = "sqs queue" },
          { id = "3", label = "Resize", service = "lambda" } },
        arrows = { { from = "2", to = "3" } } }
      local api <close> = fake.new { key = "sk-test", fake.message(said) }
      local env = { ANTHROPIC_API_KEY = "sk-test", ANTHROPIC_BASE_URL = api.url }
      local read = mine({ ["p.png"] = "\137PNG\r\n\26\n" .. ("pixels"):rep(200000),
        ["s.svg"] = "<svg xmlns='http://www.w3.org/2000/svg'><text>Jobs</text></svg>" }, env)
      assert.same({}, api.violations)
      assert.equal(2, #api.requests)
      local image = api.requests[1].body.messages[1].content[1]
      assert.equal("image/png", image.source.media_type)
      assert.equal("iVBORw0KGgpwaXhlbHNwaXhl", image.source.data:sub(1, 24))
      assert.equal("text", api.requests[2].body.messages[1].content[1].type)
      local arch = read "p-png"
      assert.equal("normalized", arch.status)
      assert.equal(0.9, arch.metadata.diagram_confidence)
      assert.is_truthy(arch.synthesis_notes:find("the arrow has no head", 1, true))
      assert.same({ "iam", "lambda", "s3", "sqs" }, arch.metadata.services)
      local work = assert(json.read(root .. "/cache/work_done.json"))
      assert.equal(300, work.token_usage)
    end)

  it("says by name why a picture is not read: no key, no PNG, an answer of no use", function()
    local read = mine { ["p.png"] = "\137PNG\r\n\26\nx" }
    assert.equal("conversion_failed", read("p-png").status)
    assert.is_truthy(read("p-png").status_reason:find("ANTHROPIC_API_KEY", 1, true))
    local api <close> = fake.new { key = "sk-test", fake.message "{}" }
    read = mine({ ["q.png"] = "GIF89a", ["r.png"] = "\137PNG\r\n\26\nx" },
      { ANTHROPIC_API_KEY = "sk-test", ANTHROPIC_BASE_URL = api.url })
    assert.is_truthy(read("q-png").status_reason:find("no PNG", 1, true))
    assert.is_truthy(read("r-png").status_reason:find("does not describe a drawing", 1, true))
  end)
end)
