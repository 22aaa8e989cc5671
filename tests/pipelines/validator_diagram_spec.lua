-- SPDX-License-Identifier: Apache-2.0
-- Drawings as Terraform: Mermaid, PlantUML and draw.io by rules, pictures through Claude's vision.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local base64 = require "std.base64"
local drawio = require "pipelines.validator.diagram.drawio"
local embedded = require "pipelines.validator.diagram.embedded"
local fake = dofile(HERE .. "/../fakes/anthropic.lua")
local fs = require "std.fs"
local graph_of = require "pipelines.validator.diagram.graph"
local hcl = require "std.hcl"
local json = require "std.json"
local lab_of = dofile(HERE .. "/lab.lua")
local mermaid = require "pipelines.validator.diagram.mermaid"
local plantuml = require "pipelines.validator.diagram.plantuml"
local synthesize = require "pipelines.validator.diagram.synthesize"
local tables = require "std.table"
local zlib = require "zlib"

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

local MODEL <const> = DRAWIO:match "<mxGraphModel>.*</mxGraphModel>"

-- A page with one cell, value "Queue", packed by encodeURIComponent, raw deflate and Base64.
local OF_DRAWIO <const> =
  "jZE9D4IwEIZ/TUcNUCPMIhoHBzfXBi6UBCi2Rcq/t6WHyEDi1Pee+2jvLaFpY66SdfwuCqhJFBSG0DOJojAMjvZw"
  .. "ZPQkjg8elLIqsMgBmhGaSiG0V41JoXaT5qJg6rpsZEM/s2MSWv1Pw+u5w543q3vw8NGDlRNVeqyRKs46JxtTuhX3"
  .. "bFCHvQQlepnDLRctoScberWuUi9lk3gPSA1m87mLCdZKEA1oOdqSuQHXCdDFBMOhKjRHYxOPOFQl12vGlI/L7+DF"
  .. "GivQnTlcfmHK/XwszT4="

