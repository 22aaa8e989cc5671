-- SPDX-License-Identifier: Apache-2.0
local rules = {}
for name, kind in pairs { GatewayRoute = "gateway_route", Mesh = "mesh", Route = "route",
  VirtualGateway = "virtual_gateway", VirtualNode = "virtual_node",
  VirtualRouter = "virtual_router", VirtualService = "virtual_service" } do
  rules["AWS::AppMesh::" .. name] = { type = "aws_appmesh_" .. kind, ref = "arn", name = "name" }
end
return rules
