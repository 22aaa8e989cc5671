-- SPDX-License-Identifier: Apache-2.0
-- Terraform wants the namespace among the DNS settings, CloudFormation takes it beside them too.
local function name_space(_, props, body)
  local dns = body.named.dns_config
  if dns and not dns.body:has "namespace_id" and props.NamespaceId ~= nil then
    dns.body:set("namespace_id", body.named.namespace_id.node)
  end
end

local function dns_namespace(type_name)
  return { type = type_name, attributes = { HostedZoneId = "hosted_zone" }, props = {} }
end

return {
  ["AWS::ServiceDiscovery::HttpNamespace"] = { type = "aws_service_discovery_http_namespace",
    props = {} },
  ["AWS::ServiceDiscovery::PrivateDnsNamespace"] =
    dns_namespace "aws_service_discovery_private_dns_namespace",
  ["AWS::ServiceDiscovery::PublicDnsNamespace"] =
    dns_namespace "aws_service_discovery_public_dns_namespace",
  ["AWS::ServiceDiscovery::Service"] = { type = "aws_service_discovery_service", name = "name",
    attributes = { Name = "name" }, finish = name_space,
    props = { HealthCheckCustomConfig = { to = "health_check_custom_config",
      keep_empty = true } } },
  ["AWS::ServiceDiscovery::Instance"] = { type = "aws_service_discovery_instance",
    ref = "instance_id", name = "instance_id", props = {} },
}
