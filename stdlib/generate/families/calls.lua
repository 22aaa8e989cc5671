-- SPDX-License-Identifier: Apache-2.0
-- Integrations: what one service does reaches the next. A function that was called says so in its
-- log, whatever its handler makes of the event.

return {
  app = {
    { name = "function_name", code = [==[
def function_name(arn):
    """Return the name of the function in an ARN or an API's URI, or None."""
    found = re.search(r":function:([\w-]+)", arn or "")
    return found and found[1]
]==] },
    { name = "call_count", code = [==[
def call_count(logs, group):
    """Return how many calls of a function its log group knows."""
    try:
        events = logs.filter_log_events(logGroupName=group)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return sum(event["message"].startswith("START RequestId") for event in events)
]==] },
    { name = "log_group_of", code = [==[
def log_group_of(deployment, name):
    """Return the log group of a function."""
    for function in deployment.find("aws_lambda_function", function_name=name):
        for settings in function.get("logging_config") or []:
            if settings.get("log_group"):
                return settings["log_group"]
    return f"/aws/lambda/{name}"
]==] },
    { name = "calls_function", code = [==[
def calls_function(logs, deployment, arn, act):
    """Tell whether act() has a function called within 20 seconds."""
    group = log_group_of(deployment, function_name(arn))
    before = call_count(logs, group)
    act()
    return wait_for(lambda: call_count(logs, group) > before)
]==] },
    { name = "feed_source", code = [==[
def feed_source(deployment, clients, arn):
    """Put something into a queue, stream or table by the ARN of its events."""
    if ":sqs:" in arn:
        url = queue_url(clients["sqs"], arn)
        return lambda: send(clients["sqs"], url, json.dumps({"id": unique()}))
    if ":kinesis:" in arn:
        name, data = arn.rsplit("/", 1)[-1], json.dumps({"id": unique()}).encode()
        return lambda: put_record(clients["kinesis"], name, data)
    for table in deployment.find("aws_dynamodb_table", stream_arn=arn):
        item = sample_item(table)
        dynamodb = clients["dynamodb"]
        return lambda: dynamodb.put_item(TableName=table["name"], Item=item)
    return None
]==] },
    { name = "find_text", code = [==[
def find_text(s3, bucket, text):
    """Tell whether an object of a bucket holds some bytes; look at the newest ones."""
    objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    newest = sorted(objects, key=lambda item: item["LastModified"])[-20:]
    return any(text in read_object(s3, bucket, item["Key"]) for item in newest)
]==] },
    { name = "integration_of", code = [==[
def integration_of(deployment, route):
    """Return the ARN of the function behind a route of an HTTP API, or None."""
    name = (route.get("target") or "").rsplit("/", 1)[-1]
    found = deployment.find("aws_apigatewayv2_integration", id=name)
    if not found or found[0].get("integration_subtype"):
        return None
    arn = found[0].get("integration_uri") or ""
    return arn if ":function:" in arn else None
]==] },
  },
  checks = {
    ["logs.call"] = {
      as = "subscription", clients = "logs", wiring = true,
      doc = "A line of the log group has the destination function called.",
      body = [==[
group = subscription["log_group_name"]
answer = logs.describe_subscription_filters(logGroupName=group)
found = app.pick(answer["subscriptionFilters"], filterName=subscription["name"])
arn = subscription["destination_arn"]
assert found["destinationArn"] == arn
if ":function:" not in arn or subscription["filter_pattern"]:
    continue
stream = app.unique("stream")
assert app.calls_function(
    logs, deployment, arn, lambda: app.write_log(logs, group, stream, "lsqm")
), f"{arn} was not called"
logs.delete_log_stream(logGroupName=group, logStreamName=stream)
]==] },
    ["apigateway.integration"] = {
      as = "integration", clients = "apigateway logs", wiring = true, endpoint = true,
      doc = "A request to the method has its function called.",
      body = [==[
place = {"restApiId": integration["rest_api_id"]}
place["resourceId"] = integration["resource_id"]
place["httpMethod"] = integration["http_method"]
found = apigateway.get_integration(**place)
assert found["type"] == integration["type"]
stages = app.rest_stages(deployment, integration["rest_api_id"])
wanted = {"rest_api_id": integration["rest_api_id"]}
wanted["resource_id"] = integration["resource_id"]
wanted["http_method"] = integration["http_method"]
methods = deployment.find("aws_api_gateway_method", **wanted)
arn = integration.get("uri") or ""
if not stages or not methods or ":function:" not in arn:
    continue
guards = ("api_key_required", "request_validator_id")
if methods[0]["authorization"] != "NONE" or any(map(methods[0].get, guards)):
    continue
path = app.rest_path(deployment, methods[0])
call = (endpoint, wanted["rest_api_id"], stages[0], wanted["http_method"], path)
assert app.calls_function(
    logs, deployment, arn, lambda: app.call_route(*call)
), f"{arn} was not called"
]==] },
    ["firehose.delivery"] = {
      as = "stream", clients = "firehose s3",
      doc = "A record that is put arrives in the bucket.",
      body = [==[
text = app.unique("record")
answer = firehose.put_record(
    DeliveryStreamName=stream["name"], Record={"Data": text.encode()}
)
assert answer["RecordId"]
for place in stream.get("extended_s3_configuration") or []:
    changed = place.get("processing_configuration") or []
    if place.get("compression_format") != "UNCOMPRESSED" or any(
        item["enabled"] for item in changed
    ):
        continue
    bucket = place["bucket_arn"].rsplit(":", 1)[-1]
    assert app.wait_for(
        lambda: app.find_text(s3, bucket, text.encode()), pause=1
    ), f"{text} never reached {bucket}"
]==] },
    ["scheduler.group"] = {
      as = "group", clients = "scheduler",
      doc = "The group takes a schedule, gives it back and loses it.",
      body = [==[
place = {"Name": app.unique(), "GroupName": group["name"]}
target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:lsqm"}
target["RoleArn"] = "arn:aws:iam::000000000000:role/lsqm"
scheduler.create_schedule(
    **place,
    ScheduleExpression="rate(1 day)",
    State="DISABLED",
    FlexibleTimeWindow={"Mode": "OFF"},
    Target=target,
)
try:
    found = scheduler.get_schedule(**place)
    assert found["ScheduleExpression"] == "rate(1 day)"
finally:
    scheduler.delete_schedule(**place)
]==] },
    ["scheduler.schedule"] = {
      as = "schedule", clients = "scheduler",
      doc = "The schedule has its time, its state and its target.",
      body = [==[
place = {"Name": schedule["name"], "GroupName": schedule["group_name"]}
found = scheduler.get_schedule(**place)
assert found["ScheduleExpression"] == schedule["schedule_expression"]
assert found["State"] == schedule["state"]
assert found["Target"]["Arn"] == schedule["target"][0]["arn"]
]==] },
    ["pipes.pipe"] = {
      as = "pipe", clients = "pipes",
      doc = "The pipe leads from its source to its target.",
      body = [==[
found = pipes.describe_pipe(Name=pipe["name"])
assert (found["Source"], found["Target"]) == (pipe["source"], pipe["target"])
assert found["DesiredState"] == pipe["desired_state"]
]==] },
  },
}
