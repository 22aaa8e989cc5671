-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local POLICY = { PolicyName = "name", PolicyDocument = { to = "policy", json = true } }

-- Inline policies and attachments are resources of their own in Terraform.
local function inline_policies(owner)
  return { separate = "aws_iam_" .. owner .. "_policy", suffix = "policy",
    link = { [owner] = "name" }, props = POLICY }
end

local function attachments(owner)
  return { separate = "aws_iam_" .. owner .. "_policy_attachment", suffix = "managed",
    link = { [owner] = "name" }, item = "policy_arn" }
end

local function attached_to(owner)
  return { separate = "aws_iam_" .. owner .. "_policy_attachment", suffix = owner,
    link = { policy_arn = "arn" }, item = owner }
end

local function lone_policy(owner, key)
  return { type = "aws_iam_" .. owner .. "_policy", ref = { "name", owner }, props = {
    [key] = owner, PolicyName = "name", PolicyDocument = POLICY.PolicyDocument } }
end

-- One CloudFormation policy names many roles, users and groups; Terraform has one resource each.
local OWNERS = { { "Roles", "aws_iam_role_policy", "role" }, { "Users", "aws_iam_user_policy",
  "user" }, { "Groups", "aws_iam_group_policy", "group" } }
local KNOWN = { Roles = true, Users = true, Groups = true, PolicyName = true,
  PolicyDocument = true }

local function build_policy(self, props)
  for key in pairs(props) do
    if not KNOWN[key] then self:unsupported(key, "no counterpart in aws_iam_role_policy") end
  end
  for _, owner in ipairs(OWNERS) do
    values.each(self, props[owner[1]], function(item, test)
      local suffix = #self.blocks > 0 and owner[3] .. "_" .. #self.blocks + 1 or nil
      local body = self:block(owner[2], suffix, test)
      body:set(owner[3], self:value(item))
      self:map({ PolicyName = props.PolicyName, PolicyDocument = props.PolicyDocument }, POLICY,
        body)
    end)
  end
  if #self.blocks == 0 then self:unsupported("Roles", "a policy of nobody") end
end

-- Terraform's group membership would own the group; one for each user only adds.
local function build_membership(self, props)
  values.each(self, props.Users, function(item, test)
    local body = self:block("aws_iam_user_group_membership", #self.blocks > 0 and "user", test)
    body:set("user", self:value(item))
    self:map({ GroupName = props.GroupName }, { GroupName = "groups" }, body)
  end)
  if #self.blocks == 0 then self:unsupported("Users", "a membership of nobody") end
end

-- Nobody can choose the password in Terraform.
local LOGIN = { separate = "aws_iam_user_login_profile", suffix = "login",
  link = { user = "name" }, props = {
    Password = { drop = "the provider makes a password, which the state keeps" } } }

return {
  ["AWS::IAM::Role"] = {
    type = "aws_iam_role", ref = "name", attributes = { Arn = "arn", RoleId = "unique_id" },
    props = {
      AssumeRolePolicyDocument = { to = "assume_role_policy", json = true },
      ManagedPolicyArns = attachments "role", Policies = inline_policies "role",
    },
  },
  ["AWS::IAM::Policy"] = { type = "aws_iam_role_policy", build = build_policy, ref = "name",
    makes = { "aws_iam_user_policy", "aws_iam_group_policy" } },
  ["AWS::IAM::RolePolicy"] = lone_policy("role", "RoleName"),
  ["AWS::IAM::UserPolicy"] = lone_policy("user", "UserName"),
  ["AWS::IAM::GroupPolicy"] = lone_policy("group", "GroupName"),
  ["AWS::IAM::ManagedPolicy"] = {
    type = "aws_iam_policy", ref = "arn",
    attributes = { PolicyArn = "arn", PolicyId = "policy_id" },
    props = { ManagedPolicyName = "name", PolicyDocument = { to = "policy", json = true },
      Roles = attached_to "role", Users = attached_to "user", Groups = attached_to "group" },
  },
  ["AWS::IAM::InstanceProfile"] = { type = "aws_iam_instance_profile", ref = "name",
    props = { InstanceProfileName = "name", Roles = "role" } },
  ["AWS::IAM::User"] = {
    type = "aws_iam_user", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = {
      UserName = "name", LoginProfile = LOGIN, Policies = inline_policies "user",
      ManagedPolicyArns = attachments "user",
      Groups = { separate = "aws_iam_user_group_membership", suffix = "groups",
        link = { user = "name" }, into = "groups" },
    },
  },
  ["AWS::IAM::Group"] = {
    type = "aws_iam_group", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = { GroupName = "name", Policies = inline_policies "group",
      ManagedPolicyArns = attachments "group" },
  },
  ["AWS::IAM::UserToGroupAddition"] = { type = "aws_iam_user_group_membership",
    build = build_membership },
  ["AWS::IAM::AccessKey"] = { type = "aws_iam_access_key", ref = "id",
    attributes = { SecretAccessKey = "secret" },
    props = { UserName = "user",
      Serial = { drop = "a number that only asks for another key when it changes" } } },
  ["AWS::IAM::ServiceLinkedRole"] = { type = "aws_iam_service_linked_role", ref = "name",
    attributes = { RoleName = "name" }, props = { AWSServiceName = "aws_service_name" } },
  ["AWS::IAM::OIDCProvider"] = { type = "aws_iam_openid_connect_provider", ref = "arn",
    defaults = { client_id_list = "[]" } },
  ["AWS::IAM::SAMLProvider"] = { type = "aws_iam_saml_provider", ref = "arn", name = "name" },
  ["AWS::IAM::ServerCertificate"] = { type = "aws_iam_server_certificate", ref = "name" },
  ["AWS::IAM::VirtualMFADevice"] = { type = "aws_iam_virtual_mfa_device", ref = "arn",
    name = "virtual_mfa_device_name", attributes = { SerialNumber = "arn" } },
}
