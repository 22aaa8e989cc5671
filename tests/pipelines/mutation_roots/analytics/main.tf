# SPDX-License-Identifier: Apache-2.0
# Catalogues, queries, jobs and streams into a bucket.
resource "aws_s3_bucket" "lake" {
  bucket = "lsqm-lake"
}

resource "aws_iam_role" "firehose" {
  name = "lsqm-firehose"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole",
      Principal = { Service = "firehose.amazonaws.com" } }]
  })
}

resource "aws_athena_workgroup" "main" {
  name          = "lsqm"
  force_destroy = true
}

resource "aws_athena_named_query" "orders" {
  name      = "orders"
  workgroup = aws_athena_workgroup.main.name
  database  = "default"
  query     = "SELECT id FROM orders"
}

resource "aws_kinesis_stream" "clicks" {
  name        = "lsqm-clicks"
  shard_count = 1
}

resource "aws_kinesis_firehose_delivery_stream" "lake" {
  name        = "lsqm-lake"
  destination = "extended_s3"
  extended_s3_configuration {
    role_arn   = aws_iam_role.firehose.arn
    bucket_arn = aws_s3_bucket.lake.arn
    prefix     = "raw/"
  }
}

resource "aws_glue_catalog_database" "lake" {
  name = "lsqm_lake"
}

resource "aws_glue_catalog_table" "orders" {
  name          = "orders"
  database_name = aws_glue_catalog_database.lake.name
  storage_descriptor {
    location = "s3://${aws_s3_bucket.lake.bucket}/orders/"
    columns {
      name = "id"
      type = "string"
    }
  }
}

resource "aws_glue_job" "load" {
  name     = "lsqm-load"
  role_arn = aws_iam_role.firehose.arn
  command {
    script_location = "s3://${aws_s3_bucket.lake.bucket}/load.py"
  }
}
