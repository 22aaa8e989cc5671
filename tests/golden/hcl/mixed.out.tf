# every kind of line that the formatter treats in its own way
variable "names" {
  type    = list(string)
  default = ["a", "b"] # two
}
resource "aws_sqs_queue" "q" {
  count                      = length(var.names)
  name                       = "${var.names[count.index]}-q"
  visibility_timeout_seconds = 30 // seconds
  tags = {
    Name          = "q" # short
    "Longer Name" = -1  # long
  }
  policy = <<-POLICY
      {"a": "${jsonencode({ a = 1 })}"}
  POLICY
  dynamic "x" {
    for_each = [for n in [1, 2] : n if n > 1]
    content {
      y = x.value ? 1 : 2
    }
  }
  depends_on = [
    aws_sns_topic.t,
  aws_kms_key.k]
}
locals {
  é = "日本" # wide
  plain = merge(local.a, {
    b = 1
  }, local.c...)
}
