# SPDX-License-Identifier: Apache-2.0
# Clicks of a web site stream in, land in a bucket, and can be read by analysts.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

locals {
  name = "clickstream"
}

resource "aws_kinesis_stream" "clicks" {
  name             = local.name
  shard_count      = 2
  retention_period = 48
}

resource "aws_s3_bucket" "clicks" {
  bucket        = "${local.name}-archive-samples"
  force_destroy = true
}

resource "aws_s3_bucket_lifecycle_configuration" "clicks" {
  bucket = aws_s3_bucket.clicks.id

  rule {
    id     = "expire-raw-clicks"
    status = "Enabled"

    filter {
      prefix = "raw/"
    }

    expiration {
      days = 90
    }
  }
}

resource "aws_iam_role" "analyst" {
  name = "${local.name}-analyst"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "read" {
  name = "read-clicks"
  role = aws_iam_role.analyst.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["kinesis:GetRecords", "kinesis:GetShardIterator", "s3:GetObject"]
      Resource = [aws_kinesis_stream.clicks.arn, "${aws_s3_bucket.clicks.arn}/*"]
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "late" {
  alarm_name          = "${local.name}-late"
  namespace           = "AWS/Kinesis"
  metric_name         = "GetRecords.IteratorAgeMilliseconds"
  dimensions          = { StreamName = aws_kinesis_stream.clicks.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60000
  period              = 60
  evaluation_periods  = 5
}
