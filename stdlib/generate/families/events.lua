-- SPDX-License-Identifier: Apache-2.0
-- EventBridge: events that match a rule and reach its queue.

return {
  app = {
    { name = "matching_detail", code = [==[
def matching_detail(pattern):
    """Return a document that an event pattern lets through."""
    detail = {}
    for name, rules in pattern.items():
        if name.startswith("$"):
            continue
        nested = isinstance(rules, dict)
        detail[name] = matching_detail(rules) if nested else allowed_value(rules)
    return detail
]==] },
    { name = "matching_event", code = [==[
def matching_event(rule, token):
    """Return an entry for put_events that matches a rule and carries a token."""
    pattern = json.loads(rule["event_pattern"])
    detail = matching_detail(pattern.get("detail", {}))
    return {
        "EventBusName": rule.get("event_bus_name") or "default",
        "Source": allowed_value(pattern.get("source", ["lsqm"])),
        "DetailType": allowed_value(pattern.get("detail-type", ["lsqm"])),
        "Detail": json.dumps({**detail, "lsqm_token": token}),
    }
]==] },
  },
  checks = {
    ["events.rule"] = {
      as = "rule", clients = "events",
      doc = "The rule is there with its pattern or schedule.",
      body = [==[
bus = rule.get("event_bus_name") or "default"
found = events.describe_rule(Name=rule["name"], EventBusName=bus)
if rule.get("event_pattern"):
    wanted = app.document(rule["event_pattern"])
    assert app.document(found["EventPattern"]) == wanted
if rule.get("schedule_expression"):
    assert found["ScheduleExpression"] == rule["schedule_expression"]
]==] },
    ["events.delivery"] = {
      as = "target", clients = "events logs sqs", wiring = true,
      doc = "An event that matches the rule reaches its target.",
      body = [==[
bus = target.get("event_bus_name") or "default"
answer = events.list_targets_by_rule(Rule=target["rule"], EventBusName=bus)
assert target["arn"] in [found["Arn"] for found in answer["Targets"]]
rules = deployment.find("aws_cloudwatch_event_rule", name=target["rule"])
rules = [rule for rule in rules if rule.get("event_pattern")]
if not rules or rules[0].get("state") == "DISABLED":
    continue
token = app.unique("event")
entry = app.matching_event(rules[0], token)
if entry["Source"].startswith("aws."):
    continue
if ":function:" in target["arn"]:
    assert app.calls_function(
        logs,
        deployment,
        target["arn"],
        lambda: events.put_events(Entries=[entry]),
    ), f"{target['arn']} was not called"
changed = any(target.get(key) for key in ("input", "input_path"))
if ":sqs:" not in target["arn"] or changed or target["input_transformer"]:
    continue
if app.is_consumed(deployment, target["arn"]):
    continue
assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
url = app.queue_url(sqs, target["arn"])
assert app.receive(sqs, url, token), f"{token} never reached the queue"
]==] },
    ["events.bus"] = {
      as = "bus", clients = "events",
      doc = "The bus takes an event.",
      body = [==[
assert events.describe_event_bus(Name=bus["name"])["Arn"] == bus["arn"]
entry = {"Source": "lsqm", "DetailType": "lsqm", "Detail": "{}"}
answer = events.put_events(Entries=[{**entry, "EventBusName": bus["name"]}])
assert answer["FailedEntryCount"] == 0
]==] },
  },
}
