-- SPDX-License-Identifier: Apache-2.0
-- Parameters as variables: types, what they allow, values for those that have none.
local fs = require "std.fs"
local normalize = require "std.normalize"
local pattern = require "std.normalize.pattern"
local stand_in = require "std.normalize.stand_in"

local function convert(text)
  local dir <close> = fs.tempdir("normalize-parameters")
  local path, out = fs.join(dir.path, "t.yaml"), fs.join(dir.path, "out")
  fs.write(path, text)
  local record = normalize.normalize { path = path, format = "cfn", out = out }
  assert.equal("normalized", record.status, record.error and record.error.message
    or (record.unsupported[1] or {}).reason)
  local text_of = {}
  for _, name in ipairs { "main", "variables", "outputs" } do
    text_of[name] = (fs.read(fs.join(out, name .. ".tf")) or ""):gsub(" +", " ")
  end
  text_of.assumptions = table.concat(record.assumptions, "\n")
  return text_of
end

local QUEUE = "Resources:\n  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: %s } }\n"

local function variable(parameter)
  local got = convert("Parameters:\n  X: " .. parameter .. "\n" .. QUEUE:format("q"))
  return got.variables, got.assumptions
end

local has = assert.contains

describe("normalize parameters", function()
  it("has the types of Terraform", function()
    has(variable "{ Type: Number, Default: '3' }", "type = number\n default = 3")
    has(variable "{ Type: List<Number>, Default: '80, 443' }", "default = [80, 443]")
    has(variable "{ Type: CommaDelimitedList, Default: 'a, b' }", 'default = ["a", "b"]')
    has(variable "{ Type: CommaDelimitedList, Default: '' }", 'default = [""]')
    has(variable "{ Type: String, Default: true, NoEcho: true, Description: 'a ${b}' }",
      'description = "a $${b}"\n default = "true"\n sensitive = true')
  end)

  it("validates what the template allows", function()
    local cases = {
      { "{ Type: String, AllowedValues: [a, '5%'], Default: a, ConstraintDescription: a or 5 }",
        'condition = contains(["a", "5%"], var.x)\n error_message = "a or 5"' },
      { "{ Type: Number, AllowedValues: ['1', 2], Default: 1 }", "contains([1, 2], var.x)" },
      { "{ Type: CommaDelimitedList, AllowedValues: [a, b], Default: a }",
        'alltrue([for item in var.x : contains(["a", "b"], item)])' },
      { "{ Type: String, AllowedPattern: '[a-z]+|b', Default: a }",
        'can(regex("^(?:[a-z]+|b)$", var.x))' },
      { "{ Type: String, AllowedPattern: '^\\d+$', Default: '1' }",
        'can(regex("^\\\\d+$", var.x))' },
      { "{ Type: String, MinLength: 2, MaxLength: '9', Default: abc }",
        "length(var.x) >= 2 && length(var.x) <= 9" },
      { "{ Type: Number, MinValue: 2, Default: 5 }", "condition = var.x >= 2\n" },
    }
    for _, case in ipairs(cases) do has(variable(case[1]), case[2]) end
  end)

  it("says where Terraform cannot say a pattern", function()
    local text, assumptions = variable "{ Type: String, AllowedPattern: '(?!a)b', Default: b }"
    assert.is_nil(text:find("regex", 1, true))
    has(assumptions, "Terraform cannot say a look-around or a flag, so it is left out")
    text, assumptions = variable "{ Type: String, AllowedPattern: '[a-z]{1,2048}', Default: b }"
    has(text, "[a-z]{1,}")
    has(assumptions, "Terraform cannot say the upper bound 2048")
  end)

  it("gives each parameter without a default a value that it allows", function()
    local cases = {
      { "{ Type: String, AllowedValues: [p, q] }", '"p"' },
      { "{ Type: String, MinLength: 8, MaxLength: 8 }", '"lsqmxxxx"' },
      { "{ Type: String, AllowedPattern: '[A-Z]{2}-[0-9]{3}(foo|bar)' }", '"AA-000foo"' },
      { "{ Type: String, AllowedPattern: '(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}' }", '"10.0.0.0/16"' },
      { "{ Type: Number, MinValue: 7 }", "7" }, { "{ Type: Number, MaxValue: 0 }", "0" },
      { "{ Type: AWS::EC2::Image::Id }", '"ami-0123456789abcdef0"' },
      { "{ Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: /aws/x }",
        '"ami-0123456789abcdef0"' },
      { "{ Type: AWS::SSM::Parameter::Name }", '"/lsqm/parameter"' },
      { "{ Type: List<AWS::EC2::AvailabilityZone::Name> }", '["us-east-1a", "us-east-1b"]' },
      { "{ Type: String, AllowedPattern: '[a-z]+', Default: '' }", '"lsqm"' },
    }
    for _, case in ipairs(cases) do
      local text, assumptions = variable(case[1])
      has(text, "default = " .. case[2] .. "\n")
      has(assumptions, "parameter X ")
    end
    assert.equal("user@example.com", stand_in.value("AdminEmail", {}))
    assert.equal("10.0.0.0/16", stand_in.value("VpcCidr", {}))
    for name, value in pairs { pDBAllocatedStorage = "20", DBClass = "db.t3.micro",
      DBInstanceClass = "db.t3.micro", pDBEngineVersion = "8.0", NatGatewayPrivateIP = "10.0.0.10",
      RouteTableAPrivate = "rtb-0123456789abcdef0", NatGatewayID = "nat-0123456789abcdef0" } do
      assert.equal(value, stand_in.value(name, {}), name)
    end
  end)

  it("uses the default network where nobody names one", function()
    local got = convert([==[
Parameters:
  Vpc: { Type: AWS::EC2::VPC::Id }
  A: { Type: AWS::EC2::Subnet::Id }
  B: { Type: AWS::EC2::Subnet::Id }
  All: { Type: List<AWS::EC2::Subnet::Id> }
  Key: { Type: AWS::EC2::KeyPair::KeyName }
]==] .. QUEUE:format "!Sub '${Vpc}${A}${B}${Key}'" .. "Outputs: { O: { Value: !Ref All } }\n")
    has(got.main, "${coalesce(var.a, data.aws_subnets.default.ids[0])}")
    has(got.main, "${coalesce(var.b, data.aws_subnets.default.ids[1])}")
    has(got.main, '${coalesce(var.key, "none")}')
    has(got.outputs, "value = coalescelist(var.all, data.aws_subnets.default.ids)")
    has(got.main, 'data "aws_vpc" "default" {\n default = true')
    has(got.assumptions, "parameter Vpc has no default: the default VPC")
  end)

  it("keeps secrets out of conditions, plain outputs and records", function()
    local got = convert([==[
Parameters: { Pw: { Type: String, NoEcho: true, MinLength: 9 } }
Conditions: { Has: !Not [!Equals [!Ref Pw, ""]] }
Resources:
  Q: { Type: AWS::SQS::Queue, Condition: Has }
  P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: n, Value: !Ref Pw } }
Outputs: { A: { Value: !GetAtt P.Value }, B: { Value: !Ref P } }
]==])
    has(got.main, 'if_has = nonsensitive(!(var.pw == ""))')
    has(got.outputs, "value = aws_ssm_parameter.p.value\n sensitive = true")
    has(got.outputs, "value = aws_ssm_parameter.p.name\n}")
    has(got.assumptions, "parameter Pw has no default: a placeholder")
  end)
