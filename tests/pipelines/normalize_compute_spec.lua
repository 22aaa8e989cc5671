-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation's types for machines, containers, databases and networks: what differs most
-- between CloudFormation and Terraform.
local kit = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/normalize_kit.lua")

local function run(resources, parameters)
  local record, main = kit.run((parameters or "") .. "Resources:\n" .. resources)
  record.why = kit.reasons(record)
  return main, record
end

local function normalized(resources, parameters)
  local main, record = run(resources, parameters)
  assert.equal("", record.why)
  assert.equal("normalized", record.status, record.error and record.error.message)
  return main, record
end

local has = assert.contains

describe("ECS from CloudFormation", function()
  local TASK = [[
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: 256
      ContainerDefinitions:
        - Name: web
          Image: nginx
          Cpu: "128"
          Essential: "true"
          PortMappings: [{ ContainerPort: !Ref Port }]
          Environment: [{ Name: SIZE, Value: 5 }]
          DockerLabels: { Keep.Case: yes }
          LogConfiguration: { LogDriver: awslogs, Options: { awslogs-group: g } }
      Volumes: [{ Name: data, Host: { SourcePath: /srv } }]
]]
  local PARAMETERS = "Parameters: { Port: { Type: String, Default: '80' } }\n"

  it("writes containers in the words and types of the ECS API", function()
    local main = normalized(TASK, PARAMETERS)
    has(main, "container_definitions = jsonencode([")
    has(main, " cpu = 128\n")
    has(main, " essential = true\n")
    has(main, " containerPort = tonumber(var.port)\n")
    has(main, ' value = "5"\n')
    has(main, ' "Keep.Case" = "true"\n')
    has(main, ' awslogs-group = "g"\n')
    has(main, ' host_path = "/srv"\n')
    assert.truthy(main:find('family = "[%w-]+%-t%-Task"'))
  end)

  it("names a property of a container that the API does not know", function()
    local _, record = run(TASK .. [[
  Other:
    Type: AWS::ECS::TaskDefinition
    Properties: { ContainerDefinitions: [{ Name: a, Image: b, Colour: red }] }
]], PARAMETERS)
    assert.equal("Other ContainerDefinitions.0.Colour: no counterpart in container_definitions",
      record.why)
  end)

  it("runs one task where no count is given", function()
    local service = TASK .. [[
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: !Ref Task
      %s
      DeploymentConfiguration: { MaximumPercent: 200, Alarms: { AlarmNames: [a], Enable: true,
        Rollback: true } }
      NetworkConfiguration: { AwsvpcConfiguration: { Subnets: [s], AssignPublicIp: ENABLED } }
]]
    local main = normalized(service:format("LaunchType: FARGATE"), PARAMETERS)
    has(main, " task_definition = aws_ecs_task_definition.task.arn\n")
    has(main, " deployment_maximum_percent = 200\n")
    has(main, " desired_count = 1\n")
    has(main, " assign_public_ip = true\n")
    main = normalized(service:format("SchedulingStrategy: DAEMON"), PARAMETERS)
    assert.is_nil(main:find("desired_count", 1, true))
  end)

  it("looks an enumeration up that is known only at deploy time", function()
    local main = normalized([[
  S:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: t
      NetworkConfiguration: { AwsvpcConfiguration: { Subnets: [s], AssignPublicIp: !Ref Port } }
]], PARAMETERS)
    assert.truthy(main:find("assign_public_ip = {%s+DISABLED = false%s+ENABLED = true%s+}%["
      .. "var.port%]"))
  end)

  it("gives a cluster's capacity providers one resource, and a group its ARN", function()
    local main = normalized [[
  C:
    Type: AWS::ECS::Cluster
    Properties:
      CapacityProviders: [FARGATE]
      DefaultCapacityProviderStrategy: [{ CapacityProvider: FARGATE, Weight: 1 }]
  P:
    Type: AWS::ECS::CapacityProvider
    Properties: { AutoScalingGroupProvider: { AutoScalingGroupArn: !Ref G } }
  G:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: { MinSize: 1, MaxSize: 1, AvailabilityZones: [us-east-1a],
      LaunchConfigurationName: x }
]]
    local _, count = main:gsub('"aws_ecs_cluster_capacity_providers"', "")
    assert.equal(1, count)
    has(main, " auto_scaling_group_arn = aws_autoscaling_group.g.arn\n")
  end)
end)

