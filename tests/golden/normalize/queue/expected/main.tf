terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

data "aws_partition" "current" {
}

locals {
  if_is_prod = (var.environment == "prod")
  mappings = {
    Retention = {
      dev = {
        Days = "1"
      }
      prod = {
        Days = "14"
      }
    }
  }
}

resource "aws_sqs_queue" "dead" {
  count = local.if_is_prod ? 1 : 0
}

resource "aws_lambda_function" "handler" {
  filename         = "${path.module}/packages/handler.zip"
  source_code_hash = filebase64sha256("${path.module}/packages/handler.zip")
  handler          = "index.handler"
  role             = aws_iam_role.role.arn
  runtime          = "python3.12"
  function_name    = "queue-template-Handler"
  environment {
    variables = {
      QUEUE = aws_sqs_queue.work.url
    }
  }
  depends_on = [
    aws_sqs_queue.work,
  ]
}

resource "aws_cloudwatch_log_group" "logs" {
  name              = "/aws/lambda/${aws_lambda_function.handler.function_name}"
  retention_in_days = local.mappings["Retention"][var.environment]["Days"]
}

resource "aws_iam_role" "role" {
  assume_role_policy = jsonencode({
    Statement = [
      {
        Action = "sts:AssumeRole"
        Effect = "Allow"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
      },
    ]
    Version = "2012-10-17"
  })
}

resource "aws_iam_role_policy_attachment" "role_managed" {
  role       = aws_iam_role.role.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}

resource "aws_iam_role_policy" "role_policy" {
  role = aws_iam_role.role.name
  policy = jsonencode({
    Statement = {
      Action   = "sqs:*"
      Effect   = "Allow"
      Resource = aws_sqs_queue.work.arn
    }
  })
  name = "send"
}

resource "aws_sqs_queue" "work" {
  name = "work-${var.environment}"
  redrive_policy = (local.if_is_prod ? jsonencode({
    deadLetterTargetArn = one(aws_sqs_queue.dead[*].arn)
    maxReceiveCount     = 3
  }) : null)
  tags = {
    env = var.environment
  }
  visibility_timeout_seconds = 30
}
