# SPDX-License-Identifier: Apache-2.0
# Relational databases, caches.
resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_subnet" "main" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.30.${count.index}.0/24"
  availability_zone = ["us-east-1a", "us-east-1b"][count.index]
}

resource "aws_db_subnet_group" "main" {
  name       = "lsqm"
  subnet_ids = aws_subnet.main[*].id
}

resource "aws_db_parameter_group" "main" {
  name   = "lsqm"
  family = "mysql8.0"
}

resource "aws_db_instance" "main" {
  identifier           = "lsqm"
  engine               = "mysql"
  instance_class       = "db.t3.micro"
  allocated_storage    = 20
  username             = "lsqm"
  password             = "not-a-secret"
  skip_final_snapshot  = true
  parameter_group_name = aws_db_parameter_group.main.name
}

resource "aws_rds_cluster" "main" {
  cluster_identifier  = "lsqm-cluster"
  engine              = "aurora-mysql"
  master_username     = "lsqm"
  master_password     = "not-a-secret"
  skip_final_snapshot = true
}

resource "aws_elasticache_cluster" "main" {
  cluster_id      = "lsqm"
  engine          = "redis"
  node_type       = "cache.t3.micro"
  num_cache_nodes = 1
}
