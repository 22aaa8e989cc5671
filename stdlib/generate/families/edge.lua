-- SPDX-License-Identifier: Apache-2.0
-- Names, mail and GraphQL: records that resolve, instances that are discovered, mails that are
-- taken.

return {
  app = {
    { name = "zone_records", code = [==[
def zone_records(route53, zone_id, name, kind):
    """Return the values of a name in a zone; None when it has none."""
    name = name.rstrip(".") + "."
    pages = route53.get_paginator("list_resource_record_sets")
    for page in pages.paginate(HostedZoneId=zone_id):
        for item in page["ResourceRecordSets"]:
            if (item["Name"], item["Type"]) == (name, kind):
                return [value["Value"] for value in item.get("ResourceRecords", [])]
    return None
]==] },
    { name = "change_record", code = [==[
def change_record(route53, zone_id, action, name, text):
    """Write or delete a text record of a zone."""
    record = {"Name": name, "Type": "TXT", "TTL": 60}
    record["ResourceRecords"] = [{"Value": f'"{text}"'}]
    change = {"Action": action, "ResourceRecordSet": record}
    route53.change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={"Changes": [change]}
    )
]==] },
    { name = "send_mail", code = [==[
def send_mail(sesv2, sender, content):
    """Send a mail to nobody and return its id."""
    return sesv2.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content=content,
    )["MessageId"]
]==] },
  },
  checks = {
    ["route53.zone"] = {
      as = "zone", clients = "route53",
      doc = "The zone takes a record, serves it and loses it.",
      body = [==[
zone_id = zone["zone_id"]
name = f"{app.unique()}.{zone['name'].rstrip('.')}"
app.change_record(route53, zone_id, "UPSERT", name, "lsqm")
try:
    assert app.zone_records(route53, zone_id, name, "TXT") == ['"lsqm"']
finally:
    app.change_record(route53, zone_id, "DELETE", name, "lsqm")
assert app.zone_records(route53, zone_id, name, "TXT") is None
]==] },
    ["route53.record"] = {
      as = "record", clients = "route53",
      doc = "The zone has the record with its values.",
      body = [==[
place = (record["zone_id"], record["fqdn"], record["type"])
found = app.zone_records(route53, *place)
assert found is not None, f"no record {record['fqdn']}"
wanted = record.get("records") or []
strip = str.maketrans("", "", '"')
texts = sorted(value.translate(strip) for value in found)
assert texts == sorted(value.translate(strip) for value in wanted)
]==] },
    ["servicediscovery.service"] = {
      as = "service", clients = "servicediscovery",
      doc = "An instance can be registered, is listed and goes.",
      body = [==[
place = {"ServiceId": service["id"], "InstanceId": app.unique()}
address = {"AWS_INSTANCE_IPV4": "192.0.2.9", "AWS_INSTANCE_PORT": "80"}
servicediscovery.register_instance(**place, Attributes=address)
try:
    answer = servicediscovery.list_instances(ServiceId=service["id"])
    assert place["InstanceId"] in [item["Id"] for item in answer["Instances"]]
finally:
    servicediscovery.deregister_instance(**place)
]==] },
    ["ses.identity"] = {
      as = "identity", clients = "sesv2",
      doc = "The identity is known, and sends where it is an address.",
      body = [==[
name = identity["email_identity"]
assert sesv2.get_email_identity(EmailIdentity=name)["IdentityType"]
if "@" not in name:
    continue
text = {"Data": app.unique("mail")}
simple = {"Simple": {"Subject": text, "Body": {"Text": text}}}
assert app.send_mail(sesv2, name, simple)
]==] },
    ["ses.sender"] = {
      as = "identity", clients = "ses",
      doc = "The identity is known, and sends where it is an address.",
      body = [==[
name = identity.get("email") or identity["domain"]
assert name in ses.list_identities(MaxItems=1000)["Identities"]
if "@" not in name:
    continue
text = {"Data": app.unique("mail")}
answer = ses.send_email(
    Source=name,
    Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
    Message={"Subject": text, "Body": {"Text": text}},
)
assert answer["MessageId"]
]==] },
    ["ses.template"] = {
      as = "template", clients = "sesv2",
      doc = "The template reads back with its subject.",
      body = [==[
found = sesv2.get_email_template(TemplateName=template["name"])
content = found["TemplateContent"]
assert content["Subject"] == template["subject"]
assert (content.get("Text") or None) == (template.get("text") or None)
]==] },
    ["appsync.api"] = {
      as = "api", clients = "appsync",
      doc = "The API has its name, and takes a key and loses it.",
      body = [==[
api_id = api["id"]
found = appsync.get_graphql_api(apiId=api_id)["graphqlApi"]
assert (found["name"], found["authenticationType"]) == (
    api["name"],
    api["authentication_type"],
)
key = appsync.create_api_key(apiId=api_id)["apiKey"]["id"]
try:
    keys = appsync.list_api_keys(apiId=api_id)["apiKeys"]
    assert key in [item["id"] for item in keys]
finally:
    appsync.delete_api_key(apiId=api_id, id=key)
]==] },
    ["cloudfront.distribution"] = {
      as = "distribution", clients = "cloudfront",
      doc = "The distribution has its origins and takes an invalidation.",
      body = [==[
answer = cloudfront.get_distribution(Id=distribution["id"])["Distribution"]
origins = answer["DistributionConfig"]["Origins"]["Items"]
wanted = {item["origin_id"] for item in distribution["origin"]}
assert {item["Id"] for item in origins} == wanted
paths = {"Quantity": 1, "Items": ["/*"]}
batch = {"Paths": paths, "CallerReference": app.unique()}
made = cloudfront.create_invalidation(
    DistributionId=distribution["id"], InvalidationBatch=batch
)
assert made["Invalidation"]["Id"]
]==] },
  },
}
