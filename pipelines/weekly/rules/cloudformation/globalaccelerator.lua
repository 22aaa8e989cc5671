-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

return {
  ["AWS::GlobalAccelerator::Accelerator"] = {
    type = "aws_globalaccelerator_accelerator", ref = "arn",
    attributes = { AcceleratorArn = "arn", Ipv4Addresses = function(target, address)
      return address(target, "ip_sets[0].ip_addresses"), "list"
    end },
    props = shared.under("attributes", { FlowLogsEnabled = "flow_logs_enabled",
      FlowLogsS3Bucket = "flow_logs_s3_bucket", FlowLogsS3Prefix = "flow_logs_s3_prefix" }) },
  ["AWS::GlobalAccelerator::EndpointGroup"] = { type = "aws_globalaccelerator_endpoint_group",
    ref = "arn", attributes = { EndpointGroupArn = "arn" }, props = {} },
  ["AWS::GlobalAccelerator::Listener"] = { type = "aws_globalaccelerator_listener", ref = "arn",
    attributes = { ListenerArn = "arn" }, props = {} },
  ["AWS::GlobalAccelerator::CrossAccountAttachment"] = {
    type = "aws_globalaccelerator_cross_account_attachment", ref = "arn",
    attributes = { AttachmentArn = "arn" },
    props = { Resources = { to = "resource", props = { Cidr = "cidr_block" } } } },
}
