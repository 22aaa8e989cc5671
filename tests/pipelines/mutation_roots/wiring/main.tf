# SPDX-License-Identifier: Apache-2.0
# Integrations: each service hands on to the next. mutation.lua packs index.py.
resource "aws_iam_role" "all" {
  name = "lsqm-all"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
      Principal = { Service = ["lambda.amazonaws.com", "states.amazonaws.com"] } }]
  })
}

resource "aws_lambda_function" "worker" {
  for_each         = toset(["table", "queue", "stream", "topic", "event", "bucket", "log", "rest", "http"])
  function_name    = "lsqm-${each.key}"
  role             = aws_iam_role.all.arn
  runtime          = "python3.11"
  handler          = "index.handler"
  filename         = "${path.module}/code.zip"
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.worker["http"].function_name
  function_version = "$LATEST"
}

# a table's stream, a queue and a stream call functions
resource "aws_dynamodb_table" "orders" {
  name             = "lsqm-orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "id"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_lambda_event_source_mapping" "table" {
  event_source_arn  = aws_dynamodb_table.orders.stream_arn
  function_name     = aws_lambda_function.worker["table"].arn
  starting_position = "LATEST"
}

resource "aws_sqs_queue" "work" {
  name = "lsqm-work"
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn = aws_sqs_queue.work.arn
  function_name    = aws_lambda_function.worker["queue"].arn
}

resource "aws_kinesis_stream" "clicks" {
  name        = "lsqm-clicks"
  shard_count = 1
}

resource "aws_lambda_event_source_mapping" "stream" {
  event_source_arn  = aws_kinesis_stream.clicks.arn
  function_name     = aws_lambda_function.worker["stream"].arn
  starting_position = "TRIM_HORIZON"
}

# a topic, a rule and a bucket reach a queue and a function
resource "aws_sqs_queue" "inbox" {
  name = "lsqm-inbox"
}

resource "aws_sqs_queue_policy" "inbox" {
  queue_url = aws_sqs_queue.inbox.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Principal = "*",
      Resource = aws_sqs_queue.inbox.arn }]
  })
}

resource "aws_sns_topic" "news" {
  name = "lsqm-news"
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.inbox.arn
}

resource "aws_sns_topic_subscription" "function" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.worker["topic"].arn
}

resource "aws_cloudwatch_event_bus" "orders" {
  name = "lsqm-orders"
}

resource "aws_cloudwatch_event_rule" "placed" {
  name           = "lsqm-placed"
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  event_pattern  = jsonencode({ source = ["shop"], detail = { total = [{ numeric = [">", 10] }] } })
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.placed.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_sqs_queue.inbox.arn
}

resource "aws_cloudwatch_event_target" "function" {
  rule           = aws_cloudwatch_event_rule.placed.name
  event_bus_name = aws_cloudwatch_event_bus.orders.name
  arn            = aws_lambda_function.worker["event"].arn
}

resource "aws_lambda_permission" "event" {
  statement_id  = "event"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.worker["event"].function_name
  principal     = "events.amazonaws.com"
}

resource "aws_s3_bucket" "uploads" {
  bucket = "lsqm-uploads"
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket = aws_s3_bucket.uploads.id
  queue {
    queue_arn     = aws_sqs_queue.inbox.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "in/"
  }
  lambda_function {
    lambda_function_arn = aws_lambda_function.worker["bucket"].arn
    events              = ["s3:ObjectCreated:Put"]
    filter_suffix       = ".png"
  }
}

resource "aws_cloudwatch_log_group" "app" {
  name = "/lsqm/wiring"
}

resource "aws_cloudwatch_log_subscription_filter" "app" {
  name            = "all"
  log_group_name  = aws_cloudwatch_log_group.app.name
  filter_pattern  = ""
  destination_arn = aws_lambda_function.worker["log"].arn
}

# interfaces call functions
resource "aws_api_gateway_rest_api" "main" {
  name = "lsqm-rest"
}

resource "aws_api_gateway_resource" "orders" {
  rest_api_id = aws_api_gateway_rest_api.main.id
  parent_id   = aws_api_gateway_rest_api.main.root_resource_id
  path_part   = "orders"
}

resource "aws_api_gateway_method" "orders" {
  rest_api_id   = aws_api_gateway_rest_api.main.id
  resource_id   = aws_api_gateway_resource.orders.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "orders" {
  rest_api_id             = aws_api_gateway_rest_api.main.id
  resource_id             = aws_api_gateway_resource.orders.id
  http_method             = aws_api_gateway_method.orders.http_method
  integration_http_method = "POST"
  type                    = "AWS_PROXY"
  uri                     = aws_lambda_function.worker["rest"].invoke_arn
}

resource "aws_api_gateway_deployment" "main" {
  rest_api_id = aws_api_gateway_rest_api.main.id
  depends_on  = [aws_api_gateway_integration.orders]
}

resource "aws_api_gateway_stage" "main" {
  rest_api_id   = aws_api_gateway_rest_api.main.id
  deployment_id = aws_api_gateway_deployment.main.id
  stage_name    = "v1"
}

resource "aws_apigatewayv2_api" "main" {
  name          = "lsqm-http"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "main" {
  api_id                 = aws_apigatewayv2_api.main.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.worker["http"].invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "main" {
  api_id    = aws_apigatewayv2_api.main.id
  route_key = "GET /orders"
  target    = "integrations/${aws_apigatewayv2_integration.main.id}"
}

resource "aws_apigatewayv2_stage" "main" {
  api_id      = aws_apigatewayv2_api.main.id
  name        = "$default"
  auto_deploy = true
}

# a state machine writes into a table and a queue
resource "aws_sfn_state_machine" "store" {
  name     = "lsqm-store"
  role_arn = aws_iam_role.all.arn
  definition = jsonencode({
    StartAt = "Store"
    States = {
      Store = {
        Type     = "Task"
        Resource = "arn:aws:states:::dynamodb:putItem"
        Parameters = {
          TableName = aws_dynamodb_table.orders.name
          Item      = { id = { "S.$" = "$.id" } }
        }
        ResultPath = null
        Next       = "Tell"
      }
      Tell = {
        Type       = "Task"
        Resource   = "arn:aws:states:::sqs:sendMessage"
        Parameters = { QueueUrl = aws_sqs_queue.inbox.url, "MessageBody.$" = "$.id" }
        End        = true
      }
    }
  })
}
