# SPDX-License-Identifier: Apache-2.0
"""How to delete a deployed resource, dependents before what they depend on."""


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


def drop_key(kms, values):
    """Make a key unusable at once."""
    kms.schedule_key_deletion(KeyId=values["key_id"], PendingWindowInDays=7)


def drop_permission(client, values):
    """Take a permission from a function's policy."""
    client.remove_permission(
        FunctionName=values["function_name"], StatementId=values["statement_id"]
    )


def drop_stage(client, values):
    """Delete a stage of a REST API."""
    client.delete_stage(restApiId=values["rest_api_id"], stageName=values["stage_name"])


DELETERS = {
    "aws_cloudwatch_event_target": ("events", drop_target),
    "aws_sns_topic_subscription": (
        "sns", lambda sns, v: sns.unsubscribe(SubscriptionArn=v["arn"]),
    ),
    "aws_lambda_event_source_mapping": (
        "lambda", lambda client, v: client.delete_event_source_mapping(UUID=v["uuid"]),
    ),
    "aws_lambda_permission": ("lambda", drop_permission),
    "aws_s3_bucket_notification": (
        "s3",
        lambda s3, v: s3.put_bucket_notification_configuration(
            Bucket=v["bucket"], NotificationConfiguration={}
        ),
    ),
    "aws_s3_bucket_lifecycle_configuration": (
        "s3", lambda s3, v: s3.delete_bucket_lifecycle(Bucket=v["bucket"]),
    ),
    "aws_s3_bucket_public_access_block": (
        "s3", lambda s3, v: s3.delete_public_access_block(Bucket=v["bucket"]),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        "s3", lambda s3, v: s3.delete_bucket_encryption(Bucket=v["bucket"]),
    ),
    "aws_s3_bucket_versioning": (
        "s3",
        lambda s3, v: s3.put_bucket_versioning(
            Bucket=v["bucket"], VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    "aws_api_gateway_integration": (
        "apigateway",
        lambda api, v: api.delete_integration(
            restApiId=v["rest_api_id"], resourceId=v["resource_id"], httpMethod=v["http_method"]
        ),
    ),
    "aws_api_gateway_method": (
        "apigateway",
        lambda api, v: api.delete_method(
            restApiId=v["rest_api_id"], resourceId=v["resource_id"], httpMethod=v["http_method"]
        ),
    ),
    "aws_api_gateway_stage": ("apigateway", drop_stage),
    "aws_apigatewayv2_route": (
        "apigatewayv2", lambda api, v: api.delete_route(ApiId=v["api_id"], RouteId=v["id"]),
    ),
    "aws_apigatewayv2_api": ("apigatewayv2", lambda api, v: api.delete_api(ApiId=v["id"])),
    "aws_api_gateway_rest_api": ("apigateway", lambda api, v: api.delete_rest_api(restApiId=v["id"])),
    "aws_cloudwatch_event_rule": ("events", drop_rule),
    "aws_cloudwatch_event_bus": (
        "events", lambda events, v: events.delete_event_bus(Name=v["name"]),
    ),
    "aws_sns_topic": ("sns", lambda sns, v: sns.delete_topic(TopicArn=v["arn"])),
    "aws_sqs_queue_policy": (
        "sqs",
        lambda sqs, v: sqs.set_queue_attributes(
            QueueUrl=v["queue_url"], Attributes={"Policy": ""}
        ),
    ),
    "aws_sqs_queue": ("sqs", lambda sqs, v: sqs.delete_queue(QueueUrl=v["url"])),
    "aws_lambda_function": (
        "lambda", lambda client, v: client.delete_function(FunctionName=v["function_name"]),
    ),
    "aws_sfn_state_machine": (
        "stepfunctions", lambda sfn, v: sfn.delete_state_machine(stateMachineArn=v["arn"]),
    ),
    "aws_dynamodb_table": ("dynamodb", lambda db, v: db.delete_table(TableName=v["name"])),
    "aws_kinesis_stream": (
        "kinesis", lambda kinesis, v: kinesis.delete_stream(StreamName=v["name"]),
    ),
    "aws_s3_bucket": ("s3", empty_bucket),
    "aws_ssm_parameter": ("ssm", lambda ssm, v: ssm.delete_parameter(Name=v["name"])),
    "aws_secretsmanager_secret": (
        "secretsmanager",
        lambda secrets, v: secrets.delete_secret(
            SecretId=v["arn"], ForceDeleteWithoutRecovery=True
        ),
    ),
    "aws_kms_alias": ("kms", lambda kms, v: kms.delete_alias(AliasName=v["name"])),
    "aws_kms_key": ("kms", drop_key),
    "aws_iam_role_policy": (
        "iam",
        lambda iam, v: iam.delete_role_policy(RoleName=v["role"], PolicyName=v["name"]),
    ),
    "aws_iam_role_policy_attachment": (
        "iam",
        lambda iam, v: iam.detach_role_policy(RoleName=v["role"], PolicyArn=v["policy_arn"]),
    ),
    "aws_iam_role": ("iam", drop_role),
    "aws_iam_policy": ("iam", lambda iam, v: iam.delete_policy(PolicyArn=v["arn"])),
    "aws_cloudwatch_metric_alarm": (
        "cloudwatch", lambda cw, v: cw.delete_alarms(AlarmNames=[v["alarm_name"]]),
    ),
    "aws_cloudwatch_log_group": (
        "logs", lambda logs, v: logs.delete_log_group(logGroupName=v["name"]),
    ),
}
