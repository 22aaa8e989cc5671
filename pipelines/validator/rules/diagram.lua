-- SPDX-License-Identifier: Apache-2.0
-- From the words of a drawing to Terraform. A node is of the first kind one of whose words its
-- label, its shape or its icon says; longer words are looked for first. An edge is wired by
-- the rule of its two kinds, and is only drawn where there is none.
--
--   {name} is the node's Terraform name, {text} its name in AWS; in edges {from}, {to} and {name}.
--   needs: kinds of parts that all nodes of a kind share; actor: stands outside of AWS.

local M = {}

M.kinds = {
  lambda = { words = { "lambda", "function" }, type = "aws_lambda_function", needs = { "role" },
    body = [[
  function_name    = "{text}"
  role             = aws_iam_role.diagram.arn
  runtime          = "python3.12"
  handler          = "index.handler"
  filename         = "${path.module}/handler.zip"
  source_code_hash = filebase64sha256("${path.module}/handler.zip")
]] },
  sqs = { words = { "sqs", "queue" }, type = "aws_sqs_queue", body = [[
  name = "{text}"
]] },
  sns = { words = { "sns", "topic", "simple notification" }, type = "aws_sns_topic", body = [[
  name = "{text}"
]] },
  s3 = { words = { "s3", "bucket", "simple storage" }, type = "aws_s3_bucket", body = [[
  bucket        = "{text}"
  force_destroy = true
]] },
  dynamodb = { words = { "dynamodb", "dynamo", "table" }, type = "aws_dynamodb_table", body = [[
  name             = "{text}"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "id"
    type = "S"
  }
]], note = "tables get the key `id` of type S and a stream" },
  apigateway = { words = { "api gateway", "apigateway", "http api", "rest api" },
    type = "aws_apigatewayv2_api", body = [[
  name          = "{text}"
  protocol_type = "HTTP"
]], note = "API gateways are HTTP APIs" },
  kinesis = { words = { "kinesis", "data stream" }, type = "aws_kinesis_stream", body = [[
  name        = "{text}"
  shard_count = 1
]] },
  events = { words = { "eventbridge", "event bus", "cloudwatch event", "schedule" },
    type = "aws_cloudwatch_event_rule", body = [[
  name                = "{text}"
  schedule_expression = "rate(1 hour)"
]], note = "event rules fire each hour" },
  ssm = { words = { "parameter store", "ssm parameter" }, type = "aws_ssm_parameter", body = [[
  name  = "/{text}"
  type  = "String"
  value = "from-a-diagram"
]] },
  secretsmanager = { words = { "secrets manager", "secretsmanager", "secret" },
    type = "aws_secretsmanager_secret", body = [[
  name                    = "{text}"
  recovery_window_in_days = 0
]] },
  kms = { words = { "kms", "encryption key" }, type = "aws_kms_key", body = [[
  description             = "{text}"
  deletion_window_in_days = 7
]] },
  logs = { words = { "log group", "cloudwatch log" }, type = "aws_cloudwatch_log_group", body = [[
  name = "/{text}"
]] },
  stepfunctions = { words = { "step functions", "step function", "state machine", "sfn" },
    type = "aws_sfn_state_machine", needs = { "role" }, body = [[
  name       = "{text}"
  role_arn   = aws_iam_role.diagram.arn
  definition = jsonencode({ StartAt = "Done", States = { Done = { Type = "Succeed" } } })
]], note = "state machines end at once: a drawing does not say their states" },
  cognito = { words = { "cognito", "user pool" }, type = "aws_cognito_user_pool", body = [[
  name = "{text}"
]] },
  ecr = { words = { "ecr", "container registry" }, type = "aws_ecr_repository", body = [[
  name         = "{text}"
  force_delete = true
]] },
  ecs = { words = { "ecs", "ecs cluster", "fargate" }, type = "aws_ecs_cluster", body = [[
  name = "{text}"
]], note = "ECS is a cluster without services: a drawing does not say their images" },
  actor = { actor = true, words = { "user", "users", "client", "browser", "customer", "mobile",
    "internet", "actor", "developer" } },
}

M.parts = {
  role = [[
resource "aws_iam_role" "diagram" {
  name = "{stack}-role"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["lambda.amazonaws.com", "states.amazonaws.com"] }
    }]
  })
}
]],
}

local function mapping(source)
  return ([[
resource "aws_lambda_event_source_mapping" "{name}" {
  event_source_arn  = %s
  function_name     = aws_lambda_function.{to}.arn
%s}
]]):format(source, source:find "sqs" and "" or '  starting_position = "LATEST"\n')
end

local function permission(service, source)
  return ([[
resource "aws_lambda_permission" "{name}" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.{to}.function_name
  principal     = "%s.amazonaws.com"
  source_arn    = %s
}
]]):format(service, source)
end

M.edges = {
  ["sqs lambda"] = mapping "aws_sqs_queue.{from}.arn",
  ["kinesis lambda"] = mapping "aws_kinesis_stream.{from}.arn",
  ["dynamodb lambda"] = mapping "aws_dynamodb_table.{from}.stream_arn",
  ["sns sqs"] = [[
resource "aws_sns_topic_subscription" "{name}" {
  topic_arn = aws_sns_topic.{from}.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.{to}.arn
}
]],
  ["sns lambda"] = [[
resource "aws_sns_topic_subscription" "{name}" {
  topic_arn = aws_sns_topic.{from}.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.{to}.arn
}
]] .. permission("sns", "aws_sns_topic.{from}.arn"),
  ["apigateway lambda"] = [[
resource "aws_apigatewayv2_integration" "{name}" {
  api_id                 = aws_apigatewayv2_api.{from}.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.{to}.invoke_arn
  payload_format_version = "2.0"
}
]] .. permission("apigateway", '"${aws_apigatewayv2_api.{from}.execution_arn}/*/*"'),
  ["events lambda"] = [[
resource "aws_cloudwatch_event_target" "{name}" {
  rule = aws_cloudwatch_event_rule.{from}.name
  arn  = aws_lambda_function.{to}.arn
}
]] .. permission("events", "aws_cloudwatch_event_rule.{from}.arn"),
  ["events sqs"] = [[
resource "aws_cloudwatch_event_target" "{name}" {
  rule = aws_cloudwatch_event_rule.{from}.name
  arn  = aws_sqs_queue.{to}.arn
}
]],
}

-- A bucket has one notification.
M.edges["s3 lambda"] = permission("s3", "aws_s3_bucket.{from}.arn") .. [[

resource "aws_s3_bucket_notification" "{name}" {
  bucket     = aws_s3_bucket.{from}.id
  depends_on = [aws_lambda_permission.{name}]

  lambda_function {
    lambda_function_arn = aws_lambda_function.{to}.arn
    events              = ["s3:ObjectCreated:*"]
  }
}
]]

--- Pairs of kinds of which a node that is the first can be wired to one other only.
M.once = { ["s3 lambda"] = true }

M.handler = [[
def handler(event, context):
    """A function of a drawing says nothing of what it does: it answers."""
    return {"statusCode": 200, "body": "ok"}
]]

return M
