# SPDX-License-Identifier: Apache-2.0
# Insurance claims: small ones are recorded at once, large ones wait for an adjuster.

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

resource "aws_dynamodb_table" "claims" {
  name         = "insurance-claims"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "claim_id"

  attribute {
    name = "claim_id"
    type = "S"
  }
}

resource "aws_iam_role" "workflow" {
  name = "claims-workflow"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "claims" {
  name = "record-claims"
  role = aws_iam_role.workflow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:PutItem"]
      Resource = aws_dynamodb_table.claims.arn
    }]
  })
}

resource "aws_sfn_state_machine" "claims" {
  name     = "insurance-claims"
  role_arn = aws_iam_role.workflow.arn

  definition = jsonencode({
    StartAt = "Size"
    States = {
      Size = {
        Type = "Choice"
        Choices = [{
          Variable                 = "$.amount"
          NumericGreaterThanEquals = 5000
          Next                     = "Large"
        }]
        Default = "Small"
      }
      Large = {
        Type       = "Pass"
        Result     = "adjuster"
        ResultPath = "$.decision"
        Next       = "Record"
      }
      Small = {
        Type       = "Pass"
        Result     = "approved"
        ResultPath = "$.decision"
        Next       = "Record"
      }
      Record = {
        Type     = "Task"
        Resource = "arn:aws:states:::dynamodb:putItem"
        Parameters = {
          TableName = aws_dynamodb_table.claims.name
          Item = {
            claim_id = { "S.$" = "$.claim_id" }
            decision = { "S.$" = "$.decision" }
          }
        }
        End = true
      }
    }
  })
}
