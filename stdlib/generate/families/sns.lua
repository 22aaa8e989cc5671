-- SPDX-License-Identifier: Apache-2.0
-- SNS: publishing, and the message reaching the queue that subscribed.

return {
  app = {
    { name = "publish", code = [==[
def publish(sns, topic_arn, text, attributes=None):
    """Publish a text to a topic, as its kind demands, and return the message id."""
    options = {"MessageAttributes": attributes or {}}
    if topic_arn.endswith(".fifo"):
        options["MessageGroupId"] = "lsqm"
        options["MessageDeduplicationId"] = unique()
    answer = sns.publish(TopicArn=topic_arn, Message=text, **options)
    return answer["MessageId"]
]==] },
    { name = "allowed_value", code = [==[
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
]==] },
    { name = "message_attributes", code = [==[
def message_attributes(policy):
    """Return message attributes that a filter policy lets through."""
    attributes = {}
    for name, rules in sorted(json.loads(policy or "{}").items()):
        value = allowed_value(rules)
        kind = "Number" if isinstance(value, (int, float)) else "String"
        attributes[name] = {"DataType": kind, "StringValue": str(value)}
    return attributes
]==] },
    { name = "publish_to", code = [==[
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
]==] },
  },
  checks = {
    ["sns.publish"] = {
      as = "topic", clients = "sns",
      doc = "The topic takes a message.",
      body = [==[
assert app.publish(sns, topic["arn"], app.unique("message"))
found = sns.get_topic_attributes(TopicArn=topic["arn"])["Attributes"]
assert found["TopicArn"] == topic["arn"]
]==] },
    ["sns.delivery"] = {
      as = "subscription", clients = "logs sns sqs", wiring = true,
      doc = "What is published reaches the subscribed queue or function.",
      body = [==[
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
]==] },
    ["sns.policy"] = {
      as = "policy", clients = "sns",
      doc = "The topic policy reads back as configured.",
      body = [==[
found = sns.get_topic_attributes(TopicArn=policy["arn"])["Attributes"]["Policy"]
assert app.document(found) == app.document(policy["policy"])
]==] },
  },
}
