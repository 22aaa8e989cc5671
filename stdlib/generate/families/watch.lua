-- SPDX-License-Identifier: Apache-2.0
-- CloudWatch and CloudTrail: alarms that ring, trails that record.

return {
  app = {
    { name = "alarm_state", code = [==[
def alarm_state(cloudwatch, name):
    """Return the state of an alarm."""
    answer = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found = answer.get("MetricAlarms", []) + answer.get("CompositeAlarms", [])
    return found[0]["StateValue"]
]==] },
    { name = "log_texts", code = [==[
def log_texts(logs, group):
    """Return the lines of all streams of a log group."""
    events = logs.filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in events]
]==] },
  },
  checks = {
    ["cloudwatch.alarm"] = {
      as = "alarm", clients = "cloudwatch",
      doc = "The alarm watches its metric, and its state can be set.",
      body = [==[
name = alarm["alarm_name"]
answer = cloudwatch.describe_alarms(AlarmNames=[name])
found = answer["MetricAlarms"][0]
assert found.get("MetricName") == (alarm.get("metric_name") or None)
assert found["ComparisonOperator"] == alarm["comparison_operator"]
before = app.alarm_state(cloudwatch, name)
state = "OK" if before == "ALARM" else "ALARM"
reason = {"AlarmName": name, "StateReason": "a test"}
cloudwatch.set_alarm_state(**reason, StateValue=state)
try:
    assert app.alarm_state(cloudwatch, name) == state
finally:
    cloudwatch.set_alarm_state(**reason, StateValue=before)
]==] },
    ["cloudwatch.dashboard"] = {
      as = "dashboard", clients = "cloudwatch",
      doc = "The dashboard reads back as configured.",
      body = [==[
found = cloudwatch.get_dashboard(DashboardName=dashboard["dashboard_name"])
wanted = json.loads(dashboard["dashboard_body"])
assert json.loads(found["DashboardBody"]) == wanted
]==] },
    ["cloudtrail.trail"] = {
      as = "trail", clients = "cloudtrail",
      doc = "The trail writes to its bucket, and logs or not as configured.",
      body = [==[
found = cloudtrail.get_trail(Name=trail["arn"])["Trail"]
assert found["S3BucketName"] == trail["s3_bucket_name"]
status = cloudtrail.get_trail_status(Name=trail["arn"])
assert status["IsLogging"] == trail["enable_logging"]
]==] },
    ["logs.metric_filter"] = {
      as = "metric", clients = "logs",
      doc = "The log group has the filter with its metric.",
      body = [==[
answer = logs.describe_metric_filters(logGroupName=metric["log_group_name"])
found = app.pick(answer["metricFilters"], filterName=metric["name"])
assert found["filterPattern"] == metric["pattern"]
wanted = metric["metric_transformation"][0]["name"]
assert found["metricTransformations"][0]["metricName"] == wanted
]==] },
  },
}
