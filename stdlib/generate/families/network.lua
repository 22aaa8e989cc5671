-- SPDX-License-Identifier: Apache-2.0
-- EC2 networks, Elastic Load Balancing and Auto Scaling: rules, addresses and members that can be
-- added, read back and taken away.

return {
  app = {
    { name = "ec2_tags", code = [==[
def ec2_tags(ec2, resource_id):
    """Return the tags of an EC2 resource."""
    wanted = [{"Name": "resource-id", "Values": [resource_id]}]
    tags = ec2.describe_tags(Filters=wanted)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in tags}
]==] },
    { name = "tag_ec2", code = [==[
def tag_ec2(ec2, resource_id):
    """Tell whether a tag of an EC2 resource comes and goes as asked."""
    tag = {"Key": "lsqm", "Value": unique()}
    ec2.create_tags(Resources=[resource_id], Tags=[tag])
    try:
        written = ec2_tags(ec2, resource_id).get("lsqm") == tag["Value"]
    finally:
        ec2.delete_tags(Resources=[resource_id], Tags=[{"Key": "lsqm"}])
    return written and "lsqm" not in ec2_tags(ec2, resource_id)
]==] },
    { name = "ingress", code = [==[
def ingress(ec2, group_id):
    """Return the ingress rules of a security group, one per port and range."""
    groups = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return {
        (rule["IpProtocol"], rule.get("FromPort"), source["CidrIp"])
        for rule in groups[0]["IpPermissions"]
        for source in rule.get("IpRanges", [])
    }
]==] },
    { name = "targets_of", code = [==[
def targets_of(elbv2, arn):
    """Return the ids of the targets of a target group."""
    found = elbv2.describe_target_health(TargetGroupArn=arn)
    return [item["Target"]["Id"] for item in found["TargetHealthDescriptions"]]
]==] },
    { name = "scaling_group", code = [==[
def scaling_group(autoscaling, name):
    """Return the description of an Auto Scaling group."""
    answer = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return answer["AutoScalingGroups"][0]
]==] },
  },
  checks = {
    ["ec2.vpc"] = {
      as = "vpc", clients = "ec2",
      doc = "The network takes a security group of its own.",
      body = [==[
found = ec2.describe_vpcs(VpcIds=[vpc["id"]])["Vpcs"][0]
assert found["CidrBlock"] == vpc["cidr_block"]
group = ec2.create_security_group(
    GroupName=app.unique(), Description="by a test", VpcId=vpc["id"]
)["GroupId"]
try:
    made = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert [item["VpcId"] for item in made] == [vpc["id"]]
finally:
    ec2.delete_security_group(GroupId=group)
]==] },
    ["ec2.subnet"] = {
      as = "subnet", clients = "ec2",
      doc = "The subnet takes a network interface with an address.",
      body = [==[
found = ec2.describe_subnets(SubnetIds=[subnet["id"]])["Subnets"][0]
assert found["CidrBlock"] == subnet["cidr_block"]
assert found["VpcId"] == subnet["vpc_id"]
made = ec2.create_network_interface(SubnetId=subnet["id"])["NetworkInterface"]
ids = [made["NetworkInterfaceId"]]
try:
    answer = ec2.describe_network_interfaces(NetworkInterfaceIds=ids)
    found = answer["NetworkInterfaces"][0]
    assert found["SubnetId"] == subnet["id"]
    assert found["PrivateIpAddress"] == made["PrivateIpAddress"]
finally:
    ec2.delete_network_interface(NetworkInterfaceId=ids[0])
]==] },
    ["ec2.security_group"] = {
      as = "group", clients = "ec2",
      doc = "The group has its rules, and takes and loses another one.",
      body = [==[
group_id = group["id"]
found = app.ingress(ec2, group_id)
for rule in group.get("ingress") or []:
    if rule["protocol"] == "-1":
        continue
    for source in rule.get("cidr_blocks") or []:
        assert (rule["protocol"], rule["from_port"], source) in found
rule = {"IpProtocol": "tcp", "FromPort": 65099, "ToPort": 65099}
rule["IpRanges"] = [{"CidrIp": "192.0.2.7/32"}]
ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[rule])
try:
    assert ("tcp", 65099, "192.0.2.7/32") in app.ingress(ec2, group_id)
finally:
    ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[rule])
assert app.ingress(ec2, group_id) == found
]==] },
    ["ec2.group_rule"] = {
      as = "rule", clients = "ec2",
      doc = "The security group holds the rule.",
      body = [==[
rule_id = rule.get("security_group_rule_id")
group_id = rule["security_group_id"]
wanted = [{"Name": "group-id", "Values": [group_id]}]
answer = ec2.describe_security_group_rules(Filters=wanted)
found = [
    item
    for item in answer["SecurityGroupRules"]
    if not rule_id or item["SecurityGroupRuleId"] == rule_id
]
port = rule.get("from_port")
assert any(item.get("FromPort") in (port, None, -1) for item in found), rule_id
]==] },
    ["ec2.route"] = {
      as = "route", clients = "ec2",
      doc = "The table leads the destination to the configured way out.",
      body = [==[
answer = ec2.describe_route_tables(RouteTableIds=[route["route_table_id"]])
routes = answer["RouteTables"][0]["Routes"]
cidr = route.get("destination_cidr_block")
if cidr:
    found = app.pick(routes, DestinationCidrBlock=cidr)
else:
    cidr = route["destination_ipv6_cidr_block"]
    found = app.pick(routes, DestinationIpv6CidrBlock=cidr)
ways = [route.get("gateway_id"), route.get("nat_gateway_id")]
ways = [way for way in ways if way]
assert not ways or found.get("GatewayId", found.get("NatGatewayId")) in ways
]==] },
    ["ec2.route_table"] = {
      as = "table", clients = "ec2",
      doc = "The table belongs to its network, has its routes and takes tags.",
      body = [==[
answer = ec2.describe_route_tables(RouteTableIds=[table["id"]])
found = answer["RouteTables"][0]
assert found["VpcId"] == table["vpc_id"]
known = [route.get("DestinationCidrBlock") for route in found["Routes"]]
for route in table.get("route") or []:
    assert not route.get("cidr_block") or route["cidr_block"] in known
assert app.tag_ec2(ec2, table["id"])
]==] },
    ["ec2.association"] = {
      as = "association", clients = "ec2",
      doc = "The subnet uses its route table.",
      body = [==[
table_id = association["route_table_id"]
answer = ec2.describe_route_tables(RouteTableIds=[table_id])
known = answer["RouteTables"][0]["Associations"]
found = app.pick(known, RouteTableAssociationId=association["id"])
if association.get("subnet_id"):
    assert found["SubnetId"] == association["subnet_id"]
]==] },
    ["ec2.gateway"] = {
      as = "gateway", clients = "ec2",
      doc = "The gateway is attached to its network and takes tags.",
      body = [==[
answer = ec2.describe_internet_gateways(InternetGatewayIds=[gateway["id"]])
attached = answer["InternetGateways"][0]["Attachments"]
if gateway.get("vpc_id"):
    assert [item["VpcId"] for item in attached] == [gateway["vpc_id"]]
assert app.tag_ec2(ec2, gateway["id"])
]==] },
    ["ec2.address"] = {
      as = "address", clients = "ec2",
      doc = "The address is allocated and takes tags.",
      body = [==[
answer = ec2.describe_addresses(AllocationIds=[address["id"]])
assert answer["Addresses"][0]["PublicIp"] == address["public_ip"]
assert app.tag_ec2(ec2, address["id"])
]==] },
    ["ec2.instance"] = {
      as = "machine", clients = "ec2",
      doc = "The machine runs as configured and takes tags.",
      body = [==[
answer = ec2.describe_instances(InstanceIds=[machine["id"]])
found = answer["Reservations"][0]["Instances"][0]
assert found["InstanceType"] == machine["instance_type"]
assert found["State"]["Name"] in ("pending", "running")
assert app.tag_ec2(ec2, machine["id"])
]==] },
    ["elbv2.balancer"] = {
      as = "balancer", clients = "elbv2",
      doc = "The load balancer takes an attribute and has a name to be called by.",
      body = [==[
arn = balancer["arn"]
answer = elbv2.describe_load_balancers(LoadBalancerArns=[arn])
found = answer["LoadBalancers"][0]
assert found["LoadBalancerName"] == balancer["name"]
assert found["DNSName"] == balancer["dns_name"]
tag = {"Key": "lsqm", "Value": app.unique()}
elbv2.add_tags(ResourceArns=[arn], Tags=[tag])
try:
    tags = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
    assert tag in tags
finally:
    elbv2.remove_tags(ResourceArns=[arn], TagKeys=["lsqm"])
]==] },
    ["elbv2.target_group"] = {
      as = "group", clients = "elbv2",
      doc = "The group takes a target and lets it go.",
      body = [==[
arn = group["arn"]
answer = elbv2.describe_target_groups(TargetGroupArns=[arn])
assert answer["TargetGroups"][0]["TargetGroupName"] == group["name"]
if group["target_type"] != "ip":
    continue
target = [{"Id": "10.255.255.250", "Port": group["port"]}]
elbv2.register_targets(TargetGroupArn=arn, Targets=target)
try:
    assert target[0]["Id"] in app.targets_of(elbv2, arn)
finally:
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=target)
]==] },
    ["elbv2.attachment"] = {
      as = "attachment", clients = "elbv2",
      doc = "The target is one of its group's.",
      body = [==[
found = app.targets_of(elbv2, attachment["target_group_arn"])
assert attachment["target_id"] in found
]==] },
    ["elbv2.listener"] = {
      as = "listener", clients = "elbv2",
      doc = "The listener has its port and its default action.",
      body = [==[
answer = elbv2.describe_listeners(ListenerArns=[listener["arn"]])
found = answer["Listeners"][0]
assert found["Port"] == listener["port"]
kinds = [action["type"] for action in listener["default_action"]]
assert [action["Type"] for action in found["DefaultActions"]] == kinds
]==] },
    ["elbv2.rule"] = {
      as = "rule", clients = "elbv2",
      doc = "The listener has the rule with its priority.",
      body = [==[
found = elbv2.describe_rules(RuleArns=[rule["arn"]])["Rules"][0]
assert found["Priority"] == str(rule["priority"])
]==] },
    ["autoscaling.group"] = {
      as = "group", clients = "autoscaling",
      doc = "The group's limits can be changed and put back.",
      body = [==[
name = group["name"]
found = app.scaling_group(autoscaling, name)
assert found["MinSize"] == group["min_size"]
assert found["MaxSize"] == group["max_size"]
options = {"AutoScalingGroupName": name, "MaxSize": group["max_size"] + 1}
autoscaling.update_auto_scaling_group(**options)
try:
    found = app.scaling_group(autoscaling, name)
    assert found["MaxSize"] == group["max_size"] + 1
finally:
    options["MaxSize"] = group["max_size"]
    autoscaling.update_auto_scaling_group(**options)
]==] },
  },
}
