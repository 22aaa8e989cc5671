# SPDX-License-Identifier: Apache-2.0
# Images, tasks and builds.
resource "aws_ecr_repository" "app" {
  name = "lsqm/app"
}

resource "aws_ecs_cluster" "main" {
  name = "lsqm"
}

resource "aws_ecs_task_definition" "app" {
  family                = "lsqm-app"
  container_definitions = jsonencode([{ name = "app", image = "app:1", memory = 64 }])
}

resource "aws_iam_role" "build" {
  name = "lsqm-build"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
      Principal = { Service = "codebuild.amazonaws.com" } }]
  })
}

resource "aws_codebuild_project" "app" {
  name         = "lsqm-app"
  service_role = aws_iam_role.build.arn
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type      = "NO_SOURCE"
    buildspec = "version: 0.2"
  }
}
