-- SPDX-License-Identifier: Apache-2.0
-- Differences between the two sides that are no fault of the conversion, each looked at once.
-- `kind` and `path` are Lua patterns over a difference's kind and attribute path; `when` must hold
-- for its two values, so that an explanation never covers other values than those looked at.
-- MiniStack 1.5.33, provider 5.100.0.
local json = require "std.json"

local function none(value) return value == nil or value == json.null end

local function only_terraform(d) return none(d.template) and not none(d.terraform) end
local function only_template(d) return not none(d.template) and none(d.terraform) end

-- The template's side has nothing, Terraform's says the service's default.
local function says_zero(d)
  local text = tostring(d.terraform)
  return none(d.template) and (text == "0" or text == "false")
end

local function values(template, terraform)
  return function(d)
    return tostring(d.template) == template and tostring(d.terraform) == terraform
  end
end

return {
  -- what the emulator's CloudFormation leaves out
  { kind = "^dynamodb%.table$", path = "^Ttl", reason = "MiniStack's CloudFormation does not set "
    .. "TimeToLiveSpecification", when = function(d)
      return only_terraform(d) or values("DISABLED", "ENABLED")(d)
    end },
  { kind = "^dynamodb%.table$", path = "^Backups$", reason = "MiniStack's CloudFormation does not "
    .. "set PointInTimeRecoverySpecification", when = values("DISABLED", "ENABLED") },
  { kind = "^dynamodb%.table$", path = "^SSEDescription", when = only_terraform,
    reason = "MiniStack's CloudFormation does not set SSESpecification" },
  { kind = "^s3%.bucket$", path = "^Encryption%.Rules", reason = "MiniStack's CloudFormation does "
    .. "not set BucketEncryption: the default is what is there", when = function(d)
      return only_terraform(d) or values("AES256", "aws:kms")(d) or values("false", "true")(d)
    end },
  { kind = "^rest%.api$", path = "^endpointConfiguration$", when = only_terraform,
    reason = "MiniStack's CloudFormation keeps the endpoint's types under a name it never reads" },
  { kind = "^rest%.api$", path = "^Validators", when = only_terraform,
    reason = "MiniStack's CloudFormation makes no request validators" },
  { kind = "^elb%.balancer$", path = "^Attributes", when = only_terraform,
    reason = "MiniStack's CloudFormation sets no default attributes" },
  { kind = "^sns%.topic$", path = "^Policy%.Statement%.[^.]+%.Condition$", when = only_terraform,
    reason = "the default policy of MiniStack's CloudFormation has no condition" },
  { kind = "^lambda%.function$", path = "^DeadLetterConfig", when = only_terraform,
    reason = "MiniStack's CloudFormation does not set DeadLetterConfig" },
  { kind = "^states%.machine$", path = "^loggingConfiguration", when = only_terraform,
    reason = "MiniStack's CloudFormation reads the logging configuration under API names" },
  { kind = "^s3%.bucket$", path = "^Replication$", when = only_terraform,
    reason = "MiniStack's CloudFormation does not set ReplicationConfiguration" },
  { kind = "^kinesis%.stream$", path = "^EncryptionType$", when = values("NONE", "KMS"),
    reason = "MiniStack's CloudFormation does not set StreamEncryption" },
  { kind = "^kinesis%.stream$", path = "^KeyId$", when = only_terraform,
    reason = "MiniStack's CloudFormation does not set StreamEncryption" },
  { kind = "^rds%.instance$", path = "^Iops$", when = only_terraform,
    reason = "MiniStack's CloudFormation does not set Iops" },
  { kind = "^rds%.instance$", path = "^CertificateDetails$", when = only_terraform,
    reason = "MiniStack's CloudFormation sets no certificate" },
  { kind = "^cloudfront%.distribution$", path = "^DefaultCacheBehavior%.", when = only_terraform,
    reason = "MiniStack's CloudFormation keeps only what the template says, no defaults" },
  { kind = "^cloudfront%.distribution$", path = "^Origins%.Items%.", when = only_terraform,
    reason = "MiniStack's CloudFormation keeps only what the template says, no defaults" },
  { kind = "^cloudfront%.distribution$", path = "^ViewerCertificate%.CertificateSource$",
    when = only_template, reason = "MiniStack adds it in CloudFormation only" },
  { kind = "^cloudfront%.distribution$", path = "^HttpVersion$", when = values("http2", "http1.1"),
    reason = "http1.1 is CloudFormation's documented default, MiniStack takes http2" },
  { kind = "^cloudfront%.distribution$", path = "^IsIPV6Enabled$", when = values("true", "false"),
    reason = "off is CloudFormation's documented default, MiniStack takes on" },
  { kind = "^appsync%.api$", path = "^logConfig%.excludeVerboseContent$", when = only_template,
    reason = "MiniStack adds the default in CloudFormation only" },
  { kind = "^s3%.bucket$", path = "^Lifecycle$", when = only_terraform,
    reason = "MiniStack's CloudFormation does not take rules with ExpirationInDays" },
  { kind = "^lambda%.function$", path = "^Reserved$", when = says_zero,
    reason = "MiniStack's CloudFormation takes a reserved concurrency of 0 for none" },
  { kind = "^iam%.", path = "Resource", reason = "Ref of a secret is its ARN, MiniStack's "
    .. "CloudFormation gives its name", when = function(d)
      return tostring(d.terraform):find(":secret:<" .. tostring(d.template) .. ">", 1, true)
    end },
  { kind = "^cognito%.pool$", path = "^SchemaAttributes%.[%w_]+%.Mutable$", reason = "an "
    .. "attribute that a schema names is immutable unless it says so; MiniStack's CloudFormation "
    .. "takes the other default", when = values("true", "false") },
  { kind = "^lambda%.function$", path = "^Policy%.Statement%.", reason = "the provider cannot say "
    .. "InvokedViaFunctionUrl: the permission for the URL stays (listed under assumptions)",
    template = "cloudfront-lambda-url", when = function(d)
      return d.template == "lambda:InvokeFunction" or d.path:find("Condition", 1, true) ~= nil
    end },
  { kind = "^e[cl][2b]%.", path = "", reason = "a stand-in for a network is the account's default "
    .. "one in Terraform, an id in the parameter of the template", when = function(d)
      return json.encode(d.template):find("%-0123456789abcdef0") ~= nil
    end },
  -- what it adds
  { kind = "^sqs%.queue$", path = "^SqsManagedSseEnabled$", when = only_template,
    reason = "MiniStack sets the default in CloudFormation, but not in CreateQueue" },
  { kind = "^sns%.topic$", path = "^DisplayName$", when = only_template,
    reason = "MiniStack's CloudFormation takes the topic's name for a missing display name" },
  { kind = "^sns%.subscription$", path = "^FilterPolicyScope$", reason = "MiniStack sets the "
    .. "default in CloudFormation, but not in Subscribe", when = function(d)
      return d.template == "MessageAttributes" and none(d.terraform)
    end },
  { kind = "^lambda%.source$", path = "^StartingPosition$", when = function(d)
      return d.template == "LATEST" and none(d.terraform)
    end, reason = "MiniStack's CloudFormation sets a starting position for queues too" },
  -- what the provider does of itself
  { kind = "^sqs%.queue$", path = "^MaximumMessageSize$", when = values("1048576", "262144"),
    reason = "the provider always sends its default and allows no more; AWS's default is newer" },
  { kind = "^sns%.topic$", path = "SuccessFeedbackSampleRate$", when = says_zero,
    reason = "the provider sends zeros for what is not set" },
  { kind = "^cognito%.pool$", path = "PasswordHistorySize$", when = says_zero,
    reason = "the provider sends zeros for what is not set" },
  { kind = "^lambda%.function$", path = "^Runtime$", reason = "the provider does not know the "
    .. "newest runtimes: the newest one it knows stands for them (listed under assumptions)",
    when = function(d)
      local pair = tostring(d.template) .. " " .. tostring(d.terraform)
      return pair == "python3.14 python3.13" or pair == "nodejs24.x nodejs22.x"
        or pair == "java25 java21" or pair == "dotnet10 dotnet8" or pair == "ruby3.4 ruby3.3"
    end },
  { kind = "^pipes%.pipe$", path = "^Description$", reason = "the provider's own description "
    .. "stands where none is given", when = function(d)
      return none(d.template) and d.terraform == "Managed by Terraform"
    end },
  { kind = "^firehose%.stream$", path = "DataFormatConversionConfiguration$", when = function(d)
      return none(d.template) and json.encode(d.terraform) == '{"Enabled":false}'
    end, reason = "the provider says that it is off" },
  { kind = "^firehose%.stream$", path = "Processors.*Parameters", when = function(d)
      return json.encode(d.terraform):find("BufferIntervalInSeconds", 1, true) ~= nil
    end, reason = "the provider sends the service's defaults for buffers and retries" },
  { kind = "^rest%.api$", path = "throttling%a+Limit$", when = function(d)
      return d.terraform == -1 and (d.template == 5000 or d.template == 10000)
    end, reason = "the provider's -1 stands for the account's limit" },
  { kind = "^kinesis%.stream$", path = "^OpenShardCount$", when = values("4", "1"),
    reason = "on-demand streams: MiniStack starts them with 4 shards in CloudFormation only" },
  { kind = "^lambda%.layer$", path = "CompatibleRuntimes", reason = "the provider does not know "
    .. "the newest runtimes (listed under assumptions)", when = function(d)
      return json.encode(d.template):find("python3.14", 1, true)
    end },
  { kind = "^lambda%.function$", path = "^Url%.Cors%.AllowCredentials$", when = says_zero,
    reason = "the provider sends its default" },
  { kind = "^sns%.subscription$", path = "^RawMessageDelivery$", when = says_zero,
    reason = "the provider sends its default" },
  { kind = "^logs%.group$", path = "^$", reason = "the Lambda emulator makes the log group of a "
    .. "function that it starts", when = function(d)
      return d.template == false and d.key:find("^/aws/lambda/") ~= nil
    end },
  -- names that CloudFormation makes up
  { kind = "^cognito%.pool$", path = "^Name$", reason = "CloudFormation makes up a pool's name",
    when = function(d) return tostring(d.template):find("%-%x+$") and d.terraform:find("^<") end },
  { kind = "^cognito%.pool$", path = "ClientName$", when = only_terraform,
    reason = "CloudFormation makes up a client's name, the provider demands one" },
}
