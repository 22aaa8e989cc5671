# SPDX-License-Identifier: Apache-2.0
# Users, roles, certificates and firewalls.
resource "aws_cognito_user_pool" "main" {
  name = "lsqm"
}

resource "aws_cognito_user_pool_client" "web" {
  name                = "web"
  user_pool_id        = aws_cognito_user_pool.main.id
  generate_secret     = true
  explicit_auth_flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
}

resource "aws_cognito_user_group" "editors" {
  name         = "editors"
  user_pool_id = aws_cognito_user_pool.main.id
}

resource "aws_cognito_user_pool_domain" "main" {
  domain       = "lsqm-login"
  user_pool_id = aws_cognito_user_pool.main.id
}

resource "aws_cognito_resource_server" "api" {
  identifier   = "https://api.example.com"
  name         = "api"
  user_pool_id = aws_cognito_user_pool.main.id
}

resource "aws_iam_user" "deployer" {
  name = "lsqm-deployer"
}

resource "aws_iam_group" "staff" {
  name = "lsqm-staff"
}

resource "aws_iam_role" "web" {
  name = "lsqm-web"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
      Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_instance_profile" "web" {
  name = "lsqm-web"
  role = aws_iam_role.web.name
}

resource "aws_acm_certificate" "web" {
  domain_name       = "www.example.com"
  validation_method = "DNS"
}

resource "aws_wafv2_ip_set" "office" {
  name               = "lsqm-office"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = ["192.0.2.0/24"]
}

resource "aws_wafv2_web_acl" "web" {
  name  = "lsqm-web"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  visibility_config {
    cloudwatch_metrics_enabled = false
    metric_name                = "web"
    sampled_requests_enabled   = false
  }
}

resource "aws_kms_key" "data" {
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "data" {
  name          = "alias/lsqm-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_secretsmanager_secret" "token" {
  name                    = "lsqm-token"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "token" {
  secret_id     = aws_secretsmanager_secret.token.id
  secret_string = "not-a-secret"
}

resource "aws_ssm_parameter" "level" {
  name  = "/lsqm/level"
  type  = "SecureString"
  value = "3"
}
