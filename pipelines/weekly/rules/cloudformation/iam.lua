-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- Inline policies and attachments are resources of their own in Terraform.
local function inline_policies(type_name, owner)
  return function(self, value)
    values.each(self, value, function(item, test, i)
      local body = self:block(type_name, "policy_" .. i, test)
      body:raw(owner, self:own("name"))
      self:map(item, { PolicyName = "name", PolicyDocument = { to = "policy", json = true } }, body)
    end)
  end
end

local function attachments(type_name, owner)
  return function(self, value)
    values.each(self, value, function(item, test, i)
      local body = self:block(type_name, "managed_" .. i, test)
      body:raw(owner, self:own("name"))
      body:set("policy_arn", self:value(item))
    end)
  end
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
      self:map({ PolicyName = props.PolicyName, PolicyDocument = props.PolicyDocument },
        { PolicyName = "name", PolicyDocument = { to = "policy", json = true } }, body)
    end)
  end
  if #self.blocks == 0 then self:unsupported("Roles", "a policy of nobody") end
end

local ATTACH = { { "Roles", "aws_iam_role_policy_attachment", "role" }, { "Users",
  "aws_iam_user_policy_attachment", "user" }, { "Groups", "aws_iam_group_policy_attachment",
  "group" } }

local function attach_managed(self, props)
  for _, owner in ipairs(ATTACH) do
    values.each(self, props[owner[1]], function(item, test, i)
      local body = self:block(owner[2], owner[3] .. "_" .. i, test)
      body:set(owner[3], self:value(item))
      body:raw("policy_arn", self:own("arn"))
    end)
  end
end

local function memberships(self, value)
  local body = self:block("aws_iam_user_group_membership", "groups")
  body:raw("user", self:own("name"))
  body:set("groups", self:value(value))
end

return {
  ["AWS::IAM::Role"] = {
    type = "aws_iam_role", ref = "name", attributes = { Arn = "arn", RoleId = "unique_id" },
    props = {
      AssumeRolePolicyDocument = { to = "assume_role_policy", json = true },
      ManagedPolicyArns = attachments("aws_iam_role_policy_attachment", "role"),
      Policies = inline_policies("aws_iam_role_policy", "role"),
    },
  },
  ["AWS::IAM::Policy"] = { type = "aws_iam_role_policy", build = build_policy },
  ["AWS::IAM::RolePolicy"] = { type = "aws_iam_role_policy",
    props = { RoleName = "role", PolicyName = "name", PolicyDocument = { to = "policy",
      json = true } } },
  ["AWS::IAM::ManagedPolicy"] = {
    type = "aws_iam_policy", ref = "arn",
    attributes = { PolicyArn = "arn", PolicyId = "policy_id" },
    props = { ManagedPolicyName = "name", PolicyDocument = { to = "policy", json = true },
      Roles = false, Users = false, Groups = false },
    finish = attach_managed,
  },
  ["AWS::IAM::InstanceProfile"] = { type = "aws_iam_instance_profile", ref = "name",
    props = { InstanceProfileName = "name", Roles = "role" } },
  ["AWS::IAM::User"] = {
    type = "aws_iam_user", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = {
      UserName = "name", Groups = memberships,
      Policies = inline_policies("aws_iam_user_policy", "user"),
      ManagedPolicyArns = attachments("aws_iam_user_policy_attachment", "user"),
      LoginProfile = false,
    },
    finish = function(self, props)
      if props.LoginProfile then self:unsupported("LoginProfile", "a console password") end
    end,
  },
  ["AWS::IAM::Group"] = {
    type = "aws_iam_group", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = {
      GroupName = "name",
      Policies = inline_policies("aws_iam_group_policy", "group"),
      ManagedPolicyArns = attachments("aws_iam_group_policy_attachment", "group"),
    },
  },
  ["AWS::IAM::AccessKey"] = { type = "aws_iam_access_key", ref = "id",
    attributes = { SecretAccessKey = "secret" },
    props = { UserName = "user", Serial = false } },
  ["AWS::IAM::ServiceLinkedRole"] = { type = "aws_iam_service_linked_role", ref = "name",
    props = { AWSServiceName = "aws_service_name" } },
}
