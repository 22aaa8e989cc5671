# SPDX-License-Identifier: Apache-2.0
"""How to delete a deployed resource, dependents before what they depend on.

An entry is (service, call, arguments), where "@a.0.b" reads the resource, or (service, function).
"""

import json


def empty_bucket(s3, values):
    """Delete a bucket with all object versions."""
    answer = s3.list_object_versions(Bucket=values["bucket"])
    for item in answer.get("Versions", []) + answer.get("DeleteMarkers", []):
        s3.delete_object(Bucket=values["bucket"], Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=values["bucket"])


def drop_target(events, values):
    """Delete a target of a rule."""
    bus = values.get("event_bus_name") or "default"
    events.remove_targets(Rule=values["rule"], EventBusName=bus, Ids=[values["target_id"]])


def drop_rule(events, values):
    """Delete a rule with its targets."""
    bus = values.get("event_bus_name") or "default"
    found = events.list_targets_by_rule(Rule=values["name"], EventBusName=bus)["Targets"]
    if found:
        ids = [target["Id"] for target in found]
        events.remove_targets(Rule=values["name"], EventBusName=bus, Ids=ids)
    events.delete_rule(Name=values["name"], EventBusName=bus)


def drop_role(iam, values):
    """Delete a role with its policies."""
    name = values["name"]
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def drop_record(route53, values):
    """Delete a record of a zone."""
    pages = route53.get_paginator("list_resource_record_sets")
    for page in pages.paginate(HostedZoneId=values["zone_id"]):
        for item in page["ResourceRecordSets"]:
            same = item["Name"].rstrip(".") == values["fqdn"].rstrip(".")
            if same and item["Type"] == values["type"]:
                change = {"Action": "DELETE", "ResourceRecordSet": item}
                route53.change_resource_record_sets(
                    HostedZoneId=values["zone_id"], ChangeBatch={"Changes": [change]}
                )


def drop_zone(route53, values):
    """Delete a zone with its records."""
    pages = route53.get_paginator("list_resource_record_sets")
    for page in pages.paginate(HostedZoneId=values["zone_id"]):
        for item in page["ResourceRecordSets"]:
            if item["Type"] not in ("NS", "SOA"):
                change = {"Action": "DELETE", "ResourceRecordSet": item}
                route53.change_resource_record_sets(
                    HostedZoneId=values["zone_id"], ChangeBatch={"Changes": [change]}
                )
    route53.delete_hosted_zone(Id=values["zone_id"])


def drop_user(iam, values):
    """Delete a user with its keys."""
    name = values["name"]
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=name)


def drop_profile(iam, values):
    """Delete an instance profile with its role."""
    name = values["name"]
    for role in iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=name)


def drop_rule_of_group(ec2, values):
    """Take a rule from a security group."""
    found = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [values["security_group_id"]]}]
    )["SecurityGroupRules"]
    for rule in found:
        if rule["SecurityGroupRuleId"] == values.get("security_group_rule_id"):
            kind = "egress" if rule["IsEgress"] else "ingress"
            getattr(ec2, f"revoke_security_group_{kind}")(
                GroupId=values["security_group_id"],
                SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]],
            )


def drop_gateway(ec2, values):
    """Detach and delete an internet gateway."""
    if values.get("vpc_id"):
        ec2.detach_internet_gateway(InternetGatewayId=values["id"], VpcId=values["vpc_id"])
    ec2.delete_internet_gateway(InternetGatewayId=values["id"])


def drop_secret_version(secrets, values):
    """Put another value in the place of a secret's."""
    secrets.put_secret_value(SecretId=values["secret_id"], SecretString="another")


def drop_item(dynamodb, values):
    """Delete an item of a table."""
    item = json.loads(values["item"])
    names = [values["hash_key"], values.get("range_key")]
    key = {name: item[name] for name in names if name}
    dynamodb.delete_item(TableName=values["table_name"], Key=key)