local function uri(text)
  return (text:gsub("[^%w%-_.!~*'()]", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function pack(xml) return base64.encode((zlib.deflate(9, -15)(uri(xml), "finish"))) end

local function packed(xml)
  return "<mxfile><diagram name='p'>" .. pack(xml) .. "</diagram></mxfile>"
end

local function svg(text)
  local escaped = text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;")
  return '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x">\n'
    .. '<svg xmlns:xlink="http://x" version="1.1" content="' .. escaped .. '"><g/></svg>'
end

local function png(chunks)
  local out = { "\137PNG\r\n\26\n" }
  for _, chunk in ipairs(chunks) do
    out[#out + 1] = (">I4"):pack(#chunk[2]) .. chunk[1] .. chunk[2] .. "CRC!"
  end
  return table.concat(out)
end

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

  it("is read from draw.io: icons, HTML labels, wrapped cells", function()
    local graph = assert(drawio.parse(DRAWIO))
    assert.equal("a>b", edges_of(graph))
    local by_id = graph.by_id
    assert.equal("Uploads", by_id.a.label)
    assert.equal("s3", by_id.a.icon)
    assert.equal("Resize", by_id.b.label)
    assert.is_nil(by_id.g)
    assert.same({}, graph.notes)
    assert.is_nil((drawio.parse "<mxfile><diagram>"))
    assert.is_nil((drawio.parse "<svg/>"))
    graph = assert(drawio.parse(DRAWIO:gsub(' target="b"', "")))
    assert.same({ "left out: an arrow that is not tied to something at both ends" }, graph.notes)
  end)

  it("is read from draw.io's packed pages, all of them", function()
    local graph = assert(drawio.parse(packed(MODEL)))
    assert.equal("a>b", edges_of(graph))
    assert.equal("Resize|Uploads|Legacy mainframe", labels_of(graph))
    graph = assert(drawio.parse("<mxfile><diagram>" .. MODEL .. "</diagram><diagram>"
      .. pack(MODEL) .. "</diagram></mxfile>"))
    assert.equal("a>b 2 a>2 b", edges_of(graph))
    assert.same({ "assumed: its 2 pages are one architecture" }, graph.notes)
    -- a page as draw.io itself packed it
    graph = assert(drawio.parse("<mxfile><diagram>" .. OF_DRAWIO .. "</diagram></mxfile>"))
    assert.equal("Queue", labels_of(graph))
  end)

  it("is refused by name where a packed page is broken, or unpacks to too much", function()
    local bomb = pack(MODEL .. (" "):rep(drawio.MAX_UNPACKED))
    assert.is_true(#bomb < 100000)
    local many = "<mxGraphModel>" .. ("<a/>"):rep(drawio.MAX_ELEMENTS) .. "</mxGraphModel>"
    for data, reason in pairs { [bomb] = "unpacks to more than", ["////"] = "not deflated data",
      [pack(MODEL):sub(1, 80)] = "its end is missing", ["<b/>"] = "neither XML nor packed",
      [pack("no xml")] = "xml", [pack("<a/>")] = "holds no drawing", [pack(many)] = "elements" } do
      local graph, why = drawio.parse("<mxfile><diagram>" .. data .. "</diagram></mxfile>")
      assert.is_nil(graph)
      assert.is_truthy(why:find(reason, 1, true), reason .. " in " .. why)
    end
    local pages = "<mxfile>" .. ("<diagram>" .. MODEL .. "</diagram>"):rep(drawio.MAX_PAGES + 1)
      .. "</mxfile>"
    assert.is_truthy(select(2, drawio.parse(pages)):find("21 pages", 1, true))
    local filler = "<!--" .. ("x"):rep(drawio.MAX_UNPACKED // 2) .. "-->"
    local half = "<diagram>" .. pack(MODEL .. filler) .. "</diagram>"
    assert(drawio.parse("<mxfile>" .. half .. "</mxfile>"))
    local _, why = drawio.parse("<mxfile>" .. half .. half .. "</mxfile>")
    assert.is_truthy(why:find("unpacks to more than", 1, true), why)
  end)

  it("is found in the picture that carries it: SVG, PNG with plain or packed text", function()
    local function read(data, format)
      return embedded.read(data, format, drawio.MAX_UNPACKED)
    end
    for _, data in ipairs { svg(DRAWIO), svg(uri(DRAWIO)), svg(base64.encode(uri(DRAWIO))) } do
      assert.equal("a>b", edges_of(assert(drawio.parse(assert(read(data, "svg"))))))
    end
    local text = uri(packed(MODEL))
    for _, body in ipairs { { "tEXt", "mxfile\0" .. text },
      { "zTXt", "mxGraphModel\0\0" .. zlib.deflate(9, -15)(uri(MODEL), "finish") },
      { "zTXt", "mxfile\0\0" .. zlib.deflate()(text, "finish") },
      { "iTXt", "mxfile\0\0\0\0\0" .. text },
      { "iTXt", "mxfile\0\1\0en\0mxfile\0" .. zlib.deflate()(text, "finish") } } do
      local found = assert(read(png { { "tEXt", "Title\0x" }, body }, "png"))
      assert.equal("a>b", edges_of(assert(drawio.parse(found))))
    end
    for _, data in ipairs { png {}, png { { "tEXt", "Comment\0" .. text } }, "GIF89a",
      png({ { "tEXt", "mxfile\0" .. text } }):sub(1, 30) } do
      assert.is_nil((read(data, "png")))
    end
    assert.is_nil((read("<svg><text>a</text></svg>", "svg")))
    local bomb = zlib.deflate()((" "):rep(drawio.MAX_UNPACKED + 1), "finish")
    local none, err = read(png { { "zTXt", "mxfile\0\0" .. bomb } }, "png")
    assert.is_nil(none)
    assert.equal("limit", err.code)
  end)

  it("says what it could not read of a text, and refuses what is too long", function()
    local graph = assert(mermaid.parse("flowchart LR\n a-b[Queue] -- re-try it --> c\n"
      .. " c -. later .-> d == now ==> e\n e ~~~ f --o g\n h@{ shape: rect } --> i\n"))
    assert.equal("a-b>c c>d d>e e>f f>g", edges_of(graph))
    assert.same({ "not read: h@{ shape: rect } --> i" }, graph.notes)
    graph = assert(plantuml.parse("@startuml\n[Order intake]-->[Queue]\nq<|--r\n"
      .. 'a "1" -up-> "n" b : asks\nc <-[#red]- d\ne ..> f\n(x) -> :Actor y:\n'
      .. "node n {\n}\n=> what --> this\n@enduml\n"))
    assert.equal("Order intake>Queue r>q a>b d>c e>f x>Actor y", edges_of(graph))
    assert.same({ "not read: => what --> this" }, graph.notes)
    for _, parse in ipairs { mermaid.parse, plantuml.parse } do
      assert.has_error(function() parse("@startuml\n" .. ("x"):rep(graph_of.MAX_LINE + 1)) end)
      assert.has_error(function() parse("@startuml\n" .. ("x\n"):rep(graph_of.MAX_TEXT)) end)
    end
  end)

  it("takes no long time whatever it says", function()
    local line = graph_of.MAX_LINE - 10
    for _, piece in ipairs { "a&", "a-->", "a(", " ", "-", "a -", "[", "<|", "a \"" } do
      local text = piece:rep(line // #piece)
      for format, begin in pairs { mermaid = "flowchart LR\n", plantuml = "@startuml\n" } do
        local parser, began = format == "mermaid" and mermaid or plantuml, os.clock()
        pcall(parser.parse, begin .. (text .. "x\n"):rep(20))
        assert.is_true(os.clock() - began < 2, format .. " " .. piece)
      end
    end
    local began = os.clock()
    assert.is_nil((embedded.read(("<svg "):rep(200000), "svg", drawio.MAX_UNPACKED)))
    assert.is_true(os.clock() - began < 2, "svg")
    local label = ("&lt;"):rep(500000)
    began = os.clock()
    assert(drawio.parse((DRAWIO:gsub("Legacy mainframe", label))))
    assert.is_true(os.clock() - began < 2)
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

  it("is wired node by node: groups are none, a bucket notifies one, names of actors come last",
    function()
      local graph = assert(mermaid.parse("flowchart LR\n web --> Lambda\n"
        .. " subgraph Lambda[Functions]\n one[AWSLambda]\n two[Lambda two]\n end\n"
        .. " S3[(Uploads bucket)] --> one & two\n one --> t[Customer table]\n"
        .. " one --> q[Client SQSQueue]\n"))
      assert.equal("S3>one S3>two one>t one>q", edges_of(graph))
      assert.same({ "not wired: an arrow of the group Lambda" }, graph.notes)
      local made = synthesize.terraform(graph, "a.mmd")
      local text = table.concat(made.addresses, " ")
      for _, kind in ipairs { "aws_dynamodb_table.customer_table", "aws_sqs_queue.client_sqs_queue",
        "aws_s3_bucket_notification", "aws_lambda_function.aws_lambda" } do
        assert.is_truthy(text:find(kind, 1, true), kind .. " in " .. text)
      end
      assert.equal(1, select(2, made.files["main.tf"]:gsub('"aws_s3_bucket_notification"', "")))
      assert.is_truthy(made.notes:find("not wired: uploads_bucket to lambda_two", 1, true))
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

  it("is mined to its end whatever is answered about a picture", function()
    local components = {}
    for i = 1, 300 do components[i] = { id = tostring(i), label = "q", service = "sqs queue" } end
    local empty = json.array {}
    for i, said in ipairs { { confidence = 1, notes = empty, arrows = empty,
      components = components }, { confidence = 1, notes = empty, arrows = empty,
      components = { 5 } }, { confidence = 1, notes = 3, arrows = empty, components = empty } } do
      local api <close> = fake.new { key = "sk-test", fake.message(json.encode(said)) }
      local read = mine({ [i .. ".png"] = "\137PNG\r\n\26\nx" .. i },
        { ANTHROPIC_API_KEY = "sk-test", ANTHROPIC_BASE_URL = api.url })
      assert.equal("conversion_failed", read(i .. "-png").status)
      assert.is_truthy(read(i .. "-png").status_reason)
    end
  end)

  it("says by name why a picture is not read: no key, no PNG, an answer of no use", function()
    local read = mine { ["p.png"] = "\137PNG\r\n\26\nx", ["d.drawio.svg"] = svg(DRAWIO),
      ["e.drawio.png"] = png { { "tEXt", "mxfile\0" .. uri(packed(MODEL)) } },
      ["f.drawio.png"] = png { { "tEXt", "mxfile\0<mxfile/>" } } }
    -- nobody has looked at it: it is tried again, and those that carry a drawing need nobody
    assert.equal("pending", read("p-png").status)
    assert.is_truthy(read("p-png").status_reason:find("ANTHROPIC_API_KEY", 1, true))
    assert.equal("normalized", read("d-drawio-svg").status)
    assert.equal("normalized", read("e-drawio-png").status)
    assert.is_truthy(read("f-drawio-png").status_reason:find("no file of draw.io", 1, true))
    local api <close> = fake.new { key = "sk-test", fake.message "{}" }
    read = mine({ ["q.png"] = "GIF89a", ["r.png"] = "\137PNG\r\n\26\nx" },
      { ANTHROPIC_API_KEY = "sk-test", ANTHROPIC_BASE_URL = api.url })
    assert.is_truthy(read("q-png").status_reason:find("no PNG", 1, true))
    assert.is_truthy(read("r-png").status_reason:find("does not describe a drawing", 1, true))
    assert.equal("conversion_failed", read("p-png").status)
    assert.equal(300, assert(json.read(root .. "/cache/work_done.json")).token_usage)
  end)
end)
