# SPDX-License-Identifier: Apache-2.0
provider "aws" {
  profile = "default"
}

resource "aws_ssm_parameter" "greeting" {
  name  = "/lab/greeting"
  type  = "String"
  value = "hello"
}

output "parameter" {
  value = aws_ssm_parameter.greeting.name
}