end)

describe("normalize dynamic references", function()
  it("reads secrets of the template back, and stands in for others", function()
    local got = convert([==[
Resources:
  S: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: '{"k":"v"}' } }
  Q:
    Type: AWS::SQS::Queue
    Properties: { QueueName: !Sub "a-{{resolve:secretsmanager:${S}:SecretString:k}}-b" }
  T:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: "{{resolve:ssm:/a/b:2}}",
      TopicName: !Join ["", ["{{resolve:secretsmanager:", far, ":SecretString:password}}"]] }
]==])
    has(got.main,
      '"a-${jsondecode(data.aws_secretsmanager_secret_version.s.secret_string)["k"]}-b"')
    has(got.main, "depends_on = [aws_secretsmanager_secret.s, "
      .. "aws_secretsmanager_secret_version.s_version]")
    has(got.main, "display_name = var.resolve_a_b\n name = var.resolve_far_password")
    has(got.variables, 'variable "resolve_far_password" {\n type = string\n default = '
      .. '"Lsqm-passw0rd"\n sensitive = true')
  end)
end)

describe("patterns", function()
  it("become RE2, or say why not", function()
    local cases = {
      { "^[a-z]+$", "^[a-z]+$" }, { "a|b", "^(?:a|b)$" }, { "\\p{Alpha}[\\p{Digit}x]",
        "^(?:[[:alpha:]][[:digit:]x])$" }, { "(?<n>a)\\u0041", "^(?:(?P<n>a)\\x{0041})$" },
      { "[\\w-.]+\\/", "^(?:[\\w-.]+\\/)$" }, { "[]a]", "^(?:[]a])$" },
    }
    for _, case in ipairs(cases) do assert.equal(case[2], (pattern.re2(case[1]))) end
    for _, text in ipairs { "(a)\\1", "[a[b]]", "[a&&b]", "a{2000}", "\\p{IsGreek}", "(?<!a)b",
      "a++", "(a{50}){50}", "{x", "[a" } do
      assert.is_nil((pattern.re2(text)), text)
    end
  end)

  it("never cost more than they are worth", function()
    local started = os.clock()
    assert.is_nil(pattern.sample("((a{999}){999}){999}b{9}", function() return true end))
    assert.is_nil(pattern.sample(("("):rep(500) .. (")"):rep(500), function() return true end))
    pattern.matches("(a+)+$", ("a"):rep(40) .. "!")
    assert.is_true(os.clock() - started < 5)
  end)
end)