describe("auto scaling from CloudFormation", function()
  local GROUP = [=[
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: "1"
      MaxSize: "3"
      VPCZoneIdentifier: [a, b]
      TargetGroupARNs: [t]
      MixedInstancesPolicy:
        LaunchTemplate:
          LaunchTemplateSpecification: { LaunchTemplateId: lt, Version: "1" }
          Overrides:
            - { InstanceRequirements: { VCpuCount: { Min: 2 }, MemoryMiB: { Min: 1024 } } }
      MetricsCollection: [{ Granularity: 1Minute }]
      NotificationConfigurations: !If [C, [{ TopicARN: t, NotificationTypes: [n] }], []]
      Tags: [{ Key: a, Value: b, PropagateAtLaunch: true }]
]=]
  local CONDITION = "Conditions: { C: !Equals [!Ref AWS::Region, us-east-1] }\n"

  it("converts mixed instances, notifications, metrics and tags", function()
    local main = normalized(GROUP, CONDITION)
    has(main, " health_check_grace_period = 0\n")
    has(main, ' target_group_arns = ["t"]\n')
    has(main, " vcpu_count {\n min = 2\n")
    has(main, " memory_mib {\n min = 1024\n")
    has(main, '"GroupDesiredCapacity"')
    has(main, "tag {\n key = \"a\"\n propagate_at_launch = true\n value = \"b\"\n")
    local _, count = main:gsub('"aws_autoscaling_notification"', "")
    assert.equal(1, count)
    has(main, " count = local.if_c ? 1 : 0\n group_names = [aws_autoscaling_group.group.name]\n")
  end)

  it("makes a warm pool a block of its group", function()
    local main, record = normalized(GROUP .. [[
  Pool:
    Type: AWS::AutoScaling::WarmPool
    Properties: { AutoScalingGroupName: !Ref Group, MinSize: 2 }
]], CONDITION)
    has(main, " warm_pool {\n min_size = 2\n }")
    assert.same({ "aws_autoscaling_group.group" }, record.resources.Pool)
  end)

  it("leaves alone what a scheduled action does not say", function()
    local main = normalized [[
  A:
    Type: AWS::AutoScaling::ScheduledAction
    Properties: { AutoScalingGroupName: g, MinSize: 0, Recurrence: 0 20 * * * }
]]
    has(main, " max_size = -1\n")
    has(main, " min_size = 0\n")
  end)

  it("takes a scaling target of the template apart, and its id where it is made elsewhere",
    function()
    local main = normalized [[
  T:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 1
      MaxCapacity: 2
      ResourceId: service/c/s
      RoleARN: r
      ScalableDimension: ecs:service:DesiredCount
      ServiceNamespace: ecs
      ScheduledActions:
        - { ScheduledActionName: a, Schedule: at(1), ScalableTargetAction: { MinCapacity: 0 } }
  P:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: { PolicyName: p, PolicyType: StepScaling, ScalingTargetId: !Ref T }
  Q:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: { PolicyName: q, PolicyType: StepScaling, ScalingTargetId: a|b|c }
]]
    has(main, " resource_id = aws_appautoscaling_target.t.resource_id\n")
    has(main, ' scalable_dimension = split("|", "a|b|c")[1]\n')
    has(main, 'resource "aws_appautoscaling_scheduled_action" "t_scheduled" {')
  end)
end)

describe("classic load balancers from CloudFormation", function()
  it("makes policies and what they apply to resources of their own", function()
    local main, record = normalized [[
  Q: { Type: AWS::SQS::Queue }
  B:
    Type: AWS::ElasticLoadBalancing::LoadBalancer
    DependsOn: Q
    Properties:
      Subnets: [s]
      Listeners:
        - { LoadBalancerPort: "443", InstancePort: "80", Protocol: HTTPS, PolicyNames: [sticky],
            SSLCertificateId: c }
      LBCookieStickinessPolicy: [{ PolicyName: sticky, CookieExpirationPeriod: "60" }]
      Policies:
        - PolicyName: proxy
          PolicyType: ProxyProtocolPolicyType
          Attributes: [{ Name: ProxyProtocol, Value: true }]
          InstancePorts: ["80"]
]]
    has(main, " cross_zone_load_balancing = false\n")
    has(main, ' instance_protocol = "HTTP"\n')
    has(main, ' policy_type_name = "LBCookieStickinessPolicyType"\n')
    has(main, ' load_balancer_port = "443"\n policy_names = ["sticky"]\n')
    has(main, ' instance_port = "80"\n policy_names = ["proxy"]\n')
    has(main, "depends_on = [\n aws_load_balancer_policy.b_policy,\n"
      .. " aws_load_balancer_policy.b_policy_2,\n aws_sqs_queue.q,\n ]")
    assert.truthy(table.concat(record.assumptions, "\n"):find("InstanceProtocol HTTP", 1, true))
  end)
end)

describe("load balancers from CloudFormation", function()
  it("leaves logs out that are only turned off, and keeps those under a condition", function()
    local main = normalized([[
  Off:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: { LoadBalancerAttributes: [{ Key: access_logs.s3.enabled, Value: "false" }] }
  Maybe:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      LoadBalancerAttributes:
        - { Key: idle_timeout.timeout_seconds, Value: 30 }
        - !If [C, { Key: access_logs.s3.enabled, Value: true }, !Ref AWS::NoValue]
        - !If [C, { Key: access_logs.s3.bucket, Value: b }, !Ref AWS::NoValue]
]], "Conditions: { C: !Equals [!Ref AWS::Region, us-east-1] }\n")
    local _, count = main:gsub("access_logs", "")
    assert.equal(1, count)
    has(main, 'dynamic "access_logs" {\n for_each = local.if_c ? [1] : []\n')
    has(main, " idle_timeout = 30\n")
  end)

  it("keeps CloudFormation's health check where one thing of it is said", function()
    local main = normalized [[
  Http:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: { Port: 80, Protocol: HTTP, VpcId: v, HealthCheckPath: /up }
  Tcp:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: { Port: 80, Protocol: TCP, VpcId: v }
]]
    has(main, ' healthy_threshold = 5\n')
    has(main, ' unhealthy_threshold = 2\n')
    local _, count = main:gsub("health_check {", "")
    assert.equal(1, count)
  end)
end)