def drop_distribution(cloudfront, values):
    """Disable and delete a distribution."""
    found = cloudfront.get_distribution_config(Id=values["id"])
    config = {**found["DistributionConfig"], "Enabled": False}
    done = cloudfront.update_distribution(
        Id=values["id"], DistributionConfig=config, IfMatch=found["ETag"]
    )
    cloudfront.delete_distribution(Id=values["id"], IfMatch=done["ETag"])


def waf(call):
    """Return a function that deletes something of WAF."""

    def drop(wafv2, values):
        place = {name.title(): values[name] for name in ("name", "scope", "id")}
        token = getattr(wafv2, f"get_{call}")(**place)["LockToken"]
        getattr(wafv2, f"delete_{call}")(**place, LockToken=token)

    return drop


def drop_layer(client, values):
    """Delete a version of a layer."""
    name, version = values["arn"].split(":")[-2:]
    client.delete_layer_version(LayerName=name, VersionNumber=int(version))


def drop_file_system(efs, values):
    """Delete a file system with its mount targets."""
    for target in efs.describe_mount_targets(FileSystemId=values["id"])["MountTargets"]:
        efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    for point in efs.describe_access_points(FileSystemId=values["id"])["AccessPoints"]:
        efs.delete_access_point(AccessPointId=point["AccessPointId"])
    efs.delete_file_system(FileSystemId=values["id"])


