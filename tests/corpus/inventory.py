# SPDX-License-Identifier: Apache-2.0
"""Inventories of an AWS account: what is there, as plain data that two accounts can be compared by.

A row of LISTS says how a service's things are listed, which field names a thing, which further
calls describe it, and which fields say when or where it was made rather than what it is.
"""

import json
import re

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

STACK_BUCKET = "lsqm-packages"
TIME = {"CreationDate", "CreatedDate", "CreationTime", "creationTime", "CreateDate", "createdDate",
        "LastModified", "LastModifiedTime", "LastModifiedDate", "lastUpdatedDate", "CreatedTime",
        "LastUpdatedTimestamp", "CreatedTimestamp", "LastModifiedTimestamp", "CreateTime",
        "UpdatedAt", "CreatedAt", "createdAt", "updateDate", "creationDate", "UpdateTime",
        "LastChangedDate", "LastUpdated", "LastUpdatedDate", "LastUpdatedTime", "LastUpdateTimestamp", "createdTime",
        "registeredAt", "LaunchTime", "StartTime", "InstanceCreateTime", "AttachTime",
        "ClusterCreateTime", "LastModificationDate", "CreationDateTime", "CreateTimestamp",
        "AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "LastAccessedDate",
        "StateTransitionedTimestamp", "RoleLastUsed", "PasswordLastUsed", "ResponseMetadata"}
IDENTITY = {"Arn", "ARN", "RoleId", "PolicyId", "UserId", "GroupId_", "InstanceProfileId",
            "RevisionId", "OwnerId", "Owner", "TableId", "TableArn", "CodeSha256", "CodeSize"}


class Account:
    """Clients of one endpoint; a call that is refused has no answer."""

    def __init__(self, endpoint):
        self.session = boto3.session.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")
        self.endpoint = endpoint
        self.clients = {}

    def client(self, service):
        if service not in self.clients:
            self.clients[service] = self.session.client(
                service, endpoint_url=self.endpoint,
                config=Config(retries={"max_attempts": 1}, read_timeout=60,
                              s3={"addressing_style": "path"}))
        return self.clients[service]

    def call(self, service, operation, **args):
        client = self.client(service)
        try:
            if client.can_paginate(operation):
                return client.get_paginator(operation).paginate(**args).build_full_result()
            return getattr(client, operation)(**args)
        except (ClientError, BotoCoreError):
            return {}


