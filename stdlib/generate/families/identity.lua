-- SPDX-License-Identifier: Apache-2.0
-- Cognito, IAM users and groups, certificates and firewalls.

return {
  app = {
    { name = "make_user", code = [==[
def make_user(cognito_idp, pool_id, name, mail):
    """Make a user of a pool with a mail address."""
    cognito_idp.admin_create_user(
        UserPoolId=pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": mail}],
    )
]==] },
    { name = "user_names", code = [==[
def user_names(pool):
    """Return a user name that a pool takes, and the user's mail address."""
    mail = f"{unique()}@example.com"
    by_mail = "email" in (pool.get("username_attributes") or [])
    return (mail if by_mail else unique("user")), mail
]==] },
  },
  checks = {
    ["cognito.user"] = {
      as = "pool", clients = "cognito_idp",
      doc = "The pool takes a user, gives it back and loses it.",
      body = [==[
pool_id = pool["id"]
name, mail = app.user_names(pool)
app.make_user(cognito_idp, pool_id, name, mail)
try:
    found = cognito_idp.admin_get_user(UserPoolId=pool_id, Username=name)
    known = {item["Name"]: item["Value"] for item in found["UserAttributes"]}
    assert known["email"] == mail
finally:
    cognito_idp.admin_delete_user(UserPoolId=pool_id, Username=name)
users = cognito_idp.list_users(UserPoolId=pool_id)["Users"]
assert name not in [user["Username"] for user in users]
]==] },
    ["cognito.client"] = {
      as = "client", clients = "cognito_idp",
      doc = "The client has its pool, its flows and, where asked for, a secret.",
      body = [==[
place = {"UserPoolId": client["user_pool_id"], "ClientId": client["id"]}
found = cognito_idp.describe_user_pool_client(**place)["UserPoolClient"]
assert found["ClientName"] == client["name"]
wanted = client.get("explicit_auth_flows") or []
assert set(wanted) <= set(found.get("ExplicitAuthFlows", []))
assert bool(found.get("ClientSecret")) == bool(client.get("generate_secret"))
]==] },
    ["cognito.group"] = {
      as = "group", clients = "cognito_idp", wiring = true,
      doc = "A user can join the group.",
      body = [==[
pool_id = group["user_pool_id"]
pools = deployment.find("aws_cognito_user_pool", id=pool_id)
name, mail = app.user_names(pools[0] if pools else {})
app.make_user(cognito_idp, pool_id, name, mail)
place = {"UserPoolId": pool_id, "GroupName": group["name"]}
try:
    cognito_idp.admin_add_user_to_group(**place, Username=name)
    members = cognito_idp.list_users_in_group(**place)["Users"]
    assert len(members) >= 1
finally:
    cognito_idp.admin_delete_user(UserPoolId=pool_id, Username=name)
]==] },
    ["iam.user"] = {
      as = "user", clients = "iam",
      doc = "The user can be given a key, and it can be taken away.",
      body = [==[
name = user["name"]
assert iam.get_user(UserName=name)["User"]["Arn"] == user["arn"]
key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
try:
    keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert key in [item["AccessKeyId"] for item in keys]
finally:
    iam.delete_access_key(UserName=name, AccessKeyId=key)
]==] },
    ["iam.group"] = {
      as = "group", clients = "iam",
      doc = "The group takes a policy of its own and loses it.",
      body = [==[
place = {"GroupName": group["name"], "PolicyName": app.unique()}
rule = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
wanted = {"Version": "2012-10-17", "Statement": [rule]}
iam.put_group_policy(**place, PolicyDocument=json.dumps(wanted))
try:
    found = iam.get_group_policy(**place)["PolicyDocument"]
    assert app.document(found) == app.document(wanted)
finally:
    iam.delete_group_policy(**place)
]==] },
    ["acm.certificate"] = {
      as = "certificate", clients = "acm",
      doc = "The certificate is for its domain, and takes and loses a tag.",
      body = [==[
arn = certificate["arn"]
found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
assert found["DomainName"] == certificate["domain_name"]
tag = {"Key": "lsqm", "Value": app.unique()}
acm.add_tags_to_certificate(CertificateArn=arn, Tags=[tag])
try:
    assert tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
finally:
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[tag])
]==] },
    ["wafv2.addresses"] = {
      as = "addresses", clients = "wafv2",
      doc = "The set of addresses can be changed and put back.",
      body = [==[
place = {name.title(): addresses[name] for name in ("name", "scope", "id")}
found = wafv2.get_ip_set(**place)
assert sorted(found["IPSet"]["Addresses"]) == sorted(addresses["addresses"])
more = [*addresses["addresses"], "192.0.2.77/32"]
if addresses["ip_address_version"] == "IPV6":
    continue
wafv2.update_ip_set(**place, Addresses=more, LockToken=found["LockToken"])
found = wafv2.get_ip_set(**place)
assert "192.0.2.77/32" in found["IPSet"]["Addresses"]
wafv2.update_ip_set(
    **place, Addresses=addresses["addresses"], LockToken=found["LockToken"]
)
]==] },
    ["wafv2.acl"] = {
      as = "acl", clients = "wafv2",
      doc = "The access list has its rules and its default.",
      body = [==[
place = {name.title(): acl[name] for name in ("name", "scope", "id")}
found = wafv2.get_web_acl(**place)["WebACL"]
rules = {(rule["Name"], rule["Priority"]) for rule in found["Rules"]}
wanted = {(rule["name"], rule["priority"]) for rule in acl.get("rule") or []}
assert rules == wanted
kind = "Allow" if acl["default_action"][0]["allow"] else "Block"
assert list(found["DefaultAction"]) == [kind]
]==] },
  },
}
