-- SPDX-License-Identifier: Apache-2.0
-- One small root per rule of Terraform input.
local archive = require "std.archive"
local fs = require "std.fs"
local hcl = require "std.hcl"
local json = require "std.json"
local normalize = require "std.normalize"
local provider = require "std.terraform.provider"
local sample = require "std.normalize.terraform.sample"
local luv = require "luv"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local registry_fake = dofile(HERE .. "/../fakes/registry.lua")

-- A root of these files (a text is its main.tf); paths may begin with "../" for what lies beside.
local function convert(files)
  if type(files) == "string" then files = { ["main.tf"] = files } end
  local dir = fs.tempdir("normalize-terraform")
  for name, text in pairs(files) do
    local path = fs.join(dir.path, "repo/root", name)
    fs.mkdir(fs.dirname(path))
    fs.write(path, text)
  end
  fs.mkdir(fs.join(dir.path, "repo/.git"))
  local out = fs.join(dir.path, "out")
  local record = normalize.normalize { path = fs.join(dir.path, "repo/root"), format =
    "terraform", out = out }
  return record, function(name) return fs.read(fs.join(out, name or "main.tf")) end, dir
end

local function reasons(record)
  local list = {}
  for i, entry in ipairs(record.unsupported) do list[i] = entry.reason end
  return table.concat(list, "; ")
end

local function normalized(files)
  local record, read, dir = convert(files)
  assert.equal("normalized", record.status, record.error and record.error.message
    or reasons(record))
  return read, record, dir
end

local function refused(files)
  local record = convert(files)
  assert.equal("unsupported", record.status)
  local entry = record.unsupported[1]
  assert.truthy(entry.file and entry.line and entry.col, "without a place: " .. entry.reason)
  return entry.reason, entry
end

local function assumed(record, text)
  local all = table.concat(record.assumptions, "\n")
  return all:find(text, 1, true) ~= nil, all
end

-- The value of a local of the result.
local function value_of(text, name, scope)
  for _, block in ipairs(assert(hcl.parse(text)).items) do
    for _, item in ipairs(block.type == "locals" and block.body.items or {}) do
      if item.name == name then return (hcl.eval(item.expr.text, scope)) end
    end
  end
end

local QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = %s\n}\n'

