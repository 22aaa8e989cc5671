# SPDX-License-Identifier: Apache-2.0

resource "aws_ssm_parameter" "greeting" {
  name  = "/lab/greeting"
  type  = "String"
  value = "hello"
}

output "parameter" {
  value = aws_ssm_parameter.greeting.name
}
