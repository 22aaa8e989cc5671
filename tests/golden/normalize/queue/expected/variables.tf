variable "alarm_email" {
  type    = string
  default = "user@example.com"
}

variable "environment" {
  type    = string
  default = "dev"
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "Environment is not one of the allowed values."
  }
}
