-- SPDX-License-Identifier: Apache-2.0
-- Which checks a generated app makes, by resource type. Yours to edit: a type without an entry is
-- listed as uncovered. An entry is one of
--   "family.check"   a ready behaviour check (stdlib/generate/families/)
--   { service=, call=, args=, at=, where=, equals=, contains= }
--       a describe call: "@a.b" reads the deployed resource, `at` is the way to the description,
--       `where` picks one item of a list there, `equals` compares its fields
--   { name=, as=, clients=, doc=, body= }
--       your own: Python lines that run for each instance, named as `as` says

local function ec2(call, at, argument, equals)
  return { service = "ec2", call = call, args = { [argument] = { "@id" } }, at = at,
    equals = equals }
end

local function bucket_setting(call, at, equals)
  return { service = "s3", call = call, args = { Bucket = "@bucket" }, at = at, equals = equals }
end

local function rest_api(call, args, equals)
  args.restApiId = "@rest_api_id"
  return { service = "apigateway", call = call, args = args, equals = equals }
end

local function http_api(call, args, equals)
  args.ApiId = "@api_id"
  return { service = "apigatewayv2", call = call, args = args, equals = equals }
end

return {
  -- storage
  aws_s3_bucket = { "s3.object_round_trip" },
  aws_s3_bucket_versioning = { "s3.versions" },
  aws_s3_bucket_notification = { "s3.notification" },
  aws_s3_bucket_policy = { "s3.policy" },
  aws_s3_object = { "s3.stored_object" },
  aws_s3_bucket_server_side_encryption_configuration = { "s3.encryption" },
  aws_s3_bucket_lifecycle_configuration = {
    bucket_setting("get_bucket_lifecycle_configuration", "Rules.0", { ID = "@rule.0.id" }),
  },
  aws_s3_bucket_public_access_block = {
    bucket_setting("get_public_access_block", "PublicAccessBlockConfiguration",
      { BlockPublicAcls = "@block_public_acls", BlockPublicPolicy = "@block_public_policy" }),
  },
  aws_s3_account_public_access_block = {
    { service = "s3control", call = "get_public_access_block",
      args = { AccountId = "@account_id" }, at = "PublicAccessBlockConfiguration",
      equals = { BlockPublicAcls = "@block_public_acls",
        BlockPublicPolicy = "@block_public_policy" } },
  },
  aws_s3_bucket_cors_configuration = { bucket_setting("get_bucket_cors", "CORSRules.0") },
  aws_s3_bucket_website_configuration = { bucket_setting("get_bucket_website", "") },
  aws_s3_bucket_ownership_controls = {
    bucket_setting("get_bucket_ownership_controls", "OwnershipControls.Rules.0",
      { ObjectOwnership = "@rule.0.object_ownership" }),
  },
  aws_efs_file_system = {
    { service = "efs", call = "describe_file_systems", args = { FileSystemId = "@id" },
      at = "FileSystems.0", equals = { FileSystemId = "@id" } },
  },

  -- data
  aws_dynamodb_table = { "dynamodb.item_round_trip", "dynamodb.key_schema" },
  aws_dynamodb_table_item = { "dynamodb.stored_item" },
  aws_db_instance = {
    { service = "rds", call = "describe_db_instances",
      args = { DBInstanceIdentifier = "@identifier" }, at = "DBInstances.0",
      equals = { Engine = "@engine", DBInstanceClass = "@instance_class" } },
  },
  aws_rds_cluster = {
    { service = "rds", call = "describe_db_clusters",
      args = { DBClusterIdentifier = "@cluster_identifier" }, at = "DBClusters.0",
      equals = { Engine = "@engine" } },
  },
  aws_db_subnet_group = {
    { service = "rds", call = "describe_db_subnet_groups",
      args = { DBSubnetGroupName = "@name" }, at = "DBSubnetGroups.0",
      equals = { DBSubnetGroupName = "@name" } },
  },
  aws_elasticache_cluster = {
    { service = "elasticache", call = "describe_cache_clusters",
      args = { CacheClusterId = "@cluster_id" }, at = "CacheClusters.0",
      equals = { Engine = "@engine" } },
  },
  aws_glue_catalog_database = {
    { service = "glue", call = "get_database", args = { Name = "@name" }, at = "Database",
      equals = { Name = "@name" } },
  },
  aws_athena_workgroup = {
    { service = "athena", call = "get_work_group", args = { WorkGroup = "@name" },
      at = "WorkGroup", equals = { Name = "@name" } },
  },

  -- messages and events
  aws_sqs_queue = { "sqs.message_round_trip", "sqs.settings" },
  aws_sqs_queue_policy = { "sqs.policy" },
  aws_sns_topic = { "sns.publish" },
  aws_sns_topic_subscription = { "sns.delivery" },
  aws_sns_topic_policy = { "sns.policy" },
  aws_cloudwatch_event_rule = { "events.rule" },
  aws_cloudwatch_event_target = { "events.delivery" },
  aws_cloudwatch_event_bus = { "events.bus" },
  aws_scheduler_schedule = {
    { service = "scheduler", call = "get_schedule",
      args = { Name = "@name", GroupName = "@group_name" },
      equals = { ScheduleExpression = "@schedule_expression", State = "@state" } },
  },
  aws_pipes_pipe = {
    { service = "pipes", call = "describe_pipe", args = { Name = "@name" },
      equals = { Source = "@source", Target = "@target" } },
  },
  aws_kinesis_stream = { "kinesis.records" },
  aws_kinesis_firehose_delivery_stream = { "firehose.record" },

  -- compute
  aws_lambda_function = { "lambda.invoke", "lambda.settings" },
  aws_lambda_permission = { "lambda.permission" },
  aws_lambda_event_source_mapping = { "lambda.event_source" },
  aws_lambda_alias = { "lambda.alias" },
  aws_lambda_layer_version = { "lambda.layer" },
  aws_lambda_function_url = {
    { service = "lambda_client", call = "get_function_url_config",
      args = { FunctionName = "@function_name" }, equals = { AuthType = "@authorization_type" } },
  },
  aws_sfn_state_machine = { "sfn.definition", "sfn.execution" },
  aws_instance = {
    ec2("describe_instances", "Reservations.0.Instances.0", "InstanceIds",
      { InstanceType = "@instance_type" }),
  },
  aws_ecs_cluster = {
    { service = "ecs", call = "describe_clusters", args = { clusters = { "@arn" } },
      at = "clusters.0", equals = { clusterName = "@name", status = "ACTIVE" } },
  },
  aws_ecs_task_definition = {
    { service = "ecs", call = "describe_task_definition", args = { taskDefinition = "@arn" },
      at = "taskDefinition", equals = { family = "@family", revision = "@revision" } },
  },
  aws_ecs_service = {
    { service = "ecs", call = "describe_services",
      args = { cluster = "@cluster", services = { "@name" } }, at = "services.0",
      equals = { serviceName = "@name", desiredCount = "@desired_count", status = "ACTIVE" } },
  },
  aws_ecr_repository = {
    { service = "ecr", call = "describe_repositories", args = { repositoryNames = { "@name" } },
      at = "repositories.0", equals = { imageTagMutability = "@image_tag_mutability" } },
  },

  -- settings, secrets, identities
  aws_ssm_parameter = { "ssm.parameter" },
  aws_secretsmanager_secret = { "secretsmanager.secret" },
  aws_secretsmanager_secret_version = { "secretsmanager.version" },
  aws_kms_key = { "kms.key" },
  aws_kms_alias = { "kms.alias" },
  aws_iam_role = { "iam.role" },
  aws_iam_role_policy = { "iam.role_policy" },
  aws_iam_policy = { "iam.policy" },
  aws_iam_role_policy_attachment = { "iam.attachment" },
  aws_iam_instance_profile = { "iam.instance_profile" },
  aws_iam_user = {
    { service = "iam", call = "get_user", args = { UserName = "@name" }, at = "User",
      equals = { Arn = "@arn" } },
  },
  aws_iam_group = {
    { service = "iam", call = "get_group", args = { GroupName = "@name" }, at = "Group",
      equals = { Arn = "@arn" } },
  },
  aws_cognito_user_pool = {
    { service = "cognito_idp", call = "describe_user_pool", args = { UserPoolId = "@id" },
      at = "UserPool", equals = { Name = "@name" } },
  },
  aws_cognito_user_pool_client = {
    { service = "cognito_idp", call = "describe_user_pool_client",
      args = { UserPoolId = "@user_pool_id", ClientId = "@id" }, at = "UserPoolClient",
      equals = { ClientName = "@name" } },
  },
  aws_acm_certificate = {
    { service = "acm", call = "describe_certificate", args = { CertificateArn = "@arn" },
      at = "Certificate", equals = { DomainName = "@domain_name" } },
  },

  -- interfaces
  aws_api_gateway_rest_api = {
    { service = "apigateway", call = "get_rest_api", args = { restApiId = "@id" },
      equals = { name = "@name" } },
  },
  aws_api_gateway_resource = {
    rest_api("get_resource", { resourceId = "@id" }, { path = "@path" }),
  },
  aws_api_gateway_method = { "apigateway.method" },
  aws_api_gateway_integration = {
    rest_api("get_integration", { resourceId = "@resource_id", httpMethod = "@http_method" },
      { type = "@type" }),
  },
  aws_api_gateway_method_response = {
    rest_api("get_method_response", { resourceId = "@resource_id", httpMethod = "@http_method",
      statusCode = "@status_code" }, { statusCode = "@status_code" }),
  },
  aws_api_gateway_integration_response = {
    rest_api("get_integration_response", { resourceId = "@resource_id",
      httpMethod = "@http_method", statusCode = "@status_code" },
      { statusCode = "@status_code" }),
  },
  aws_api_gateway_authorizer = {
    rest_api("get_authorizer", { authorizerId = "@id" }, { name = "@name" }),
  },
  aws_api_gateway_deployment = {
    rest_api("get_deployment", { deploymentId = "@id" }, { id = "@id" }),
  },
  aws_api_gateway_stage = {
    rest_api("get_stage", { stageName = "@stage_name" }, { deploymentId = "@deployment_id" }),
  },
  aws_apigatewayv2_api = {
    { service = "apigatewayv2", call = "get_api", args = { ApiId = "@id" },
      equals = { Name = "@name", ProtocolType = "@protocol_type" } },
  },
  aws_apigatewayv2_integration = {
    http_api("get_integration", { IntegrationId = "@id" },
      { IntegrationType = "@integration_type" }),
  },
  aws_apigatewayv2_route = { "apigateway.route" },
  aws_apigatewayv2_stage = {
    http_api("get_stage", { StageName = "@name" }, { AutoDeploy = "@auto_deploy" }),
  },
  aws_apigatewayv2_authorizer = {
    http_api("get_authorizer", { AuthorizerId = "@id" }, { Name = "@name" }),
  },
  aws_apigatewayv2_deployment = {
    http_api("get_deployment", { DeploymentId = "@id" }, { DeploymentId = "@id" }),
  },
  aws_route53_zone = {
    { service = "route53", call = "get_hosted_zone", args = { Id = "@zone_id" },
      at = "HostedZone", contains = "Name" },
  },

  -- observation
  aws_cloudwatch_log_group = { "logs.lines" },
  aws_cloudwatch_log_stream = {
    { service = "logs", call = "describe_log_streams",
      args = { logGroupName = "@log_group_name", logStreamNamePrefix = "@name" },
      at = "logStreams", where = { logStreamName = "@name" }, equals = { arn = "@arn" } },
  },
  aws_cloudwatch_metric_alarm = {
    { service = "cloudwatch", call = "describe_alarms", args = { AlarmNames = { "@alarm_name" } },
      at = "MetricAlarms.0",
      equals = { MetricName = "@metric_name", ComparisonOperator = "@comparison_operator" } },
  },
  aws_cloudwatch_log_metric_filter = {
    { service = "logs", call = "describe_metric_filters",
      args = { logGroupName = "@log_group_name" }, at = "metricFilters",
      where = { filterName = "@name" }, equals = { filterPattern = "@pattern" } },
  },

  -- network
  aws_vpc = { ec2("describe_vpcs", "Vpcs.0", "VpcIds", { CidrBlock = "@cidr_block" }) },
  aws_subnet = {
    ec2("describe_subnets", "Subnets.0", "SubnetIds",
      { CidrBlock = "@cidr_block", VpcId = "@vpc_id" }),
  },
  aws_security_group = {
    ec2("describe_security_groups", "SecurityGroups.0", "GroupIds",
      { GroupName = "@name", VpcId = "@vpc_id" }),
  },
  aws_internet_gateway = {
    ec2("describe_internet_gateways", "InternetGateways.0", "InternetGatewayIds",
      { InternetGatewayId = "@id" }),
  },
  aws_nat_gateway = {
    ec2("describe_nat_gateways", "NatGateways.0", "NatGatewayIds", { SubnetId = "@subnet_id" }),
  },
  aws_route_table = {
    ec2("describe_route_tables", "RouteTables.0", "RouteTableIds", { VpcId = "@vpc_id" }),
  },
  aws_network_acl = {
    ec2("describe_network_acls", "NetworkAcls.0", "NetworkAclIds", { VpcId = "@vpc_id" }),
  },
  aws_vpc_endpoint = {
    ec2("describe_vpc_endpoints", "VpcEndpoints.0", "VpcEndpointIds",
      { ServiceName = "@service_name" }),
  },
  aws_eip = { ec2("describe_addresses", "Addresses.0", "AllocationIds", { AllocationId = "@id" }) },
  aws_lb = {
    { service = "elbv2", call = "describe_load_balancers",
      args = { LoadBalancerArns = { "@arn" } }, at = "LoadBalancers.0",
      equals = { LoadBalancerName = "@name" } },
  },
  aws_lb_target_group = {
    { service = "elbv2", call = "describe_target_groups",
      args = { TargetGroupArns = { "@arn" } }, at = "TargetGroups.0",
      equals = { TargetGroupName = "@name" } },
  },
  aws_lb_listener = {
    { service = "elbv2", call = "describe_listeners", args = { ListenerArns = { "@arn" } },
      at = "Listeners.0", equals = { Port = "@port" } },
  },
}