def drop_policy(iam, values):
    """Delete a managed policy, detached from all."""
    found = iam.list_entities_for_policy(PolicyArn=values["arn"])
    for role in found["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=values["arn"])
    iam.delete_policy(PolicyArn=values["arn"])


REST = {"restApiId": "@rest_api_id"}
METHOD = {**REST, "resourceId": "@resource_id", "httpMethod": "@http_method"}
HTTP = {"ApiId": "@api_id"}
BUCKET = {"Bucket": "@bucket"}
POOL = {"UserPoolId": "@user_pool_id"}
TABLE = {"DatabaseName": "@database_name", "CatalogId": "@catalog_id", "Name": "@name"}
STREAM = {"logGroupName": "@log_group_name", "logStreamName": "@name"}
METRIC = {"logGroupName": "@log_group_name", "filterName": "@name"}
SUSPENDED = {"VersioningConfiguration": {"Status": "Suspended"}}
DENY = json.dumps({"Version": "2012-10-17", "Statement": []})

DELETERS = {
    # what connects others
    "cloudwatch_event_target": ("events", drop_target),
    "sns_topic_subscription": ("sns", "unsubscribe", {"SubscriptionArn": "@arn"}),
    "lambda_event_source_mapping": ("lambda", "delete_event_source_mapping", {"UUID": "@uuid"}),
    "lambda_permission": (
        "lambda",
        "remove_permission",
        {"FunctionName": "@function_name", "StatementId": "@statement_id"},
    ),
    "cloudwatch_log_subscription_filter": ("logs", "delete_subscription_filter", METRIC),
    "pipes_pipe": ("pipes", "delete_pipe", {"Name": "@name"}),
    "scheduler_schedule": (
        "scheduler", "delete_schedule", {"Name": "@name", "GroupName": "@group_name"},
    ),
    "scheduler_schedule_group": ("scheduler", "delete_schedule_group", {"Name": "@name"}),
    "kinesis_firehose_delivery_stream": (
        "firehose", "delete_delivery_stream", {"DeliveryStreamName": "@name"},
    ),
    "cloudtrail": ("cloudtrail", "delete_trail", {"Name": "@arn"}),
    # settings of buckets
    "s3_bucket_notification": (
        "s3",
        "put_bucket_notification_configuration",
        {**BUCKET, "NotificationConfiguration": {}},
    ),
    "s3_bucket_lifecycle_configuration": ("s3", "delete_bucket_lifecycle", BUCKET),
    "s3_bucket_public_access_block": ("s3", "delete_public_access_block", BUCKET),
    "s3_bucket_server_side_encryption_configuration": ("s3", "delete_bucket_encryption", BUCKET),
    "s3_bucket_versioning": ("s3", "put_bucket_versioning", {**BUCKET, **SUSPENDED}),
    "s3_bucket_policy": ("s3", "delete_bucket_policy", BUCKET),
    "s3_bucket_cors_configuration": ("s3", "delete_bucket_cors", BUCKET),
    "s3_bucket_website_configuration": ("s3", "delete_bucket_website", BUCKET),
    "s3_bucket_ownership_controls": ("s3", "delete_bucket_ownership_controls", BUCKET),
    "s3_object": ("s3", "delete_object", {**BUCKET, "Key": "@key"}),
    "s3_account_public_access_block": (
        "s3control", "delete_public_access_block", {"AccountId": "@account_id"},
    ),
    # interfaces
    "api_gateway_integration_response": (
        "apigateway", "delete_integration_response", {**METHOD, "statusCode": "@status_code"},
    ),
    "api_gateway_method_response": (
        "apigateway", "delete_method_response", {**METHOD, "statusCode": "@status_code"},
    ),
    "api_gateway_integration": ("apigateway", "delete_integration", METHOD),
    "api_gateway_method": ("apigateway", "delete_method", METHOD),
    "api_gateway_stage": ("apigateway", "delete_stage", {**REST, "stageName": "@stage_name"}),
    "api_gateway_deployment": ("apigateway", "delete_deployment", {**REST, "deploymentId": "@id"}),
    "api_gateway_authorizer": ("apigateway", "delete_authorizer", {**REST, "authorizerId": "@id"}),
    "api_gateway_resource": ("apigateway", "delete_resource", {**REST, "resourceId": "@id"}),
    "api_gateway_rest_api": ("apigateway", "delete_rest_api", {"restApiId": "@id"}),
    "apigatewayv2_route": ("apigatewayv2", "delete_route", {**HTTP, "RouteId": "@id"}),
    "apigatewayv2_integration": (
        "apigatewayv2", "delete_integration", {**HTTP, "IntegrationId": "@id"},
    ),
    "apigatewayv2_authorizer": (
        "apigatewayv2", "delete_authorizer", {**HTTP, "AuthorizerId": "@id"},
    ),
    "apigatewayv2_stage": ("apigatewayv2", "delete_stage", {**HTTP, "StageName": "@name"}),
    "apigatewayv2_deployment": (
        "apigatewayv2", "delete_deployment", {**HTTP, "DeploymentId": "@id"},
    ),
    "apigatewayv2_api": ("apigatewayv2", "delete_api", {"ApiId": "@id"}),
    "appsync_graphql_api": ("appsync", "delete_graphql_api", {"apiId": "@id"}),
    "cloudfront_distribution": ("cloudfront", drop_distribution),
    "wafv2_web_acl": ("wafv2", waf("web_acl")),
    "wafv2_ip_set": ("wafv2", waf("ip_set")),
    "route53_record": ("route53", drop_record),
    "route53_zone": ("route53", drop_zone),
    "service_discovery_service": ("servicediscovery", "delete_service", {"Id": "@id"}),
    "ses_email_identity": ("ses", "delete_identity", {"Identity": "@email"}),
    "ses_domain_identity": ("ses", "delete_identity", {"Identity": "@domain"}),
    "sesv2_email_identity": (
        "sesv2", "delete_email_identity", {"EmailIdentity": "@email_identity"},
    ),
    "ses_template": ("sesv2", "delete_email_template", {"TemplateName": "@name"}),
    # events and messages
    "cloudwatch_event_rule": ("events", drop_rule),
    "cloudwatch_event_bus": ("events", "delete_event_bus", {"Name": "@name"}),
    "sns_topic_policy": (
        "sns",
        "set_topic_attributes",
        {"TopicArn": "@arn", "AttributeName": "Policy", "AttributeValue": DENY},
    ),
    "sns_topic": ("sns", "delete_topic", {"TopicArn": "@arn"}),
    "sqs_queue_policy": (
        "sqs", "set_queue_attributes", {"QueueUrl": "@queue_url", "Attributes": {"Policy": ""}},
    ),
    "sqs_queue": ("sqs", "delete_queue", {"QueueUrl": "@url"}),
    "sfn_state_machine": ("stepfunctions", "delete_state_machine", {"stateMachineArn": "@arn"}),
    # functions
    "lambda_alias": (
        "lambda", "delete_alias", {"FunctionName": "@function_name", "Name": "@name"},
    ),
    "lambda_function_url": (
        "lambda", "delete_function_url_config", {"FunctionName": "@function_name"},
    ),
    "lambda_function": ("lambda", "delete_function", {"FunctionName": "@function_name"}),
    "lambda_layer_version": ("lambda", drop_layer),
    # data
    "dynamodb_table_item": ("dynamodb", drop_item),
    "dynamodb_table": ("dynamodb", "delete_table", {"TableName": "@name"}),
    "kinesis_stream": ("kinesis", "delete_stream", {"StreamName": "@name"}),
    "s3_bucket": ("s3", empty_bucket),
    "db_instance": (
        "rds",
        "delete_db_instance",
        {"DBInstanceIdentifier": "@identifier", "SkipFinalSnapshot": True},
    ),
    "rds_cluster": (
        "rds",
        "delete_db_cluster",
        {"DBClusterIdentifier": "@cluster_identifier", "SkipFinalSnapshot": True},
    ),
    "db_parameter_group": ("rds", "delete_db_parameter_group", {"DBParameterGroupName": "@name"}),
    "db_subnet_group": ("rds", "delete_db_subnet_group", {"DBSubnetGroupName": "@name"}),
    "elasticache_cluster": (
        "elasticache", "delete_cache_cluster", {"CacheClusterId": "@cluster_id"},
    ),
    "opensearch_domain": ("opensearch", "delete_domain", {"DomainName": "@domain_name"}),
    "elasticsearch_domain": ("opensearch", "delete_domain", {"DomainName": "@domain_name"}),
    "glue_job": ("glue", "delete_job", {"JobName": "@name"}),
    "glue_catalog_table": ("glue", "delete_table", TABLE),
    "glue_catalog_database": (
        "glue", "delete_database", {"Name": "@name", "CatalogId": "@catalog_id"},
    ),
    "athena_named_query": ("athena", "delete_named_query", {"NamedQueryId": "@id"}),
    "athena_workgroup": (
        "athena", "delete_work_group", {"WorkGroup": "@name", "RecursiveDeleteOption": True},
    ),
    "efs_mount_target": ("efs", "delete_mount_target", {"MountTargetId": "@id"}),
    "efs_access_point": ("efs", "delete_access_point", {"AccessPointId": "@id"}),
    "efs_file_system": ("efs", drop_file_system),
    "backup_plan": ("backup", "delete_backup_plan", {"BackupPlanId": "@id"}),
    "backup_vault": ("backup", "delete_backup_vault", {"BackupVaultName": "@name"}),
    # containers and builds
    "ecs_service": (
        "ecs", "delete_service", {"cluster": "@cluster", "service": "@name", "force": True},
    ),
    "ecs_task_definition": ("ecs", "deregister_task_definition", {"taskDefinition": "@arn"}),
    "ecs_cluster": ("ecs", "delete_cluster", {"cluster": "@arn"}),
    "ecr_repository": ("ecr", "delete_repository", {"repositoryName": "@name", "force": True}),
    "codebuild_project": ("codebuild", "delete_project", {"name": "@name"}),
    # settings, secrets, identities
    "ssm_parameter": ("ssm", "delete_parameter", {"Name": "@name"}),
    "secretsmanager_secret_version": ("secretsmanager", drop_secret_version),
    "secretsmanager_secret": (
        "secretsmanager", "delete_secret",
        {"SecretId": "@arn", "ForceDeleteWithoutRecovery": True},
    ),
    "kms_alias": ("kms", "delete_alias", {"AliasName": "@name"}),
    "kms_key": ("kms", "schedule_key_deletion", {"KeyId": "@key_id", "PendingWindowInDays": 7}),
    "cognito_user_group": ("cognito-idp", "delete_group", {**POOL, "GroupName": "@name"}),
    "cognito_resource_server": (
        "cognito-idp", "delete_resource_server", {**POOL, "Identifier": "@identifier"},
    ),
    "cognito_user_pool_domain": (
        "cognito-idp", "delete_user_pool_domain", {**POOL, "Domain": "@domain"},
    ),
    "cognito_user_pool_client": (
        "cognito-idp", "delete_user_pool_client", {**POOL, "ClientId": "@id"},
    ),
    "cognito_user_pool": ("cognito-idp", "delete_user_pool", {"UserPoolId": "@id"}),
    "acm_certificate": ("acm", "delete_certificate", {"CertificateArn": "@arn"}),
    "iam_instance_profile": ("iam", drop_profile),
    "iam_role_policy": (
        "iam", "delete_role_policy", {"RoleName": "@role", "PolicyName": "@name"},
    ),
    "iam_role_policy_attachment": (
        "iam", "detach_role_policy", {"RoleName": "@role", "PolicyArn": "@policy_arn"},
    ),
    "iam_role": ("iam", drop_role),
    "iam_policy": ("iam", drop_policy),
    "iam_user": ("iam", drop_user),
    "iam_group": ("iam", "delete_group", {"GroupName": "@name"}),
    # observation
    "cloudwatch_metric_alarm": ("cloudwatch", "delete_alarms", {"AlarmNames": ["@alarm_name"]}),
    "cloudwatch_dashboard": (
        "cloudwatch", "delete_dashboards", {"DashboardNames": ["@dashboard_name"]},
    ),
    "cloudwatch_log_metric_filter": ("logs", "delete_metric_filter", METRIC),
    "cloudwatch_log_stream": ("logs", "delete_log_stream", STREAM),
    "cloudwatch_log_group": ("logs", "delete_log_group", {"logGroupName": "@name"}),
    # networks
    "autoscaling_group": (
        "autoscaling", "delete_auto_scaling_group",
        {"AutoScalingGroupName": "@name", "ForceDelete": True},
    ),
    "lb_listener_rule": ("elbv2", "delete_rule", {"RuleArn": "@arn"}),
    "lb_listener": ("elbv2", "delete_listener", {"ListenerArn": "@arn"}),
    "lb_target_group_attachment": (
        "elbv2", "deregister_targets",
        {"TargetGroupArn": "@target_group_arn", "Targets": [{"Id": "@target_id"}]},
    ),
    "lb_target_group": ("elbv2", "delete_target_group", {"TargetGroupArn": "@arn"}),
    "lb": ("elbv2", "delete_load_balancer", {"LoadBalancerArn": "@arn"}),
    "instance": ("ec2", "terminate_instances", {"InstanceIds": ["@id"]}),
    "eip": ("ec2", "release_address", {"AllocationId": "@id"}),
    "nat_gateway": ("ec2", "delete_nat_gateway", {"NatGatewayId": "@id"}),
    "vpc_endpoint": ("ec2", "delete_vpc_endpoints", {"VpcEndpointIds": ["@id"]}),
    "route": (
        "ec2", "delete_route",
        {"RouteTableId": "@route_table_id", "DestinationCidrBlock": "@destination_cidr_block"},
    ),
    "route_table_association": ("ec2", "disassociate_route_table", {"AssociationId": "@id"}),
    "route_table": ("ec2", "delete_route_table", {"RouteTableId": "@id"}),
    "security_group_rule": ("ec2", drop_rule_of_group),
    "vpc_security_group_ingress_rule": ("ec2", drop_rule_of_group),
    "vpc_security_group_egress_rule": ("ec2", drop_rule_of_group),
    "network_acl": ("ec2", "delete_network_acl", {"NetworkAclId": "@id"}),
    "security_group": ("ec2", "delete_security_group", {"GroupId": "@id"}),
    "subnet": ("ec2", "delete_subnet", {"SubnetId": "@id"}),
    "internet_gateway": ("ec2", drop_gateway),
    "vpc": ("ec2", "delete_vpc", {"VpcId": "@id"}),
}
DELETERS = {f"aws_{name}": entry for name, entry in DELETERS.items()}
