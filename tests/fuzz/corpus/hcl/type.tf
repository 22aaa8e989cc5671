variable "v" {
  type = "list"
  default = "${x}"
}
