"""Behaviour tests of the deployed architecture."""

import app
import pytest


@pytest.mark.parametrize(
    "address",
    [
        "aws_dynamodb_table.orders",
    ],
    ids=str,
)
def test_dynamodb_item_round_trip(address, deployed, dynamodb):
    """An item is written, read, updated, and found through every index."""
    for table in deployed(address):
        name = table["name"]
        item = app.sample_item(table)
        key = app.key_of(table, item)
        dynamodb.put_item(TableName=name, Item=item)
        try:
            found = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
            assert found["Item"] == item
            dynamodb.update_item(
                TableName=name,
                Key=key,
                UpdateExpression="SET lsqm_note = :note",
                ExpressionAttributeValues={":note": {"S": "changed"}},
            )
            found = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
            assert found["Item"]["lsqm_note"] == {"S": "changed"}
            for index in table.get("global_secondary_index") or []:
                matches = app.wait_for(
                    lambda: app.query_index(dynamodb, table, index, item), seconds=5
                )
                assert len(matches) == 1, f"index {index['name']}"
        finally:
            dynamodb.delete_item(TableName=name, Key=key)
        gone = dynamodb.get_item(TableName=name, Key=key, ConsistentRead=True)
        assert "Item" not in gone


@pytest.mark.parametrize(
    "address",
    [
        "aws_dynamodb_table.orders",
    ],
    ids=str,
)
def test_dynamodb_key_schema(address, deployed, dynamodb):
    """The table has the key schema, indexes and stream of its configuration."""
    for table in deployed(address):
        found = dynamodb.describe_table(TableName=table["name"])["Table"]
        keys = {key["KeyType"]: key["AttributeName"] for key in found["KeySchema"]}
        assert keys["HASH"] == table["hash_key"]
        assert keys.get("RANGE") == (table.get("range_key") or None)
        indexes = found.get("GlobalSecondaryIndexes", [])
        indexes = {index["IndexName"] for index in indexes}
        wanted = {index["name"] for index in table.get("global_secondary_index") or []}
        assert indexes == wanted
        stream = found.get("StreamSpecification", {})
        assert stream.get("StreamEnabled", False) == bool(table.get("stream_enabled"))


@pytest.mark.parametrize(
    "address",
    [
        "aws_sns_topic_subscription.intake",
    ],
    ids=str,
)
def test_sns_delivery(address, deployed, deployment, logs, sns, sqs):
    """What is published reaches the subscribed queue or function."""
    for subscription in deployed(address):
        answer = sns.list_subscriptions_by_topic(TopicArn=subscription["topic_arn"])
        endpoints = [found["Endpoint"] for found in answer["Subscriptions"]]
        assert subscription["endpoint"] in endpoints
        text = app.unique("message")
        if subscription["protocol"] == "lambda":
            assert app.calls_function(
                logs,
                deployment,
                subscription["endpoint"],
                lambda: app.publish_to(sns, subscription, text),
            ), f"{subscription['endpoint']} was not called"
        if subscription["protocol"] != "sqs":
            continue
        if app.is_consumed(deployment, subscription["endpoint"]):
            continue
        app.publish_to(sns, subscription, text)
        url = app.queue_url(sqs, subscription["endpoint"])
        assert app.receive(sqs, url, text), f"{text} never reached the queue"


@pytest.mark.parametrize(
    "address",
    [
        "aws_sns_topic.orders",
    ],
    ids=str,
)
def test_sns_publish(address, deployed, sns):
    """The topic takes a message."""
    for topic in deployed(address):
        assert app.publish(sns, topic["arn"], app.unique("message"))
        found = sns.get_topic_attributes(TopicArn=topic["arn"])["Attributes"]
        assert found["TopicArn"] == topic["arn"]


@pytest.mark.parametrize(
    "address",
    [
        "aws_sqs_queue.dead",
        "aws_sqs_queue.intake",
    ],
    ids=str,
)
def test_sqs_message_round_trip(address, deployed, deployment, sqs):
    """A message that is sent arrives once and is gone when deleted."""
    for queue in deployed(address):
        text = app.unique("message")
        url = app.queue_url(sqs, queue["arn"])
        assert app.send(sqs, url, text)
        if app.is_consumed(deployment, queue["arn"]):
            continue
        assert app.receive(sqs, url, text) == text
        assert app.receive(sqs, url, text, seconds=0) is None


@pytest.mark.parametrize(
    "address",
    [
        "aws_sqs_queue_policy.intake",
    ],
    ids=str,
)
def test_sqs_policy(address, deployed, sqs):
    """The queue policy reads back as configured."""
    for policy in deployed(address):
        url = policy["queue_url"].rsplit("/", 1)[-1]
        url = sqs.get_queue_url(QueueName=url)["QueueUrl"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        found = app.document(answer["Attributes"]["Policy"])
        assert found == app.document(policy["policy"])


@pytest.mark.parametrize(
    "address",
    [
        "aws_sqs_queue.dead",
        "aws_sqs_queue.intake",
    ],
    ids=str,
)
def test_sqs_settings(address, deployed, sqs):
    """The queue keeps the settings of its configuration."""
    for queue in deployed(address):
        url = app.queue_url(sqs, queue["arn"])
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        found = answer["Attributes"]
        assert found["QueueArn"] == queue["arn"]
        timeout = queue["visibility_timeout_seconds"]
        assert int(found["VisibilityTimeout"]) == timeout
        retention = queue["message_retention_seconds"]
        assert int(found["MessageRetentionPeriod"]) == retention
        if queue.get("redrive_policy"):
            redrive = app.document(found["RedrivePolicy"])
            wanted = app.document(queue["redrive_policy"])
            assert redrive["deadLetterTargetArn"] == wanted["deadLetterTargetArn"]
            assert int(redrive["maxReceiveCount"]) == int(wanted["maxReceiveCount"])
