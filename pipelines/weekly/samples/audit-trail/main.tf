# SPDX-License-Identifier: Apache-2.0
# Every change is logged and kept, versioned and encrypted, for the auditors.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "retention_days" {
  type    = number
  default = 365
}

resource "aws_kms_key" "audit" {
  description             = "Seals the audit trail"
  deletion_window_in_days = 7
}

resource "aws_kms_alias" "audit" {
  name          = "alias/audit-trail"
  target_key_id = aws_kms_key.audit.key_id
}

resource "aws_s3_bucket" "archive" {
  bucket_prefix = "audit-archive-"
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.audit.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket                  = aws_s3_bucket.archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_cloudwatch_log_group" "changes" {
  name              = "/audit/changes"
  retention_in_days = var.retention_days
}

resource "aws_dynamodb_table" "entries" {
  name         = "audit-entries"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "actor"
  range_key    = "sequence"

  attribute {
    name = "actor"
    type = "S"
  }

  attribute {
    name = "sequence"
    type = "N"
  }

  point_in_time_recovery {
    enabled = true
  }
}
