# SPDX-License-Identifier: Apache-2.0
# Logs, alarms, trails and schedules.
resource "aws_cloudwatch_log_group" "app" {
  name = "/lsqm/app"
}

resource "aws_cloudwatch_log_stream" "app" {
  name           = "main"
  log_group_name = aws_cloudwatch_log_group.app.name
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "errors"
  log_group_name = aws_cloudwatch_log_group.app.name
  pattern        = "ERROR"
  metric_transformation {
    name      = "Errors"
    namespace = "lsqm"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "lsqm-errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "Errors"
  namespace           = "lsqm"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
}

resource "aws_cloudwatch_dashboard" "main" {
  dashboard_name = "lsqm"
  dashboard_body = jsonencode({ widgets = [] })
}

resource "aws_s3_bucket" "trail" {
  bucket = "lsqm-trail"
}

resource "aws_cloudtrail" "main" {
  name           = "lsqm"
  s3_bucket_name = aws_s3_bucket.trail.id
}

resource "aws_sqs_queue" "nightly" {
  name = "lsqm-nightly"
}

resource "aws_iam_role" "scheduler" {
  name = "lsqm-scheduler"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
      Principal = { Service = "scheduler.amazonaws.com" } }]
  })
}

resource "aws_scheduler_schedule_group" "main" {
  name = "lsqm"
}

resource "aws_scheduler_schedule" "nightly" {
  name                = "nightly"
  group_name          = aws_scheduler_schedule_group.main.name
  schedule_expression = "cron(0 3 * * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_sqs_queue.nightly.arn
    role_arn = aws_iam_role.scheduler.arn
  }
}
