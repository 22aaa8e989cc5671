-- SPDX-License-Identifier: Apache-2.0
local CRITERION = {
  Eq = "equals", Equals = "equals", Neq = "not_equals", NotEquals = "not_equals",
  Gt = "greater_than", GreaterThan = "greater_than", Gte = "greater_than_or_equal",
  GreaterThanOrEqual = "greater_than_or_equal", Lt = "less_than", LessThan = "less_than",
  Lte = "less_than_or_equal", LessThanOrEqual = "less_than_or_equal",
}

-- Terraform's id is "<detector>:<own id>".
local function own_id(target, address)
  return ('element(split(":", %s), 1)'):format(address(target, "id"))
end

local function list_of_addresses(type_name)
  return { type = type_name, ref = own_id, name = "name", attributes = { Id = own_id },
    defaults = { activate = "false" } }
end

return {
  ["AWS::GuardDuty::Detector"] = { type = "aws_guardduty_detector", props = {
    Features = { separate = "aws_guardduty_detector_feature", suffix = "feature",
      link = { detector_id = "id" } },
    DataSources = { to = "datasources", props = { MalwareProtection = { to =
      "malware_protection", props = { ScanEc2InstanceWithFindings = { to =
        "scan_ec2_instance_with_findings", props = { EbsVolumes = "ebs_volumes.enable" } } } } } },
  } },
  ["AWS::GuardDuty::Filter"] = { type = "aws_guardduty_filter", ref = "name",
    defaults = { action = '"NOOP"', rank = "1" },
    props = { FindingCriteria = { to = "finding_criteria", props = { Criterion = {
      to = "criterion", named = "field", props = CRITERION } } } } },
  ["AWS::GuardDuty::IPSet"] = list_of_addresses "aws_guardduty_ipset",
  ["AWS::GuardDuty::ThreatIntelSet"] = list_of_addresses "aws_guardduty_threatintelset",
  ["AWS::GuardDuty::MalwareProtectionPlan"] = { type = "aws_guardduty_malware_protection_plan",
    attributes = { MalwareProtectionPlanId = "id" } },
  ["AWS::GuardDuty::Master"] = { type = "aws_guardduty_invite_accepter",
    ref = "master_account_id",
    props = { MasterId = "master_account_id",
      InvitationId = { drop = "Terraform finds the invitation of the master account" } } },
  ["AWS::GuardDuty::Member"] = { type = "aws_guardduty_member", ref = "account_id",
    props = { MemberId = "account_id", Message = "invitation_message",
      Status = { to = "invite", enum = { Invited = true, Created = false } } } },
  ["AWS::GuardDuty::PublishingDestination"] = { type = "aws_guardduty_publishing_destination",
    ref = own_id, attributes = { Id = own_id },
    props = { DestinationProperties = { inline = true } } },
}