def at(value, path):
    """"A.B" of nested dicts, or None."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


# kind: service, list call, its arguments, items, key, extra=[(name, call, {argument: field},
# part of the answer)], drop=fields that differ by nature, skip=items that are always there
LISTS = {
    "sqs.queue": ("sqs", "list_queues", {}, "QueueUrls", "Url", {
        "extra": [("", "get_queue_attributes", {"QueueUrl": "Url", "AttributeNames": ["All"]},
                   "Attributes"), ("Tags", "list_queue_tags", {"QueueUrl": "Url"}, "Tags")],
        "drop": {"QueueArn", "Url", "ApproximateNumberOfMessages",
                 "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"}}),
    "sns.topic": ("sns", "list_topics", {}, "Topics", "TopicArn", {
        "extra": [("", "get_topic_attributes", {"TopicArn": "TopicArn"}, "Attributes"),
                  ("Tags", "list_tags_for_resource", {"ResourceArn": "TopicArn"}, "Tags")],
        "drop": {"TopicArn", "SubscriptionsConfirmed", "SubscriptionsPending",
                 "SubscriptionsDeleted", "EffectiveDeliveryPolicy"}}),
    "sns.subscription": ("sns", "list_subscriptions", {}, "Subscriptions",
                         ("TopicArn", "Protocol", "Endpoint"), {
        "extra": [("", "get_subscription_attributes", {"SubscriptionArn": "SubscriptionArn"},
                   "Attributes")],
        "drop": {"SubscriptionArn", "PendingConfirmation", "ConfirmationWasAuthenticated"}}),
    "dynamodb.table": ("dynamodb", "list_tables", {}, "TableNames", "TableName", {
        "extra": [("", "describe_table", {"TableName": "TableName"}, "Table"),
                  ("Ttl", "describe_time_to_live", {"TableName": "TableName"},
                   "TimeToLiveDescription"),
                  ("Backups", "describe_continuous_backups", {"TableName": "TableName"},
                   "ContinuousBackupsDescription.PointInTimeRecoveryDescription."
                   "PointInTimeRecoveryStatus"),
                  ("Tags", "list_tags_of_resource", {"ResourceArn": "TableArn"}, "Tags")],
        "drop": {"ItemCount", "TableSizeBytes", "LatestStreamLabel", "LatestStreamArn",
                 "IndexArn", "IndexSizeBytes", "TableStatus", "IndexStatus",
                 "LastUpdateToPayPerRequestDateTime", "NumberOfDecreasesToday"}}),
    "s3.bucket": ("s3", "list_buckets", {}, "Buckets", "Name", {
        "skip": lambda item: item["Name"] == STACK_BUCKET,
        "extra": [(name, call, {"Bucket": "Name"}, part) for name, call, part in (
            ("Versioning", "get_bucket_versioning", "Status"),
            ("Encryption", "get_bucket_encryption", "ServerSideEncryptionConfiguration"),
            ("PublicAccess", "get_public_access_block", "PublicAccessBlockConfiguration"),
            ("Policy", "get_bucket_policy", "Policy"),
            ("Lifecycle", "get_bucket_lifecycle_configuration", "Rules"),
            ("Cors", "get_bucket_cors", "CORSRules"),
            ("Website", "get_bucket_website", None),
            ("Notification", "get_bucket_notification_configuration", None),
            ("Logging", "get_bucket_logging", "LoggingEnabled"),
            ("Tags", "get_bucket_tagging", "TagSet"),
            ("Ownership", "get_bucket_ownership_controls", "OwnershipControls"),
            ("Accelerate", "get_bucket_accelerate_configuration", "Status"),
            ("Replication", "get_bucket_replication", "ReplicationConfiguration"),
            ("Lock", "get_object_lock_configuration", "ObjectLockConfiguration"))],
        "drop": {"BucketArn", "BucketRegion"}}),
    "lambda.function": ("lambda", "list_functions", {}, "Functions", "FunctionName", {
        "extra": [("Policy", "get_policy", {"FunctionName": "FunctionName"}, "Policy"),
                  ("Invoke", "list_function_event_invoke_configs",
                   {"FunctionName": "FunctionName"}, "FunctionEventInvokeConfigs"),
                  ("Url", "get_function_url_config", {"FunctionName": "FunctionName"}, None),
                  ("Reserved", "get_function_concurrency", {"FunctionName": "FunctionName"},
                   "ReservedConcurrentExecutions"),
                  ("Tags", "list_tags", {"Resource": "FunctionArn"}, "Tags"),
                  ("Aliases", "list_aliases", {"FunctionName": "FunctionName"}, "Aliases")],
        "drop": {"FunctionArn", "State", "StateReason", "StateReasonCode", "LastUpdateStatus",
                 "Version", "MasterArn", "FunctionUrl", "RuntimeVersionConfig", "Sid", "AliasArn",
                 "ConfigSha256", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"}}),
    "lambda.source": ("lambda", "list_event_source_mappings", {}, "EventSourceMappings",
                      ("EventSourceArn", "FunctionArn"), {
        "drop": {"UUID", "EventSourceMappingArn", "State", "StateTransitionReason",
                 "LastProcessingResult"}}),
    "lambda.layer": ("lambda", "list_layers", {}, "Layers", "LayerName", {
        "drop": {"LayerArn", "LayerVersionArn"}}),
    "iam.role": ("iam", "list_roles", {}, "Roles", "RoleName", {
        "extra": [("Attached", "list_attached_role_policies", {"RoleName": "RoleName"},
                   "AttachedPolicies"),
                  ("Tags", "list_role_tags", {"RoleName": "RoleName"}, "Tags")],
        "each": ("Inline", "list_role_policies", {"RoleName": "RoleName"}, "PolicyNames",
                 "get_role_policy", "PolicyName", "PolicyDocument")}),
    "iam.user": ("iam", "list_users", {}, "Users", "UserName", {
        "extra": [("Attached", "list_attached_user_policies", {"UserName": "UserName"},
                   "AttachedPolicies"),
                  ("Groups", "list_groups_for_user", {"UserName": "UserName"}, "Groups")],
        "drop": {"GroupId"},
        "each": ("Inline", "list_user_policies", {"UserName": "UserName"}, "PolicyNames",
                 "get_user_policy", "PolicyName", "PolicyDocument")}),
    "iam.group": ("iam", "list_groups", {}, "Groups", "GroupName", {
        "extra": [("Attached", "list_attached_group_policies", {"GroupName": "GroupName"},
                   "AttachedPolicies")],
        "drop": {"GroupId"},
        "each": ("Inline", "list_group_policies", {"GroupName": "GroupName"}, "PolicyNames",
                 "get_group_policy", "PolicyName", "PolicyDocument")}),
    "iam.policy": ("iam", "list_policies", {"Scope": "Local"}, "Policies", "PolicyName", {
        "extra": [("Document", "get_policy_version", {"PolicyArn": "Arn",
                   "VersionId": "DefaultVersionId"}, "PolicyVersion.Document")],
        "drop": {"UpdateDate", "AttachmentCount"}}),
    "iam.profile": ("iam", "list_instance_profiles", {}, "InstanceProfiles",
                    "InstanceProfileName", {"pick": {"Path": "Path", "Roles": "Roles"},
                                            "names": {"Roles": "RoleName"}}),
    "states.machine": ("stepfunctions", "list_state_machines", {}, "stateMachines", "name", {
        "extra": [("", "describe_state_machine", {"stateMachineArn": "stateMachineArn"}, None),
                  ("Tags", "list_tags_for_resource", {"resourceArn": "stateMachineArn"}, "tags")],
        "drop": {"stateMachineArn", "revisionId", "status"}}),
    "events.rule": ("events", "list_rules", {}, "Rules", ("EventBusName", "Name"), {
        "extra": [("Targets", "list_targets_by_rule", {"Rule": "Name",
                   "EventBusName": "EventBusName"}, "Targets")],
        "drop": {"CreatedBy"}}),
    "events.bus": ("events", "list_event_buses", {}, "EventBuses", "Name", {
        "skip": lambda item: item["Name"] == "default"}),
    "scheduler.schedule": ("scheduler", "list_schedules", {}, "Schedules", ("GroupName", "Name"), {
        "extra": [("", "get_schedule", {"Name": "Name", "GroupName": "GroupName"}, None)]}),
    "pipes.pipe": ("pipes", "list_pipes", {}, "Pipes", "Name", {
        "extra": [("", "describe_pipe", {"Name": "Name"}, None)], "drop": {"CurrentState"}}),
    "logs.group": ("logs", "describe_log_groups", {}, "logGroups", "logGroupName", {
        "extra": [("Filters", "describe_metric_filters", {"logGroupName": "logGroupName"},
                   "metricFilters"),
                  ("Subscriptions", "describe_subscription_filters",
                   {"logGroupName": "logGroupName"}, "subscriptionFilters"),
                  ("Tags", "list_tags_log_group", {"logGroupName": "logGroupName"}, "tags")],
        "drop": {"arn", "logGroupArn", "storedBytes", "metricFilterCount"}}),
    "cloudwatch.alarm": ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName", {
        "drop": {"AlarmArn", "StateValue", "StateReason", "StateReasonData",
                 "EvaluationState"}}),
    "cloudwatch.dashboard": ("cloudwatch", "list_dashboards", {}, "DashboardEntries",
                             "DashboardName", {
        "extra": [("", "get_dashboard", {"DashboardName": "DashboardName"}, None)],
        "drop": {"DashboardArn", "Size"}}),
    "kms.key": ("kms", "list_keys", {}, "Keys", "KeyId", {
        "extra": [("", "describe_key", {"KeyId": "KeyId"}, "KeyMetadata"),
                  ("Policy", "get_key_policy", {"KeyId": "KeyId", "PolicyName": "=default"},
                   "Policy"),
                  ("Rotation", "get_key_rotation_status", {"KeyId": "KeyId"},
                   "KeyRotationEnabled"),
                  ("Tags", "list_resource_tags", {"KeyId": "KeyId"}, "Tags")],
        "skip": lambda item: item.get("KeyManager") == "AWS",
        "drop": {"AWSAccountId", "KeyArn", "KeyId", "CurrentKeyMaterialId"}}),
    "kms.alias": ("kms", "list_aliases", {}, "Aliases", "AliasName", {
        "skip": lambda item: item["AliasName"].startswith("alias/aws/"),
        "drop": {"AliasArn"}}),
    "secretsmanager.secret": ("secretsmanager", "list_secrets", {}, "SecretList", "Name", {
        "drop": {"SecretVersionsToStages"}}),
    "ssm.parameter": ("ssm", "describe_parameters", {}, "Parameters", "Name", {
        "extra": [("Value", "get_parameter", {"Name": "Name"}, "Parameter.Value")],
        "drop": {"LastModifiedUser", "Version"}}),
    "kinesis.stream": ("kinesis", "list_streams", {}, "StreamNames", "StreamName", {
        "extra": [("", "describe_stream_summary", {"StreamName": "StreamName"},
                   "StreamDescriptionSummary"),
                  ("Tags", "list_tags_for_stream", {"StreamName": "StreamName"}, "Tags")],
        "drop": {"StreamARN", "StreamCreationTimestamp"}}),
    "firehose.stream": ("firehose", "list_delivery_streams", {}, "DeliveryStreamNames",
                        "DeliveryStreamName", {
        "extra": [("", "describe_delivery_stream", {"DeliveryStreamName": "DeliveryStreamName"},
                   "DeliveryStreamDescription")],
        "drop": {"DeliveryStreamARN", "VersionId", "DestinationId"}}),
    "ec2.vpc": ("ec2", "describe_vpcs", {}, "Vpcs", "VpcId", {
        "skip": lambda item: item.get("IsDefault"),
        "extra": [("Dns", "describe_vpc_attribute", {"VpcId": "VpcId",
                   "Attribute": "=enableDnsHostnames"}, "EnableDnsHostnames.Value")],
        "drop": {"DhcpOptionsId", "AssociationId"}}),
    "ec2.subnet": ("ec2", "describe_subnets", {}, "Subnets", "SubnetId", {
        "skip": lambda item: item.get("DefaultForAz"),
        "drop": {"SubnetArn", "AvailabilityZoneId", "AvailableIpAddressCount"}}),
    "ec2.group": ("ec2", "describe_security_groups", {}, "SecurityGroups",
                  "GroupId", {
        "skip": lambda item: item["GroupName"] == "default",
        "drop": {"SecurityGroupArn", "UserId"}}),
    "ec2.routes": ("ec2", "describe_route_tables", {}, "RouteTables", "RouteTableId", {
        "skip": lambda item: any(a.get("Main") for a in item.get("Associations", [])),
        "drop": {"RouteTableAssociationId"}}),
    "ec2.gateway": ("ec2", "describe_internet_gateways", {}, "InternetGateways",
                    "InternetGatewayId", {"skip": lambda item: item["InternetGatewayId"] == "igw-00000001"}),
    "ec2.nat": ("ec2", "describe_nat_gateways", {}, "NatGateways", "NatGatewayId", {
        "drop": {"NetworkInterfaceId", "PrivateIp", "PublicIp"}}),
    "ec2.address": ("ec2", "describe_addresses", {}, "Addresses", "AllocationId", {
        "drop": {"PublicIp", "PrivateIpAddress", "NetworkInterfaceId", "AssociationId"}}),
    "ec2.endpoint": ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "VpcEndpointId", {
        "drop": {"NetworkInterfaceIds", "DnsEntries"}}),
    "ec2.instance": ("ec2", "describe_instances", {}, "Reservations", "Instances.0.InstanceId", {
        "pick": {"Type": "Instances.0.InstanceType", "Image": "Instances.0.ImageId",
                 "Subnet": "Instances.0.SubnetId", "Key": "Instances.0.KeyName",
                 "Groups": "Instances.0.SecurityGroups", "Tags": "Instances.0.Tags"}}),
    "ec2.template": ("ec2", "describe_launch_templates", {}, "LaunchTemplates",
                     "LaunchTemplateName", {
        "extra": [("Data", "describe_launch_template_versions",
                   {"LaunchTemplateId": "LaunchTemplateId"},
                   "LaunchTemplateVersions.0.LaunchTemplateData")],
        "drop": {"CreatedBy"}}),
    "cognito.pool": ("cognito-idp", "list_user_pools", {"MaxResults": 60}, "UserPools", "Id", {
        "extra": [("", "describe_user_pool", {"UserPoolId": "Id"}, "UserPool"),
                  ("Groups", "list_groups", {"UserPoolId": "Id"}, "Groups"),
                  ("Servers", "list_resource_servers", {"UserPoolId": "Id", "MaxResults": 50},
                   "ResourceServers")],
        "drop": {"EstimatedNumberOfUsers", "Status", "LambdaConfig_"},
        "each": ("Clients", "list_user_pool_clients", {"UserPoolId": "Id"}, "UserPoolClients",
                 "describe_user_pool_client", "ClientId", "UserPoolClient")}),
    "cognito.identity": ("cognito-identity", "list_identity_pools", {"MaxResults": 60},
                         "IdentityPools", "IdentityPoolName", {
        "extra": [("", "describe_identity_pool", {"IdentityPoolId": "IdentityPoolId"}, None),
                  ("Roles", "get_identity_pool_roles", {"IdentityPoolId": "IdentityPoolId"},
                   "Roles")], "drop": {"IdentityPoolId"}}),
    "ecs.cluster": ("ecs", "list_clusters", {}, "clusterArns", "clusterArn", {
        "extra": [("", "describe_clusters", {"clusters": ["clusterArn"]}, "clusters.0")],
        "drop": {"clusterArn", "statistics"},
        "each": ("Services", "list_services", {"cluster": "clusterArn"}, "serviceArns",
                 "describe_services", "services", "services.0")}),
    "ecs.task": ("ecs", "list_task_definitions", {}, "taskDefinitionArns", "taskDefinition", {
        "extra": [("", "describe_task_definition", {"taskDefinition": "taskDefinition"},
                   "taskDefinition")],
        "drop": {"taskDefinitionArn", "registeredBy", "requiresAttributes", "compatibilities"}}),
    "ecr.repository": ("ecr", "describe_repositories", {}, "repositories", "repositoryName", {
        "extra": [("Lifecycle", "get_lifecycle_policy", {"repositoryName": "repositoryName"},
                   "lifecyclePolicyText"),
                  ("Policy", "get_repository_policy", {"repositoryName": "repositoryName"},
                   "policyText")],
        "drop": {"repositoryArn", "registryId", "repositoryUri"}}),
    "elb.balancer": ("elbv2", "describe_load_balancers", {}, "LoadBalancers", "LoadBalancerName", {
        "each": ("Listeners", "describe_listeners", {"LoadBalancerArn": "LoadBalancerArn"},
                 "Listeners", "describe_rules", "ListenerArn", "Rules"),
        "extra": [("ListenerList", "describe_listeners", {"LoadBalancerArn": "LoadBalancerArn"},
                   "Listeners"),
                  ("Attributes", "describe_load_balancer_attributes",
                   {"LoadBalancerArn": "LoadBalancerArn"}, "Attributes")],
        "drop": {"LoadBalancerArn", "DNSName", "CanonicalHostedZoneId", "ListenerArn",
                 "RuleArn"}}),
    "elb.target": ("elbv2", "describe_target_groups", {}, "TargetGroups", "TargetGroupName", {
        "extra": [("Attributes", "describe_target_group_attributes",
                   {"TargetGroupArn": "TargetGroupArn"}, "Attributes")],
        "drop": {"TargetGroupArn"}}),
    "rds.instance": ("rds", "describe_db_instances", {}, "DBInstances", "DBInstanceIdentifier", {
        "drop": {"DBInstanceArn", "DbiResourceId", "Endpoint", "LatestRestorableTime"}}),
    "rds.cluster": ("rds", "describe_db_clusters", {}, "DBClusters", "DBClusterIdentifier", {
        "drop": {"DBClusterArn", "DbClusterResourceId", "Endpoint", "ReaderEndpoint",
                 "HostedZoneId", "LatestRestorableTime", "EarliestRestorableTime"}}),
    "rds.subnets": ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups",
                    "DBSubnetGroupName", {"drop": {"DBSubnetGroupArn"}}),
    "autoscaling.group": ("autoscaling", "describe_auto_scaling_groups", {}, "AutoScalingGroups",
                          "AutoScalingGroupName", {"drop": {"AutoScalingGroupARN", "Instances"}}),
    "route53.zone": ("route53", "list_hosted_zones", {}, "HostedZones", "Name", {
        "extra": [("Records", "list_resource_record_sets", {"HostedZoneId": "Id"},
                   "ResourceRecordSets")], "drop": {"Id", "CallerReference"}}),
    "cloudfront.distribution": ("cloudfront", "list_distributions", {}, "DistributionList.Items",
                                "Id", {"drop": {"Id", "DomainName_", "ETag"}}),
    "appsync.api": ("appsync", "list_graphql_apis", {}, "graphqlApis", "name", {
        "extra": [("Sources", "list_data_sources", {"apiId": "apiId"}, "dataSources")],
        "drop": {"apiId", "arn", "uris", "dataSourceArn", "dns"}}),
    "efs.system": ("efs", "describe_file_systems", {}, "FileSystems", "FileSystemId", {
        "drop": {"CreationToken", "FileSystemArn", "SizeInBytes"}}),
    "glue.database": ("glue", "get_databases", {}, "DatabaseList", "Name", {}),
    "glue.job": ("glue", "get_jobs", {}, "Jobs", "Name", {}),
    "glue.crawler": ("glue", "get_crawlers", {}, "Crawlers", "Name", {}),
    "waf.acl": ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}, "WebACLs", "Name", {
        "drop": {"Id", "LockToken"}}),
    "ses.identity": ("sesv2", "list_email_identities", {}, "EmailIdentities", "IdentityName", {}),
    "athena.workgroup": ("athena", "list_work_groups", {}, "WorkGroups", "Name", {
        "skip": lambda item: item["Name"] == "primary"}),
    "codebuild.project": ("codebuild", "list_projects", {}, "projects", "names", {
        "extra": [("", "batch_get_projects", {"names": ["names"]}, "projects.0")],
        "drop": {"arn"}}),
    "discovery.namespace": ("servicediscovery", "list_namespaces", {}, "Namespaces", "Name", {
        "drop": {"Id"}}),
    "elasticache.cluster": ("elasticache", "describe_cache_clusters", {}, "CacheClusters",
                            "CacheClusterId", {}),
    "backup.vault": ("backup", "list_backup_vaults", {}, "BackupVaultList", "BackupVaultName", {
        "drop": {"BackupVaultArn", "CreatorRequestId"}}),
    "rest.api": ("apigateway", "get_rest_apis", {}, "items", "name", {
        "extra": [("Stages", "get_stages", {"restApiId": "id"}, "item"),
                  ("Models", "get_models", {"restApiId": "id"}, "items"),
                  ("Validators", "get_request_validators", {"restApiId": "id"}, "items"),
                  ("Responses", "get_gateway_responses", {"restApiId": "id"}, "items"),
                  ("Authorizers", "get_authorizers", {"restApiId": "id"}, "items"),
                  ("Paths", "get_resources", {"restApiId": "id", "embed": ["=methods"]},
                   "items")],
        "drop": {"id", "rootResourceId", "parentId", "deploymentId", "cacheNamespace",
                 "resourceId", "authorizerId", "requestValidatorId"}}),
    "rest.plan": ("apigateway", "get_usage_plans", {}, "items", "name", {
        "drop": {"id"}}),
    "rest.key": ("apigateway", "get_api_keys", {}, "items", "name", {
        "drop": {"id", "value"}}),
    "http.api": ("apigatewayv2", "get_apis", {}, "Items", "Name", {
        "extra": [("Routes", "get_routes", {"ApiId": "ApiId"}, "Items"),
                  ("Integrations", "get_integrations", {"ApiId": "ApiId"}, "Items"),
                  ("Stages", "get_stages", {"ApiId": "ApiId"}, "Items"),
                  ("Authorizers", "get_authorizers", {"ApiId": "ApiId"}, "Items")],
        "drop": {"ApiId", "ApiEndpoint", "RouteId", "Target", "IntegrationId", "AuthorizerId",
                 "DeploymentId", "LastDeploymentStatusMessage"}}),
}

# What the services answer where nothing was said.
DEFAULTS = {
    "dynamodb.table": {"DeletionProtectionEnabled": False, "TableClassSummary": None,
                       "Backups": "DISABLED"},
    "s3.bucket": {"Versioning": None, "Encryption": None},
    "lambda.function": {"Timeout": 3, "MemorySize": 128, "PackageType": "Zip",
                        "Architectures": ["x86_64"], "EphemeralStorage": {"Size": 512},
                        "TracingConfig": {"Mode": "PassThrough"}},
}


TAGS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def decoded(value):
    """Policies and definitions travel as JSON texts."""
    if isinstance(value, str) and re.match(r"\s*[{\[].*[}\]]\s*$", value, re.S):
        try:
            return decoded(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {k: decoded(v) for k, v in value.items() if not str(k).startswith("aws:cloudf")}
    if isinstance(value, (list, tuple)):
        items = [decoded(v) for v in value]
        for key, field in TAGS:
            if items and all(isinstance(i, dict) and set(i) == {key, field} for i in items):
                return decoded({i[key]: i[field] for i in items})
        return items
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return str(value)


def without(value, drop):
    if isinstance(value, dict):
        return {k: w for k, v in value.items() if k not in drop
                for w in [without(v, drop)] if w not in (None, "", [], {})}
    if isinstance(value, list):
        return [without(v, drop) for v in value]
    return value


def arguments(wanted, item):
    filled = {}
    for name, field in wanted.items():
        if isinstance(field, list):
            filled[name] = [f[1:] if f[:1] == "=" else item.get(f, f) for f in field]
        elif isinstance(field, str):
            filled[name] = field[1:] if field[:1] == "=" else item.get(field)
        else:
            filled[name] = field
    return filled


def part_of(answer, part):
    if not part:
        return answer
    value = answer
    for name in part.split("."):
        if isinstance(value, list):
            value = value[int(name)] if name.isdigit() and int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def describe(account, service, item, options):
    for name, call, wanted, part in options.get("extra", ()):
        answer = part_of(account.call(service, call, **arguments(wanted, item)), part)
        if name:
            item[name] = answer
        elif isinstance(answer, dict):
            item.update(answer)
    if "each" in options:
        name, call, wanted, items, get, field, part = options["each"]
        base = arguments(wanted, item)
        found = {}
        for inner in account.call(service, call, **base).get(items) or []:
            ident = inner[field] if isinstance(inner, dict) else inner
            args = {field: [ident] if field == "services" else ident}
            if get != "describe_rules":
                args.update(base)
            found[ident] = part_of(account.call(service, get, **args), part)
        item[name] = list(found.values()) if get != "get_role_policy" else found
    return item


def names_of(item, field):
    fields = field if isinstance(field, tuple) else (field,)
    return [str(part_of(item, f) or "") for f in fields]


def on_demand(item):
    """Capacity means nothing for what is billed by request."""
    if part_of(item, "BillingModeSummary.BillingMode") != "PAY_PER_REQUEST":
        return item
    return without(item, {"ProvisionedThroughput"})


def unnamed_notifications(item):
    return {k: without(v, {"Id"}) if k == "Notification" else v for k, v in item.items()}


SPECIAL = {"dynamodb.table": on_demand, "s3.bucket": unnamed_notifications}


def collect(account, services):
    """[{kind, key, names (that make up the key), attributes}] of everything in these services."""
    found = []
    for kind, (service, call, args, items, key, options) in LISTS.items():
        if service not in services:
            continue
        for item in part_of(account.call(service, call, **args), items) or []:
            if not isinstance(item, dict):
                item = {key if isinstance(key, str) else key[0]: item}
            item = describe(account, service, item, options)
            if options.get("skip") and options["skip"](item):
                continue
            names = names_of(item, key)
            if "pick" in options:
                item = {k: part_of(item, p) for k, p in options["pick"].items()}
                for field, inner in options.get("names", {}).items():
                    item[field] = [v.get(inner) for v in item.get(field) or []]
            drop = TIME | IDENTITY | options.get("drop", set())
            attributes = SPECIAL.get(kind, lambda item: item)(without(decoded(item), drop))
            for field, value in DEFAULTS.get(kind, {}).items():
                if attributes.get(field) is None and value is not None:
                    attributes[field] = value
            found.append({"kind": kind, "key": " ".join(names), "names": names,
                          "attributes": attributes})
    return found
