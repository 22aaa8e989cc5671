# SPDX-License-Identifier: Apache-2.0
# Shop events go over a bus of their own: payments to billing, everything to the log.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

resource "aws_cloudwatch_event_bus" "shop" {
  name = "shop"
}

resource "aws_cloudwatch_event_rule" "paid" {
  name           = "payment-received"
  event_bus_name = aws_cloudwatch_event_bus.shop.name

  event_pattern = jsonencode({
    source        = ["shop.checkout"]
    "detail-type" = ["PaymentReceived"]
    detail = {
      currency = ["EUR", "GBP"]
      amount   = [{ numeric = [">", 0] }]
    }
  })
}

resource "aws_sqs_queue" "billing" {
  name = "billing-events"
}

resource "aws_sqs_queue_policy" "billing" {
  queue_url = aws_sqs_queue.billing.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.billing.arn
    }]
  })
}

resource "aws_cloudwatch_event_target" "billing" {
  rule           = aws_cloudwatch_event_rule.paid.name
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  target_id      = "billing"
  arn            = aws_sqs_queue.billing.arn
}

resource "aws_cloudwatch_event_rule" "all" {
  name           = "everything"
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  event_pattern  = jsonencode({ source = [{ prefix = "shop." }] })
}

resource "aws_cloudwatch_log_group" "events" {
  name              = "/aws/events/shop"
  retention_in_days = 14
}

resource "aws_cloudwatch_event_target" "log" {
  rule           = aws_cloudwatch_event_rule.all.name
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  target_id      = "log"
  arn            = aws_cloudwatch_log_group.events.arn
}
