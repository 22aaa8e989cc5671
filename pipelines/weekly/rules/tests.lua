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
  aws_efs_file_system = { "efs.file_system" },
  aws_efs_access_point = { "efs.access_point" },
  aws_efs_mount_target = {
    { service = "efs", call = "describe_mount_targets", args = { MountTargetId = "@id" },
      at = "MountTargets.0", equals = { SubnetId = "@subnet_id" } },
  },
  aws_backup_vault = { "backup.vault" },
  aws_backup_plan = { "backup.plan" },

  -- data
  aws_dynamodb_table = { "dynamodb.item_round_trip", "dynamodb.key_schema" },
  aws_dynamodb_table_item = { "dynamodb.stored_item" },
  aws_db_instance = { "rds.instance" },
  aws_rds_cluster = { "rds.cluster" },
  aws_db_subnet_group = {
    { service = "rds", call = "describe_db_subnet_groups",
      args = { DBSubnetGroupName = "@name" }, at = "DBSubnetGroups.0",
      equals = { DBSubnetGroupName = "@name" } },
  },
  aws_db_parameter_group = { "rds.parameters" },
  aws_elasticsearch_domain = { "opensearch.domain" },
  aws_opensearch_domain = { "opensearch.domain" },
  aws_elasticache_cluster = { "elasticache.cluster" },
  aws_glue_catalog_database = { "glue.database" },
  aws_glue_catalog_table = { "glue.table" },
  aws_glue_job = { "glue.job" },
  aws_athena_workgroup = { "athena.workgroup" },
  aws_athena_named_query = { "athena.query" },

  -- messages and events
  aws_sqs_queue = { "sqs.message_round_trip", "sqs.settings" },
  aws_sqs_queue_policy = { "sqs.policy" },
  aws_sns_topic = { "sns.publish" },
  aws_sns_topic_subscription = { "sns.delivery" },
  aws_sns_topic_policy = { "sns.policy" },
  aws_cloudwatch_event_rule = { "events.rule" },
  aws_cloudwatch_event_target = { "events.delivery" },
  aws_cloudwatch_event_bus = { "events.bus" },
  aws_scheduler_schedule = { "scheduler.schedule" },
  aws_scheduler_schedule_group = { "scheduler.group" },
  aws_pipes_pipe = { "pipes.pipe" },
  aws_kinesis_stream = { "kinesis.records" },
  aws_kinesis_firehose_delivery_stream = { "firehose.delivery" },

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
  aws_instance = { "ec2.instance" },
  aws_ecs_cluster = { "ecs.cluster" },
  aws_ecs_task_definition = { "ecs.task" },
  aws_ecs_service = { "ecs.service" },
  aws_ecr_repository = { "ecr.image" },
  aws_codebuild_project = { "codebuild.build" },

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
  aws_iam_user = { "iam.user" },
  aws_iam_group = { "iam.group" },
  aws_cognito_user_pool = { "cognito.user" },
  aws_cognito_user_pool_client = { "cognito.client" },
  aws_cognito_user_group = { "cognito.group" },
  aws_cognito_user_pool_domain = {
    { service = "cognito_idp", call = "describe_user_pool_domain", args = { Domain = "@domain" },
      at = "DomainDescription", equals = { UserPoolId = "@user_pool_id" } },
  },
  aws_cognito_resource_server = {
    { service = "cognito_idp", call = "describe_resource_server",
      args = { UserPoolId = "@user_pool_id", Identifier = "@identifier" },
      at = "ResourceServer", equals = { Name = "@name" } },
  },
  aws_wafv2_ip_set = { "wafv2.addresses" },
  aws_wafv2_web_acl = { "wafv2.acl" },
  aws_acm_certificate = { "acm.certificate" },

  -- interfaces
  aws_api_gateway_rest_api = {
    { service = "apigateway", call = "get_rest_api", args = { restApiId = "@id" },
      equals = { name = "@name" } },
  },
  aws_api_gateway_resource = {
    rest_api("get_resource", { resourceId = "@id" }, { path = "@path" }),
  },
  aws_api_gateway_method = { "apigateway.method" },
  aws_api_gateway_integration = { "apigateway.integration" },
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
  aws_route53_zone = { "route53.zone" },
  aws_route53_record = { "route53.record" },
  aws_service_discovery_service = { "servicediscovery.service" },
  aws_ses_email_identity = { "ses.sender" },
  aws_ses_domain_identity = { "ses.sender" },
  aws_sesv2_email_identity = { "ses.identity" },
  aws_ses_template = { "ses.template" },
  aws_appsync_graphql_api = { "appsync.api" },
  aws_cloudfront_distribution = { "cloudfront.distribution" },

  -- observation
  aws_cloudwatch_log_group = { "logs.lines" },
  aws_cloudwatch_log_stream = {
    { service = "logs", call = "describe_log_streams",
      args = { logGroupName = "@log_group_name", logStreamNamePrefix = "@name" },
      at = "logStreams", where = { logStreamName = "@name" }, equals = { arn = "@arn" } },
  },
  aws_cloudwatch_metric_alarm = { "cloudwatch.alarm" },
  aws_cloudwatch_dashboard = { "cloudwatch.dashboard" },
  aws_cloudwatch_log_subscription_filter = { "logs.call" },
  aws_cloudtrail = { "cloudtrail.trail" },
  aws_cloudwatch_log_metric_filter = { "logs.metric_filter" },

  -- network
  aws_vpc = { "ec2.vpc" },
  aws_subnet = { "ec2.subnet" },
  aws_security_group = { "ec2.security_group" },
  aws_security_group_rule = { "ec2.group_rule" },
  aws_vpc_security_group_ingress_rule = { "ec2.group_rule" },
  aws_vpc_security_group_egress_rule = { "ec2.group_rule" },
  aws_internet_gateway = { "ec2.gateway" },
  aws_nat_gateway = {
    ec2("describe_nat_gateways", "NatGateways.0", "NatGatewayIds",
      { State = "available", SubnetId = "@subnet_id" }),
  },
  aws_route_table = { "ec2.route_table" },
  aws_route = { "ec2.route" },
  aws_route_table_association = { "ec2.association" },
  aws_network_acl = {
    ec2("describe_network_acls", "NetworkAcls.0", "NetworkAclIds", { VpcId = "@vpc_id" }),
  },
  aws_vpc_endpoint = {
    ec2("describe_vpc_endpoints", "VpcEndpoints.0", "VpcEndpointIds",
      { ServiceName = "@service_name" }),
  },
  aws_eip = { "ec2.address" },
  aws_lb = { "elbv2.balancer" },
  aws_lb_target_group = { "elbv2.target_group" },
  aws_lb_target_group_attachment = { "elbv2.attachment" },
  aws_lb_listener_rule = { "elbv2.rule" },
  aws_lb_listener = { "elbv2.listener" },
  aws_autoscaling_group = { "autoscaling.group" },
}
