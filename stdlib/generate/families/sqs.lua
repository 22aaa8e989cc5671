-- SPDX-License-Identifier: Apache-2.0
-- SQS: messages through standard and FIFO queues, and the queues' own settings.

return {
  app = {
    { name = "queue_url", code = [==[
def queue_url(sqs, arn):
    """Return the URL of the queue that an ARN names."""
    return sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
]==] },
    { name = "is_consumed", code = [==[
def is_consumed(deployment, arn):
    """Tell whether the architecture itself takes messages from a queue."""
    return bool(
        deployment.find("aws_lambda_event_source_mapping", event_source_arn=arn)
        or deployment.find("aws_pipes_pipe", source=arn)
    )
]==] },
    { name = "send", code = [==[
def send(sqs, url, body):
    """Send a message to a queue, as its kind demands, and return its id."""
    options = {"DelaySeconds": 0}
    if url.endswith(".fifo"):
        options = {
            "MessageGroupId": "lsqm",
            "MessageDeduplicationId": unique(),
        }
    return sqs.send_message(QueueUrl=url, MessageBody=body, **options)["MessageId"]
]==] },
    { name = "receive", code = [==[
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
]==] },
  },
  checks = {
    ["sqs.message_round_trip"] = {
      as = "queue", clients = "sqs", wiring = true,
      doc = "A message that is sent arrives once and is gone when deleted.",
      body = [==[
text = app.unique("message")
url = app.queue_url(sqs, queue["arn"])
assert app.send(sqs, url, text)
if app.is_consumed(deployment, queue["arn"]):
    continue
assert app.receive(sqs, url, text) == text
assert app.receive(sqs, url, text, seconds=0) is None
]==] },
    ["sqs.settings"] = {
      as = "queue", clients = "sqs",
      doc = "The queue keeps the settings of its configuration.",
      body = [==[
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
]==] },
    ["sqs.policy"] = {
      as = "policy", clients = "sqs",
      doc = "The queue policy reads back as configured.",
      body = [==[
url = policy["queue_url"].rsplit("/", 1)[-1]
url = sqs.get_queue_url(QueueName=url)["QueueUrl"]
answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
found = app.document(answer["Attributes"]["Policy"])
assert found == app.document(policy["policy"])
]==] },
  },
}
