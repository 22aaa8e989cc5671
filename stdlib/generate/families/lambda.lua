-- SPDX-License-Identifier: Apache-2.0
-- Lambda: invoking with an event of the kind that the architecture would send.

return {
  app = {
    { name = "queue_event", code = [==[
def queue_event(arn):
    """Return the event that a queue sends to its function."""
    record = {
        "messageId": unique(),
        "receiptHandle": unique(),
        "body": json.dumps({"id": unique(), "lsqm": True}),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
    }
    return {"Records": [record]}
]==] },
    { name = "stream_event", code = [==[
def stream_event(arn):
    """Return the event that a Kinesis or DynamoDB stream sends to its function."""
    if ":kinesis:" in arn:
        data = base64.b64encode(json.dumps({"id": unique()}).encode()).decode()
        record = {"kinesis": {"data": data, "partitionKey": "lsqm"}}
        return {"Records": [{**record, "eventSource": "aws:kinesis"}]}
    change = {"Keys": {"id": {"S": unique()}}, "NewImage": {"id": {"S": unique()}}}
    record = {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
    return {"Records": [record]}
]==] },
    { name = "caller_event", code = [==[
def caller_event(principal):
    """Return the event that a calling service sends."""
    if principal == "s3.amazonaws.com":
        place = {"bucket": {"name": "lsqm"}, "object": {"key": "lsqm", "size": 1}}
        return {"Records": [{"eventSource": "aws:s3", "s3": place}]}
    if principal == "sns.amazonaws.com":
        return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": "{}"}}]}
    if principal == "apigateway.amazonaws.com":
        context = {"http": {"method": "GET", "path": "/"}, "requestId": unique()}
        return {
            "version": "2.0",
            "httpMethod": "GET",
            "path": "/",
            "rawPath": "/",
            "headers": {},
            "queryStringParameters": {},
            "pathParameters": {},
            "requestContext": context,
            "body": "{}",
        }
    return {"id": unique(), "source": "lsqm", "detail-type": "lsqm", "detail": {}}
]==] },
    { name = "sample_event", code = [==[
def sample_event(deployment, function):
    """Return an event of the kind that the architecture sends to a function."""
    names = (function["arn"], function["function_name"])
    for name in names:
        for source in deployment.find("aws_lambda_event_source_mapping"):
            if source["function_name"] == name and source.get("event_source_arn"):
                arn = source["event_source_arn"]
                return queue_event(arn) if ":sqs:" in arn else stream_event(arn)
    for permission in deployment.find("aws_lambda_permission"):
        if permission["function_name"] in names:
            return caller_event(permission["principal"])
    return caller_event(None)
]==] },
    { name = "DATA_ERRORS", code = [==[
# A handler may refuse a made-up event in these ways; it did run then.
DATA_ERRORS = {
    "AttributeError",
    "IndexError",
    "JSONDecodeError",
    "KeyError",
    "SyntaxError",
    "TypeError",
    "ValueError",
}
]==] },
    { name = "invoke", code = [==[
def invoke(lambda_client, name, event):
    """Invoke a function and return its answer; raise what the runtime reports."""
    answer = lambda_client.invoke(FunctionName=name, Payload=json.dumps(event))
    assert answer["StatusCode"] == 200
    payload = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        error = json.loads(payload or "{}")
        if error.get("errorType") not in DATA_ERRORS:
            raise AssertionError(f"function {name} failed: {payload[:2000]}")
    return payload
]==] },
  },
  checks = {
    ["lambda.invoke"] = {
      as = "function", clients = "lambda_client", wiring = true,
      doc = "The function runs on an event of the kind it is made for.",
      body = [==[
event = app.sample_event(deployment, function)
assert app.invoke(lambda_client, function["function_name"], event) is not None
]==] },
    ["lambda.settings"] = {
      as = "function", clients = "lambda_client",
      doc = "The function has the settings of its configuration.",
      body = [==[
name = function["function_name"]
found = lambda_client.get_function_configuration(FunctionName=name)
assert found["Handler"] == function["handler"]
assert found["Timeout"] == function["timeout"]
assert found["MemorySize"] == function["memory_size"]
assert found["Role"] == function["role"]
variables = {}
for block in function.get("environment") or []:
    variables = block.get("variables") or {}
assert found.get("Environment", {}).get("Variables", {}) == variables
]==] },
    ["lambda.permission"] = {
      as = "permission", clients = "lambda_client",
      doc = "The function's policy lets the configured service call it.",
      body = [==[
options = {}
if permission.get("qualifier"):
    options = {"Qualifier": permission["qualifier"]}
name = permission["function_name"]
answer = lambda_client.get_policy(FunctionName=name, **options)
statements = json.loads(answer["Policy"])["Statement"]
sids = [statement.get("Sid") for statement in statements]
assert permission["statement_id"] in sids
]==] },
    ["lambda.event_source"] = {
      as = "source", clients = "dynamodb kinesis lambda_client logs sqs", wiring = true,
      doc = "What is put into the source has the function called.",
      body = [==[
found = lambda_client.get_event_source_mapping(UUID=source["uuid"])
assert found["EventSourceArn"] == source["event_source_arn"]
assert found["FunctionArn"].startswith(source["function_arn"])
if not source["enabled"] or source.get("filter_criteria"):
    continue
clients = {"dynamodb": dynamodb, "kinesis": kinesis, "sqs": sqs}
act = app.feed_source(deployment, clients, source["event_source_arn"])
if act:
    arn = source["function_arn"]
    called = app.calls_function(logs, deployment, arn, act)
    assert called, f"{arn} was not called"
]==] },
    ["lambda.alias"] = {
      as = "alias", clients = "lambda_client",
      doc = "The alias names the configured version.",
      body = [==[
found = lambda_client.get_alias(
    FunctionName=alias["function_name"], Name=alias["name"]
)
assert found["FunctionVersion"] == alias["function_version"]
]==] },
    ["lambda.layer"] = {
      as = "layer", clients = "lambda_client",
      doc = "The layer version can be read.",
      body = [==[
found = lambda_client.get_layer_version_by_arn(Arn=layer["arn"])
assert found["LayerVersionArn"] == layer["arn"]
]==] },
  },
}
