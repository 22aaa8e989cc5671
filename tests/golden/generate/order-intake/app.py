"""Application code: the calls that the tests make to the architecture."""

import json
import re
import time
import uuid

# Addresses that count or for_each may leave without an instance.
CONDITIONAL = frozenset()


class Deployment:
    """The resources that were deployed, as Terraform's state describes them."""

    def __init__(self, resources):
        self.resources = resources

    def instances(self, address):
        """Return the values of every instance of a resource address."""
        return [
            resource["values"]
            for resource in self.resources
            if plain_address(resource["address"]) == address
        ]

    def find(self, kind, **wanted):
        """Return the values of the resources of a type with the wanted attributes."""
        return [
            resource["values"]
            for resource in self.resources
            if resource["type"] == kind
            and all(resource["values"].get(key) == wanted[key] for key in wanted)
        ]

    def region(self):
        """Return the region that most of the deployed ARNs name, or None."""
        regions = [
            arn.split(":")[3]
            for resource in self.resources
            for arn in [resource["values"].get("arn")]
            if isinstance(arn, str) and arn.count(":") >= 5
        ]
        regions = [region for region in regions if region]
        return max(sorted(set(regions)), key=regions.count, default=None)


def plain_address(address):
    """Return a state address without its count and for_each keys."""
    return re.sub(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]', "", address)


def wait_for(probe, seconds=20, pause=0.25):
    """Return the first true answer of probe, or its last one when time is up."""
    deadline = time.monotonic() + seconds
    answer = probe()
    while not answer and time.monotonic() < deadline:
        time.sleep(pause)
        answer = probe()
    return answer


def one_of(value):
    """Return the document with one-element lists written as the element."""
    if isinstance(value, dict):
        return {key: one_of(value[key]) for key in value}
    if isinstance(value, list):
        items = [one_of(item) for item in value]
        return items[0] if len(items) == 1 else sorted(items, key=str)
    return value


def document(policy):
    """Return a policy given as text or as a value in one comparable form."""
    return one_of(json.loads(policy) if isinstance(policy, str) else policy)


def unique(prefix="lsqm"):
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def sample_item(table):
    """Return an item with a value for each attribute that the table declares."""
    samples = {
        "S": {"S": unique()},
        "N": {"N": str(uuid.uuid4().int % 10**9)},
        "B": {"B": uuid.uuid4().bytes},
    }
    item = {field["name"]: samples[field["type"]] for field in table["attribute"]}
    item["lsqm_note"] = {"S": "written by a test"}
    return item


def key_of(table, item):
    """Return the primary key of an item."""
    names = [table["hash_key"], table.get("range_key")]
    return {name: item[name] for name in names if name}


def query_index(dynamodb, table, index, item):
    """Return the items of an index that share the item's partition value."""
    return dynamodb.query(
        TableName=table["name"],
        IndexName=index["name"],
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": index["hash_key"]},
        ExpressionAttributeValues={":value": item[index["hash_key"]]},
    )["Items"]


def queue_url(sqs, arn):
    """Return the URL of the queue that an ARN names."""
    return sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]


def is_consumed(deployment, arn):
    """Tell whether the architecture itself takes messages from a queue."""
    return bool(
        deployment.find("aws_lambda_event_source_mapping", event_source_arn=arn)
        or deployment.find("aws_pipes_pipe", source=arn)
    )


def send(sqs, url, body):
    """Send a message to a queue, as its kind demands, and return its id."""
    options = {"DelaySeconds": 0}
    if url.endswith(".fifo"):
        options = {
            "MessageGroupId": "lsqm",
            "MessageDeduplicationId": unique(),
        }
    return sqs.send_message(QueueUrl=url, MessageBody=body, **options)["MessageId"]


def receive(sqs, url, text, seconds=20):
    """Return the body of the message that holds a text, deleting it, or None."""

    def probe():
        answer = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            if text in message["Body"]:
                handle = message["ReceiptHandle"]
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                return message["Body"]
        return None

    return wait_for(probe, seconds)


def publish(sns, topic_arn, text, attributes=None):
    """Publish a text to a topic, as its kind demands, and return the message id."""
    options = {"MessageAttributes": attributes or {}}
    if topic_arn.endswith(".fifo"):
        options["MessageGroupId"] = "lsqm"
        options["MessageDeduplicationId"] = unique()
    answer = sns.publish(TopicArn=topic_arn, Message=text, **options)
    return answer["MessageId"]


def allowed_value(rules):
    """Return a value that the first rule of a filter lets through."""
    rule = rules[0] if isinstance(rules, list) else rules
    if not isinstance(rule, dict):
        return rule
    if "numeric" in rule:
        operator, bound = rule["numeric"][0], rule["numeric"][1]
        return bound + {">": 1, "<": -1}.get(operator, 0)
    if "anything-but" in rule:
        return "lsqm"
    value = rule.get("prefix", rule.get("suffix", rule.get("equals-ignore-case")))
    return value if isinstance(value, str) else "lsqm"


def message_attributes(policy):
    """Return message attributes that a filter policy lets through."""
    attributes = {}
    for name, rules in sorted(json.loads(policy or "{}").items()):
        value = allowed_value(rules)
        kind = "Number" if isinstance(value, (int, float)) else "String"
        attributes[name] = {"DataType": kind, "StringValue": str(value)}
    return attributes


def publish_to(sns, subscription, text):
    """Publish a text in a way that the filter of a subscription lets through."""
    policy = subscription.get("filter_policy")
    if subscription.get("filter_policy_scope") == "MessageBody":
        rules = json.loads(policy)
        body = {name: allowed_value(rules[name]) for name in rules}
        body = json.dumps({**body, "id": text})
        return publish(sns, subscription["topic_arn"], body)
    attributes = message_attributes(policy)
    return publish(sns, subscription["topic_arn"], text, attributes)


def function_name(arn):
    """Return the name of the function in an ARN or an API's URI, or None."""
    found = re.search(r":function:([\w-]+)", arn or "")
    return found and found[1]


def call_count(logs, group):
    """Return how many calls of a function its log group knows."""
    try:
        events = logs.filter_log_events(logGroupName=group)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return sum(event["message"].startswith("START RequestId") for event in events)


def log_group_of(deployment, name):
    """Return the log group of a function."""
    for function in deployment.find("aws_lambda_function", function_name=name):
        for settings in function.get("logging_config") or []:
            if settings.get("log_group"):
                return settings["log_group"]
    return f"/aws/lambda/{name}"


def calls_function(logs, deployment, arn, act):
    """Tell whether act() has a function called within 20 seconds."""
    group = log_group_of(deployment, function_name(arn))
    before = call_count(logs, group)
    act()
    return wait_for(lambda: call_count(logs, group) > before)
