# SPDX-License-Identifier: Apache-2.0
# Settings and secrets of a service, one parameter per environment, behind one policy.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-2"
}

variable "environments" {
  type    = set(string)
  default = ["staging", "production"]
}

resource "aws_kms_key" "settings" {
  description             = "Seals settings and secrets"
  deletion_window_in_days = 7
  enable_key_rotation     = true
}

resource "aws_ssm_parameter" "log_level" {
  for_each = var.environments

  name  = "/payments/${each.key}/log-level"
  type  = "String"
  value = each.key == "production" ? "warn" : "debug"
}

resource "aws_ssm_parameter" "api_token" {
  name   = "/payments/api-token"
  type   = "SecureString"
  value  = "not-a-real-token"
  key_id = aws_kms_key.settings.key_id
}

resource "aws_secretsmanager_secret" "database" {
  name                    = "payments/database"
  kms_key_id              = aws_kms_key.settings.arn
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "database" {
  secret_id = aws_secretsmanager_secret.database.id

  secret_string = jsonencode({
    username = "payments"
    password = "not-a-real-password"
  })
}

resource "aws_iam_policy" "read_settings" {
  name = "read-payments-settings"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = aws_secretsmanager_secret.database.arn
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = aws_kms_key.settings.arn
      },
    ]
  })
}
