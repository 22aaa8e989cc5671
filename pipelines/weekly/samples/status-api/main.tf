# SPDX-License-Identifier: Apache-2.0
# A status page's API: it answers by itself, no function behind it, and logs its calls.

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

resource "aws_api_gateway_rest_api" "status" {
  name        = "service-status"
  description = "Tells monitors that the service is up"
}

resource "aws_api_gateway_resource" "status" {
  rest_api_id = aws_api_gateway_rest_api.status.id
  parent_id   = aws_api_gateway_rest_api.status.root_resource_id
  path_part   = "status"
}

resource "aws_api_gateway_method" "get" {
  rest_api_id   = aws_api_gateway_rest_api.status.id
  resource_id   = aws_api_gateway_resource.status.id
  http_method   = "GET"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "fixed" {
  rest_api_id       = aws_api_gateway_rest_api.status.id
  resource_id       = aws_api_gateway_resource.status.id
  http_method       = aws_api_gateway_method.get.http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = 200 }) }
}

resource "aws_api_gateway_method_response" "ok" {
  rest_api_id = aws_api_gateway_rest_api.status.id
  resource_id = aws_api_gateway_resource.status.id
  http_method = aws_api_gateway_method.get.http_method
  status_code = "200"
}

resource "aws_api_gateway_integration_response" "ok" {
  rest_api_id        = aws_api_gateway_rest_api.status.id
  resource_id        = aws_api_gateway_resource.status.id
  http_method        = aws_api_gateway_method.get.http_method
  status_code        = aws_api_gateway_method_response.ok.status_code
  response_templates = { "application/json" = jsonencode({ status = "up" }) }

  depends_on = [aws_api_gateway_integration.fixed]
}

resource "aws_api_gateway_deployment" "status" {
  rest_api_id = aws_api_gateway_rest_api.status.id

  depends_on = [aws_api_gateway_integration_response.ok]
}

resource "aws_api_gateway_stage" "live" {
  rest_api_id   = aws_api_gateway_rest_api.status.id
  deployment_id = aws_api_gateway_deployment.status.id
  stage_name    = "live"
}

resource "aws_cloudwatch_log_group" "calls" {
  name              = "/apis/service-status"
  retention_in_days = 7
}
