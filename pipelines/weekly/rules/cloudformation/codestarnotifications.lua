-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CodeStarNotifications::NotificationRule"] = {
    type = "aws_codestarnotifications_notification_rule", ref = "arn",
    props = { Targets = { to = "target", props = {
      TargetAddress = "address", TargetType = "type" } } },
  },
}
