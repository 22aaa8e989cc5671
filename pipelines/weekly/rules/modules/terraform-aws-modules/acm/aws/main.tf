# SPDX-License-Identifier: Apache-2.0
# A certificate and the DNS records that validate it; for what else the registry's module can do
# there is no variable.
variable "create_certificate" {
  type    = bool
  default = true
}

variable "region" {
  type    = string
  default = null
}

variable "domain_name" {
  type    = string
  default = ""
}

variable "subject_alternative_names" {
  type    = list(string)
  default = []
}

variable "validation_method" {
  type    = string
  default = null
}

variable "create_route53_records" {
  type    = bool
  default = true
}

variable "validate_certificate" {
  type    = bool
  default = true
}

variable "wait_for_validation" {
  type    = bool
  default = true
}

variable "zone_id" {
  type    = string
  default = ""
}

variable "key_algorithm" {
  type    = string
  default = null
}

variable "tags" {
  type    = map(string)
  default = {}
}

locals {
  by_dns = var.create_certificate && var.validation_method == "DNS"
  # A wildcard and its domain share one record.
  domains = distinct([for name in concat([var.domain_name], var.subject_alternative_names) : replace(name, "*.", "")])
}

resource "aws_acm_certificate" "this" {
  region                    = var.region
  count                     = var.create_certificate ? 1 : 0
  domain_name               = var.domain_name
  subject_alternative_names = var.subject_alternative_names
  validation_method         = var.validation_method
  key_algorithm             = var.key_algorithm
  tags                      = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  options = { for o in flatten(aws_acm_certificate.this[*].domain_validation_options) : replace(o.domain_name, "*.", "") => o... }
}

resource "aws_route53_record" "validation" {
  for_each        = local.by_dns && var.create_route53_records ? toset(local.domains) : toset([])
  zone_id         = var.zone_id
  name            = local.options[each.key][0].resource_record_name
  type            = local.options[each.key][0].resource_record_type
  records         = [local.options[each.key][0].resource_record_value]
  ttl             = 60
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count                   = local.by_dns && var.validate_certificate && var.wait_for_validation ? 1 : 0
  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

output "acm_certificate_arn" {
  value = try(aws_acm_certificate_validation.this[0].certificate_arn, aws_acm_certificate.this[0].arn, "")
}

output "acm_certificate_domain_validation_options" {
  value = flatten(aws_acm_certificate.this[*].domain_validation_options)
}

output "acm_certificate_status" {
  value = try(aws_acm_certificate.this[0].status, "")
}

output "distinct_domain_names" {
  value = local.domains
}

output "validation_route53_record_fqdns" {
  value = [for record in aws_route53_record.validation : record.fqdn]
}
