# SPDX-License-Identifier: Apache-2.0
# Buckets with their settings, file systems and backups.
resource "aws_s3_bucket" "data" {
  bucket = "lsqm-data"
}

resource "aws_s3_bucket_versioning" "data" {
  bucket = aws_s3_bucket.data.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  rule {
    id     = "old"
    status = "Enabled"
    filter {}
    expiration {
      days = 30
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://example.com"]
  }
}

resource "aws_s3_bucket_website_configuration" "data" {
  bucket = aws_s3_bucket.data.id
  index_document {
    suffix = "index.html"
  }
}

resource "aws_s3_bucket_ownership_controls" "data" {
  bucket = aws_s3_bucket.data.id
  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_object" "index" {
  bucket  = aws_s3_bucket.data.id
  key     = "index.html"
  content = "hello"
}

resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Deny", Action = "s3:GetObject", Principal = "*",
      Resource = "${aws_s3_bucket.data.arn}/private/*" }]
  })
}

resource "aws_vpc" "main" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.40.1.0/24"
}

resource "aws_efs_file_system" "home" {
  creation_token = "lsqm"
}

resource "aws_efs_mount_target" "home" {
  file_system_id = aws_efs_file_system.home.id
  subnet_id      = aws_subnet.main.id
}

resource "aws_efs_access_point" "home" {
  file_system_id = aws_efs_file_system.home.id
  root_directory {
    path = "/home"
  }
}

resource "aws_backup_vault" "main" {
  name = "lsqm"
}

resource "aws_backup_plan" "daily" {
  name = "lsqm-daily"
  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 5 * * ? *)"
  }
}

resource "aws_dynamodb_table" "people" {
  name         = "lsqm-people"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "admin" {
  table_name = aws_dynamodb_table.people.name
  hash_key   = aws_dynamodb_table.people.hash_key
  item       = jsonencode({ id = { S = "admin" } })
}
