-- SPDX-License-Identifier: Apache-2.0
-- Terraform type → service, named as the emulators' health answers name them, and which services
-- each emulator has (FR-068). Edit a copy of this file to change what is skipped.
local M = {}

-- Longest prefix wins; a type that matches none is named by its first word.
M.prefixes = {
  aws_alb = "elbv2", aws_lb = "elbv2", aws_elb = "elb", aws_ami = "ec2", aws_eip = "ec2",
  aws_ebs = "ec2", aws_vpc = "ec2", aws_subnet = "ec2", aws_route = "ec2", aws_nat = "ec2",
  aws_internet_gateway = "ec2", aws_egress = "ec2", aws_security_group = "ec2",
  aws_network_acl = "ec2", aws_network_interface = "ec2", aws_default = "ec2",
  aws_instance = "ec2", aws_key_pair = "ec2", aws_launch_template = "ec2", aws_flow_log = "ec2",
  aws_volume = "ec2", aws_customer_gateway = "ec2", aws_vpn = "ec2", aws_placement = "ec2",
  aws_ec2 = "ec2", aws_vpclattice = "vpc-lattice", aws_route53 = "route53",
  aws_route53_resolver = "route53resolver", aws_launch_configuration = "autoscaling",
  aws_api_gateway = "apigateway", aws_apigatewayv2 = "apigateway",
  aws_cloudwatch = "cloudwatch", aws_cloudwatch_event = "events", aws_cloudwatch_log = "logs",
  aws_cloudwatch_query_definition = "logs", aws_sfn = "stepfunctions",
  aws_kinesis = "kinesis", aws_kinesis_firehose = "firehose", aws_kinesis_video = "kinesisvideo",
  aws_kinesis_analytics = "kinesisanalytics", aws_kinesisanalyticsv2 = "kinesisanalyticsv2",
  aws_cognito = "cognito-idp", aws_cognito_identity_pool = "cognito-identity",
  aws_db = "rds", aws_docdb = "docdb", aws_efs = "efs", aws_appautoscaling =
  "application-autoscaling", aws_elasticsearch = "es", aws_ses = "ses", aws_sesv2 = "sesv2",
  aws_s3control = "s3control", aws_s3tables = "s3tables", aws_resourcegroups = "resource-groups",
  aws_config = "config", aws_scheduler = "scheduler", aws_service_discovery = "servicediscovery",
  aws_wafv2 = "wafv2", aws_wafregional = "waf-regional", aws_iot = "iot", aws_msk = "kafka",
  aws_emr = "emr", aws_acmpca = "acm-pca", aws_caller_identity = "sts",
}

local COMMON = { "acm", "apigateway", "cloudformation", "cloudwatch", "config", "dynamodb",
  "dynamodbstreams", "ec2", "events", "firehose", "iam", "kinesis", "kms", "lambda", "logs",
  "opensearch", "resource-groups", "route53", "s3", "scheduler", "secretsmanager", "ses", "sns",
  "sqs", "ssm", "stepfunctions", "sts", "transcribe" }

local EXTRA = {
  localstack = { "es", "redshift", "resourcegroupstaggingapi", "route53resolver", "s3control",
    "support", "swf" },
  ministack = { "account", "appconfig", "appsync", "athena", "autoscaling", "backup", "batch",
    "budgets", "cloudfront", "cloudtrail", "codebuild", "cognito-identity", "cognito-idp", "cur",
    "docdb", "ecr", "ecs", "efs", "eks", "elasticache", "elbv2", "emr", "glue", "inspector2",
    "iot", "kafka", "kinesisanalyticsv2", "location", "mq", "opensearchserverless",
    "organizations", "pipes", "rds", "s3control", "s3tables", "servicediscovery", "signer",
    "transfer", "waf", "waf-regional", "wafv2", "resourcegroupstaggingapi" },
}

local function set(...)
  local out = {}
  for _, list in ipairs { ... } do
    for _, name in ipairs(list) do out[name] = true end
  end
  return out
end

-- moto has nearly everything: no list, nothing is skipped.
M.supported = { localstack = set(COMMON, EXTRA.localstack),
  ministack = set(COMMON, EXTRA.ministack) }

---@param type_name string "aws_sqs_queue"
---@return string? service nil for types that are of no service
function M.of_type(type_name)
  local prefix = type_name
  while prefix do
    if M.prefixes[prefix] then return M.prefixes[prefix] end
    prefix = prefix:match("^(.*)_[^_]*$")
  end
  return type_name:match("^aws_(%w+)")
end

---@param services string[]
---@param emulator string
---@return string? reason why an architecture is skipped, naming the services (FR-070)
function M.unsupported_reason(services, emulator)
  local known, missing = M.supported[emulator], {}
  if not known then return nil end
  for _, name in ipairs(services) do
    if not known[name] then missing[#missing + 1] = name end
  end
  if #missing == 0 then return nil end
  return "services that " .. emulator .. " does not support: " .. table.concat(missing, ", ")
end

return M
