# SPDX-License-Identifier: Apache-2.0
# A bus, rules and targets; for what else the registry's module can do there is no variable.
variable "create" {
  type    = bool
  default = true
}

variable "create_bus" {
  type    = bool
  default = true
}

variable "bus_name" {
  type    = string
  default = "default"
}

variable "create_rules" {
  type    = bool
  default = true
}

variable "create_targets" {
  type    = bool
  default = true
}

variable "create_role" {
  type    = bool
  default = true
}

variable "role_name" {
  type    = string
  default = null
}

variable "append_rule_postfix" {
  type    = bool
  default = true
}

variable "rules" {
  type    = any
  default = {}
  validation {
    condition = alltrue([for r in values(var.rules) : length(setsubtract(keys(r), ["name", "description",
    "event_bus_name", "event_pattern", "schedule_expression", "enabled", "state", "role_arn"])) == 0])
    error_message = "A rule has fields that this module does not know."
  }
}

variable "targets" {
  type    = any
  default = {}
  validation {
    condition = alltrue([for t in flatten(values(var.targets)) : length(setsubtract(keys(t), ["name", "arn",
    "target_id", "input", "input_path", "role_arn", "dead_letter_arn", "message_group_id"])) == 0])
    error_message = "A target has fields that this module does not know."
  }
}

variable "tags" {
  type    = map(string)
  default = {}
}

locals {
  bus   = var.create && var.create_bus ? aws_cloudwatch_event_bus.this[0].name : var.bus_name
  rules = { for key, rule in var.rules : key => rule if var.create && var.create_rules }
  targets = merge([for key, list in var.targets : {
    for target in list : "${key}/${target.name}" => merge(target, { rule = key })
  } if var.create && var.create_targets]...)
}

resource "aws_cloudwatch_event_bus" "this" {
  count = var.create && var.create_bus ? 1 : 0
  name  = var.bus_name
  tags  = var.tags
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each            = local.rules
  name                = var.append_rule_postfix ? "${replace(each.key, "_", "-")}-rule" : each.key
  event_bus_name      = local.bus
  description         = try(each.value.description, null)
  event_pattern       = try(each.value.event_pattern, null)
  schedule_expression = try(each.value.schedule_expression, null)
  role_arn            = try(each.value.role_arn, null)
  state               = try(each.value.state, each.value.enabled ? "ENABLED" : "DISABLED", null)
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each       = local.targets
  rule           = aws_cloudwatch_event_rule.this[each.value.rule].name
  event_bus_name = local.bus
  arn            = each.value.arn
  target_id      = try(each.value.target_id, each.value.name)
  input          = try(each.value.input, null)
  input_path     = try(each.value.input_path, null)
  role_arn       = try(each.value.role_arn, null)

  dynamic "dead_letter_config" {
    for_each = try([each.value.dead_letter_arn], [])
    content {
      arn = dead_letter_config.value
    }
  }

  dynamic "sqs_target" {
    for_each = try([each.value.message_group_id], [])
    content {
      message_group_id = sqs_target.value
    }
  }
}

resource "aws_iam_role" "eventbridge" {
  count = var.create && var.create_role ? 1 : 0
  name  = coalesce(var.role_name, var.bus_name)
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
  tags = var.tags
}

output "eventbridge_bus_name" {
  value = local.bus
}

output "eventbridge_bus_arn" {
  value = try(aws_cloudwatch_event_bus.this[0].arn, "")
}

output "eventbridge_rule_ids" {
  value = { for key, rule in aws_cloudwatch_event_rule.this : key => rule.id }
}

output "eventbridge_rule_arns" {
  value = { for key, rule in aws_cloudwatch_event_rule.this : key => rule.arn }
}

output "eventbridge_rules" {
  value = aws_cloudwatch_event_rule.this
}

output "eventbridge_targets" {
  value = aws_cloudwatch_event_target.this
}

output "eventbridge_role_arn" {
  value = try(aws_iam_role.eventbridge[0].arn, "")
}

output "eventbridge_role_name" {
  value = try(aws_iam_role.eventbridge[0].name, "")
}
