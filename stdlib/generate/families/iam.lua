-- SPDX-License-Identifier: Apache-2.0
-- IAM: documents that read back as they were configured.

return {
  app = {},
  checks = {
    ["iam.role"] = {
      as = "role", clients = "iam",
      doc = "The role trusts whom its configuration names.",
      body = [==[
found = iam.get_role(RoleName=role["name"])["Role"]
assert found["Arn"] == role["arn"]
trust = app.document(found["AssumeRolePolicyDocument"])
assert trust == app.document(role["assume_role_policy"])
]==] },
    ["iam.role_policy"] = {
      as = "policy", clients = "iam",
      doc = "The role's own policy reads back as configured.",
      body = [==[
found = iam.get_role_policy(RoleName=policy["role"], PolicyName=policy["name"])
assert app.document(found["PolicyDocument"]) == app.document(policy["policy"])
]==] },
    ["iam.policy"] = {
      as = "policy", clients = "iam",
      doc = "The managed policy's default version reads back as configured.",
      body = [==[
found = iam.get_policy(PolicyArn=policy["arn"])["Policy"]
version = iam.get_policy_version(
    PolicyArn=policy["arn"], VersionId=found["DefaultVersionId"]
)["PolicyVersion"]
assert app.document(version["Document"]) == app.document(policy["policy"])
]==] },
    ["iam.attachment"] = {
      as = "attachment", clients = "iam",
      doc = "The managed policy is attached to the role.",
      body = [==[
answer = iam.list_attached_role_policies(RoleName=attachment["role"])
found = [policy["PolicyArn"] for policy in answer["AttachedPolicies"]]
assert attachment["policy_arn"] in found
]==] },
    ["iam.instance_profile"] = {
      as = "profile", clients = "iam",
      doc = "The instance profile holds its role.",
      body = [==[
answer = iam.get_instance_profile(InstanceProfileName=profile["name"])
roles = [role["RoleName"] for role in answer["InstanceProfile"]["Roles"]]
assert roles == ([profile["role"]] if profile.get("role") else [])
]==] },
  },
}
