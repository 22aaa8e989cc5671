-- SPDX-License-Identifier: Apache-2.0
-- S3: objects, versions, and what a bucket tells others about.

return {
  app = {
    { name = "put_object", code = [==[
def put_object(s3, bucket, key, body):
    """Store an object and return its version, if the bucket keeps versions."""
    return s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")
]==] },
    { name = "read_object", code = [==[
def read_object(s3, bucket, key, **options):
    """Return the bytes of an object."""
    return s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()
]==] },
    { name = "list_keys", code = [==[
def list_keys(s3, bucket, prefix):
    """Return the keys that start with a prefix."""
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in answer.get("Contents", [])]
]==] },
    { name = "delete_object", code = [==[
def delete_object(s3, bucket, key):
    """Remove an object with all its versions, those that a lock governs too."""
    s3.delete_object(Bucket=bucket, Key=key)
    answer = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for item in answer.get("Versions", []) + answer.get("DeleteMarkers", []):
        if item["VersionId"] != "null":
            s3.delete_object(
                Bucket=bucket,
                Key=key,
                VersionId=item["VersionId"],
                BypassGovernanceRetention=True,
            )
]==] },
    { name = "created_key", code = [==[
def created_key(rule):
    """Return a key that a notification rule's filter lets through."""
    prefix = rule.get("filter_prefix") or ""
    return prefix + unique() + (rule.get("filter_suffix") or "")
]==] },
  },
  checks = {
    ["s3.object_round_trip"] = {
      as = "bucket", clients = "s3",
      doc = "An object that is put is listed, read back unchanged and deleted.",
      body = [==[
key = app.unique("round-trip/lsqm")
app.put_object(s3, bucket["bucket"], key, b"content of " + key.encode())
try:
    assert app.list_keys(s3, bucket["bucket"], key) == [key]
    body = app.read_object(s3, bucket["bucket"], key)
    assert body == b"content of " + key.encode()
finally:
    app.delete_object(s3, bucket["bucket"], key)
assert app.list_keys(s3, bucket["bucket"], key) == []
]==] },
    ["s3.versions"] = {
      as = "settings", clients = "s3",
      doc = "A versioned bucket gives back the older version of an object.",
      body = [==[
bucket = settings["bucket"]
status = settings["versioning_configuration"][0]["status"]
answer = s3.get_bucket_versioning(Bucket=bucket)
assert answer.get("Status", "Disabled") == status
if status != "Enabled":
    continue
key = app.unique("versions/lsqm")
try:
    first = app.put_object(s3, bucket, key, b"first")
    app.put_object(s3, bucket, key, b"second")
    assert app.read_object(s3, bucket, key) == b"second"
    assert app.read_object(s3, bucket, key, VersionId=first) == b"first"
finally:
    app.delete_object(s3, bucket, key)
]==] },
    ["s3.stored_object"] = {
      as = "item", clients = "s3",
      doc = "The object that the template uploads can be read.",
      body = [==[
body = app.read_object(s3, item["bucket"], item["key"])
if item.get("content") is not None:
    assert body == item["content"].encode()
assert s3.head_object(Bucket=item["bucket"], Key=item["key"])["ETag"]
]==] },
    ["s3.notification"] = {
      as = "notification", clients = "logs s3 sqs", wiring = true,
      doc = "Creating an object tells the configured queues and functions about it.",
      body = [==[
bucket = notification["bucket"]
found = s3.get_bucket_notification_configuration(Bucket=bucket)
for field, section in [
    ("queue", "QueueConfigurations"),
    ("topic", "TopicConfigurations"),
    ("lambda_function", "LambdaFunctionConfigurations"),
]:
    assert len(found.get(section, [])) == len(notification.get(field) or [])
for rule in notification.get("queue") or []:
    created = any("ObjectCreated" in event for event in rule["events"])
    if not created or app.is_consumed(deployment, rule["queue_arn"]):
        continue
    key = app.created_key(rule)
    app.put_object(s3, bucket, key, b"notify")
    try:
        name = key.rsplit("/", 1)[-1]
        url = app.queue_url(sqs, rule["queue_arn"])
        assert app.receive(sqs, url, name), f"no message about {key}"
    finally:
        app.delete_object(s3, bucket, key)
for rule in notification.get("lambda_function") or []:
    if not any("ObjectCreated" in event for event in rule["events"]):
        continue
    key, arn = app.created_key(rule), rule["lambda_function_arn"]
    try:
        act = functools.partial(app.put_object, s3, bucket, key, b"call")
        called = app.calls_function(logs, deployment, arn, act)
        assert called, f"{arn} was not called"
    finally:
        app.delete_object(s3, bucket, key)
]==] },
    ["s3.encryption"] = {
      as = "settings", clients = "s3",
      doc = "New objects are encrypted as the bucket's default says.",
      body = [==[
bucket = settings["bucket"]
answer = s3.get_bucket_encryption(Bucket=bucket)
found = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
wanted = settings["rule"][0]["apply_server_side_encryption_by_default"]
if wanted:
    default = found["ApplyServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == wanted[0]["sse_algorithm"]
    key_id = wanted[0].get("kms_master_key_id") or None
    assert default.get("KMSMasterKeyID") == key_id
]==] },
    ["s3.policy"] = {
      as = "policy", clients = "s3",
      doc = "The bucket policy reads back as configured.",
      body = [==[
found = s3.get_bucket_policy(Bucket=policy["bucket"])["Policy"]
assert app.document(found) == app.document(policy["policy"])
]==] },
  },
}