describe("terraform helpers", function()
  it("become locals of the right length and alphabet, the same each time", function()
    local text = 'resource "random_id" "a" {\n  byte_length = 4\n}\n'
      .. 'resource "random_string" "s" {\n  length  = 9\n  special = false\n  upper = false\n}\n'
      .. 'resource "random_integer" "n" {\n  min = 5\n  max = 7\n}\n'
      .. 'resource "random_pet" "p" {\n  prefix = "web"\n}\n'
      .. QUEUE:format '"x-${random_id.a.hex}-${random_string.s.result}-${random_pet.p.id}"'
    local read = normalized(text)
    local main = read()
    assert.truthy(main:find("x-${local.random_id_a.hex}-${local.random_string_s.result}", 1, true))
    assert.truthy(value_of(main, "random_id_a").hex:find("^%x%x%x%x%x%x%x%x$"))
    assert.truthy(value_of(main, "random_string_s").result:find("^[a-z0-9]+$"))
    assert.equal(9, #value_of(main, "random_string_s").result)
    local n = value_of(main, "random_integer_n").result
    assert.is_true(n >= 5 and n <= 7)
    assert.truthy(value_of(main, "random_pet_p").id:find("^web%-calm%-x%x+$"))
    assert.equal(main, (normalized(text))())
  end)

  it("keep their instances", function()
    local read = normalized('resource "random_id" "a" {\n  count = 2\n  byte_length = 2\n}\n'
      .. 'resource "random_pet" "p" {\n  for_each = toset(["x", "y"])\n  prefix = each.key\n}\n'
      .. QUEUE:format '"${random_id.a[1].hex}${random_pet.p["x"].id}"')
    local list = value_of(read(), "random_id_a")
    assert.equal(2, #list)
    assert.are_not.equal(list[1].hex, list[2].hex)
    assert.truthy(value_of(read(), "random_pet_p").y.id:find("^y%-"))
  end)

  it("are not waited for as locals, but as terraform_data", function()
    local read = normalized('resource "random_id" "a" {\n  byte_length = 2\n}\n'
      .. 'resource "time_sleep" "t" {\n  create_duration = "30s"\n  triggers = { a = "b" }\n}\n'
      .. 'resource "null_resource" "n" {}\nresource "aws_sqs_queue" "q" {\n'
      .. '  name = time_sleep.t.triggers["a"]\n'
      .. '  depends_on = [random_id.a, time_sleep.t, null_resource.n]\n}\n')
    local main = read()
    assert.truthy(main:find("[terraform_data.time_sleep_t, terraform_data.null_resource_n]", 1,
      true))
    assert.truthy(main:find('name       = terraform_data.time_sleep_t.output["a"]', 1, true))
    assert.is_nil(main:find("create_duration", 1, true))
  end)

  it("render templates and fixed times", function()
    local read = normalized { ["main.tf"] = 'data "template_file" "t" {\n'
      .. '  template = file("${path.module}/t.tpl")\n  vars = { a = "b" }\n}\n'
      .. 'resource "time_offset" "o" {\n  offset_days = 1\n}\n'
      .. QUEUE:format 'data.template_file.t.rendered', ["t.tpl"] = "${a}" }
    assert.truthy(read():find('templatefile("${path.module}/t.tpl", { a = "b" })', 1, true))
    assert.truthy(read():find('timeadd', 1, true))
  end)

  it("refuse what runs programs, with its place", function()
    local _, entry = refused('resource "null_resource" "n" {\n'
      .. '  provisioner "local-exec" {\n    command = "aws s3 ls"\n  }\n}\n'
      .. QUEUE:format '"x"')
    assert.same({ "provisioner local-exec", 2, 3 }, { entry.reason, entry.line, entry.col })
    assert.equal("provider external", (refused(
      'data "external" "e" {\n  program = ["id"]\n}\n' .. QUEUE:format '"x"')))
    assert.equal("provider docker", (refused('resource "docker_image" "i" {}\n'
      .. QUEUE:format '"x"')))
    assert.equal("another root's state", (refused(
      'data "terraform_remote_state" "s" {\n  backend = "s3"\n}\n' .. QUEUE:format '"x"')))
  end)

  it("refuse what is not read here: JSON syntax, overrides, broken blocks", function()
    assert.equal("Terraform's JSON syntax", (refused { ["main.tf"] = QUEUE:format '"x"',
      ["more.tf.json"] = '{"resource": {}}' }))
    assert.equal("an override file", (refused { ["main.tf"] = QUEUE:format '"x"',
      ["a_override.tf"] = "" }))
    assert.equal("a block without a type and a name", (refused(QUEUE:format '"x"'
      .. 'resource "random_id" {}\n')))
    assert.equal("a top-level ephemeral", (refused(QUEUE:format '"x"'
      .. 'ephemeral "random_password" "p" {\n  length = 4\n}\n')))
  end)

  it("leave no provisioner in an aws resource either", function()
    local read = normalized('resource "aws_sqs_queue" "q" {\n  provisioner "local-exec" {\n'
      .. '    when = destroy\n    command = "rm x"\n  }\n}\n')
    assert.is_nil(read():find("local-exec", 1, true))
  end)

  it("never copy a Terraform file over the one that is written", function()
    local read = normalized('terraform {\n  backend "s3" {}\n}\n'
      .. QUEUE:format 'filesha1("${path.module}/main.tf")')
    assert.is_nil(read():find("backend", 1, true))
  end)

  it("leave out what only runs at the end, and what has no instance", function()
    local read, record = normalized('variable "on" {\n  default = false\n}\n'
      .. 'data "external" "e" {\n  count = var.on ? 1 : 0\n  program = ["id"]\n}\n'
      .. 'resource "null_resource" "n" {\n  provisioner "local-exec" {\n    when = destroy\n'
      .. '    command = "rm x"\n  }\n}\n'
      .. QUEUE:format 'var.on ? data.external.e[0].result.name : "x"')
    assert.is_nil(read():find("program", 1, true))
    assert.is_nil(read():find("provisioner", 1, true))
    assert.truthy(read():find("terraform_data.external_e[0].output.name", 1, true))
    assert.is_true(assumed(record, "destroy-time provisioner"))
  end)
end)

describe("terraform packages", function()
  local FUNCTION = 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  role = "r"\n'
    .. '  handler = "app.main"\n  runtime = "python3.12"\n  filename = %s\n%s}\n'

  local function names(zip)
    local list = {}
    for i, entry in ipairs(archive.list(zip)) do list[i] = entry.path end
    table.sort(list)
    return table.concat(list, " ")
  end

  it("are made of sources that are there", function()
    local read, _, dir = normalized { ["src/app.py"] = "def main(a, b): pass", ["main.tf"] =
      'data "archive_file" "z" {\n  type = "zip"\n  source_dir = "${path.module}/src"\n'
      .. '  output_path = "${path.module}/build/f.zip"\n}\n'
      .. FUNCTION:format("data.archive_file.z.output_path",
        "  source_code_hash = data.archive_file.z.output_base64sha256\n") }
    assert.equal("app.py", names(dir.path .. "/out/build/f.zip"))
    assert.truthy(read():find("local.archive_file_z.output_base64sha256", 1, true))
  end)

  it("get stub handlers where they are not", function()
    local _, record, dir = normalized(FUNCTION:format('"gone.zip"',
      '  source_code_hash = filebase64sha256("gone.zip")\n'))
    assert.equal("app.py", names(dir.path .. "/out/gone.zip"))
    assert.is_true(assumed(record, "app.py replaced by a stub handler"))
  end)

  it("replace code from a bucket that nothing here fills", function()
    local read, _, dir = normalized('resource "aws_lambda_function" "f" {\n'
      .. '  function_name = "f"\n  role = "r"\n  handler = "app.main"\n'
      .. '  runtime = "nodejs20.x"\n  s3_bucket = "elsewhere"\n  s3_key = "k.zip"\n}\n')
    assert.equal("app.js", names(dir.path .. "/out/packages/f.zip"))
    assert.is_nil(read():find("s3_key", 1, true))
  end)

  it("never come from outside of the repository", function()
    assert.equal("a file outside of the root", (refused(FUNCTION:format('"/etc/hosts"', ""))))
    assert.equal("a file outside of the root", (refused(QUEUE:format
      'file("${path.module}/../../../../../etc/hosts")')))
    assert.equal("file notes.json is missing", (refused(QUEUE:format 'file("notes.json")')))
  end)

  it("bring files from elsewhere in the repository", function()
    local read = normalized { ["../shared/name.txt"] = "n", ["main.tf"] =
      QUEUE:format 'file("${path.module}/../shared/name.txt")' }
    assert.truthy(read():find('file("${path.module}/files/name.txt")', 1, true))
    assert.equal("n", read "files/name.txt")
  end)
end)

describe("terraform variables", function()
  local function made(text)
    local read = normalized(text .. QUEUE:format '"x"')
    return json.decode(read "lsqm.auto.tfvars.json")
  end

  it("without default get values by type, name and validation", function()
    local values = made('variable "alarm_email" {}\n'
      .. 'variable "ports" {\n  type = list(number)\n}\n'
      .. 'variable "env" {\n  type = string\n  validation {\n'
      .. '    condition = contains(["dev", "prod"], var.env)\n    error_message = "x"\n  }\n}\n'
      .. 'variable "arn" {\n  type = string\n  validation {\n'
      .. '    condition = can(regex("^arn:aws:ses:[a-z]+:[0-9]{12}:identity/.+$", var.arn))\n'
      .. '    error_message = "x"\n  }\n}\n'
      .. 'variable "site" {\n  type = object({ name = string, size = optional(number) })\n}\n')
    assert.equal("user@example.com", values.alarm_email)
    assert.equal("dev", values.env)
    assert.truthy(values.arn:find("^arn:aws:ses:%l+:%d+:identity/."))
    assert.equal("number", type(values.ports[1]))
    assert.equal("string", type(values.site.name))
    assert.is_nil(values.site.size)
  end)

  it("with values in tfvars keep them", function()
    local read = normalized { ["terraform.tfvars"] = 'name = "n"\n', ["main.tf"] =
      'variable "name" {}\n' .. QUEUE:format "var.name" }
    assert.is_nil(read "lsqm.auto.tfvars.json")
    assert.equal('name = "n"\n', read "terraform.tfvars")
  end)

  it("are refused where no value can be made up", function()
    assert.equal("no value that its validation accepts can be made up", (refused(
      'variable "x" {\n  validation {\n    condition = var.x == "a" && var.x == "b"\n'
      .. '    error_message = "x"\n  }\n}\n' .. QUEUE:format "var.x")))
  end)

  it("sample patterns", function()
    assert.equal("arn:aws:a1", sample.of "^arn:aws:(?:a|b)\\d+$")
    assert.equal("aa", sample.of "^[a-z]{2,4}$")
    assert.is_nil(sample.of "^(?=x)y$")
  end)
end)

describe("terraform and provider versions", function()
  it("drops what is null, changes what a rule knows, refuses the rest", function()
    local read = normalized('variable "region" {\n  default = null\n}\n'
      .. 'resource "aws_sqs_queue" "q" {\n  region = var.region\n  name = "q"\n}\n'
      .. 'data "aws_region" "r" {}\noutput "r" {\n  value = data.aws_region.r.region\n}\n')
    assert.is_nil(read():find("var.region", 1, true))
    assert.truthy(read():find("data.aws_region.r.name", 1, true))
    local _, entry = refused('resource "aws_sqs_queue" "q" {\n  shape = "round"\n}\n')
    assert.same({ "shape", 2, 3 }, { entry.property, entry.line, entry.col })
    assert.truthy(entry.reason:find("^argument shape is not in provider aws 5"))
  end)

  it("turns another region into a provider", function()
    local read, record = normalized('resource "aws_sqs_queue" "q" {\n'
      .. '  region = "eu-west-1"\n}\n')
    assert.truthy(read():find("provider = aws.lsqm_eu_west_1", 1, true))
    assert.truthy(read "lsqm_provider.tf":find('region = "eu-west-1"', 1, true))
    -- Whoever deploys writes the file anew from the record.
    local dir <close> = fs.tempdir("normalize-aliases")
    assert(provider.write_bare(dir.path, record.provider_aliases))
    local written = fs.read(fs.join(dir.path, provider.FILE))
    assert.truthy(written:find('alias  = "lsqm_eu_west_1"\n  region = "eu-west-1"', 1, true))
  end)

  it("moves and renames blocks", function()
    local read = normalized('resource "aws_dynamodb_table" "t" {\n  name = "t"\n'
      .. '  key_schema {\n    attribute_name = "id"\n    key_type = "HASH"\n  }\n'
      .. '  attribute {\n    name = "id"\n    type = "S"\n  }\n}\n')
    assert.truthy(read():find('hash_key = "id"', 1, true))
  end)

  it("leaves an attribute of a newer provider out of try", function()
    local read = normalized(QUEUE:format '"q"'
      .. 'output "o" {\n  value = try(aws_sqs_queue.q.colour, "none")\n}\n')
    assert.truthy(read():find('try("none")', 1, true))
  end)

  it("names types and names that are not there", function()
    assert.truthy(refused('resource "aws_unheard_of" "x" {}\n'):find("resource aws_unheard_of"))
    assert.equal("var.nowhere is not declared", (refused(QUEUE:format "var.nowhere")))
    assert.equal("aws_sns_topic.t is not declared", (refused(QUEUE:format "aws_sns_topic.t.arn")))
    assert.equal("argument role is required", (refused(
      'resource "aws_lambda_function" "f" {\n  function_name = "f"\n}\n')))
  end)

  it("replaces runtimes that are too new and placeholders", function()
    local read, record = normalized('locals {\n  runtime = "python3.14"\n'
      .. '  vpc_cidr = "REPLACE_ME_WITH_CIDR"\n}\n' .. QUEUE:format "local.runtime")
    assert.truthy(read():find('"python3.13"', 1, true))
    assert.truthy(read():find('"10.0.0.0/16"', 1, true))
    assert.is_true(assumed(record, "placeholder REPLACE_ME_WITH_CIDR"))
  end)
end)

describe("terraform modules", function()
  it("are copied for each call, with what is constant in it", function()
    local module = 'variable "on" {\n  default = true\n}\ndata "external" "e" {\n'
      .. '  count = var.on ? 1 : 0\n  program = ["id"]\n}\n'
    local read = normalized { ["../m/main.tf"] = module, ["main.tf"] =
      'module "a" {\n  source = "../m"\n  on = false\n}\n' }
    assert.truthy(read "modules/a/main.tf":find("terraform_data", 1, true))
    assert.equal("provider external", (refused { ["../m/main.tf"] = module, ["main.tf"] =
      'module "a" {\n  source = "../m"\n  on = false\n}\nmodule "b" {\n  source = "../m"\n}\n' }))
  end)

  it("must have what a call gives and takes", function()
    local files = { ["m/main.tf"] = 'variable "a" {}\n', ["main.tf"] =
      'module "m" {\n  source = "./m"\n  b = 1\n}\noutput "o" {\n  value = module.m.x\n}\n' }
    local record = convert(files)
    local all = reasons(record)
    assert.truthy(all:find("the module has no variable b", 1, true))
    assert.truthy(all:find("the module's variable a is not given", 1, true))
    assert.truthy(all:find("output x of module m is not declared", 1, true))
  end)

  it("are refused outside of the repository", function()
    assert.equal("a module outside of the root", (refused {
      ["../../elsewhere/main.tf"] = "", ["main.tf"] =
      'module "m" {\n  source = "../../elsewhere"\n}\n' }))
  end)

  local function with_registry(modules, check)
    local registry <close> = registry_fake.new(modules)
    local cache <close> = fs.tempdir("module-cache")
    local before = { os.getenv "TF_REGISTRY_URL", os.getenv "LSQM_CACHE" }
    luv.os_setenv("TF_REGISTRY_URL", registry.url)
    luv.os_setenv("LSQM_CACHE", cache.path)
    local ok, err = pcall(check, registry)
    for i, name in ipairs { "TF_REGISTRY_URL", "LSQM_CACHE" } do
      if before[i] then luv.os_setenv(name, before[i]) else luv.os_unsetenv(name) end
    end
    if not ok then error(err, 0) end
  end

  it("come from the registry once, in the version that fits", function()
    local function packed(name)
      return archive.tar(nil, { { path = "main.tf", data = QUEUE:format('"' .. name .. '"'),
        mode = 420 } }, { gzip = true })
    end
    with_registry({ ["acme/queue/aws"] = { ["1.2.0"] = packed "old", ["1.10.1"] = packed "good",
      ["2.0.0"] = packed "new" } }, function(registry)
      local text = 'module "q" {\n  source = "acme/queue/aws"\n  version = "~> 1.2"\n}\n'
      local read = normalized(text)
      assert.truthy(read "modules/q/main.tf":find('"good"', 1, true))
      assert.is_nil(read():find("version", 1, true))
      local asked = #registry.paths
      normalized(text)
      assert.equal(asked + 2, #registry.paths) -- versions and place, not the archive again
      assert.equal("remote module acme/none/aws: could not be fetched: "
        .. registry.url:match("//(.*)") .. " answers 404", (refused(
        'module "q" {\n  source = "acme/none/aws"\n}\n')))
      assert.equal("remote module acme/queue/aws: has no version ~> 1.2, newest",
        (refused((text:gsub("~> 1.2", "%0, newest")))))
    end)
  end)

  it("have stand-ins of ours that refuse what they do not know", function()
    with_registry({}, function()
      local _, record = normalized('module "kms" {\n  source = "terraform-aws-modules/kms/aws"\n'
        .. '  aliases = ["a"]\n}\n')
      assert.is_true(assumed(record,
        "terraform-aws-modules/kms/aws could not be fetched: replaced by one of ours"))
      assert.equal("the module refuses the value of key_statements", (refused(
        'module "kms" {\n  source = "terraform-aws-modules/kms/aws"\n'
        .. '  key_statements = [{ sid = "a", colour = "b" }]\n}\n')))
    end)
  end)
end)
