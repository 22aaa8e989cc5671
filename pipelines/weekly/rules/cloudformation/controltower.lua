-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::ControlTower::EnabledControl"] = { type = "aws_controltower_control",
    ref = { "target_identifier", "control_identifier" },
    props = { Parameters = { to = "parameters", props = {
      Value = { to = "value", wrap = "jsonencode(%s)" } } } } },
  ["AWS::ControlTower::LandingZone"] = { type = "aws_controltower_landing_zone",
    attributes = { LandingZoneIdentifier = "id" },
    props = { Manifest = { to = "manifest_json", json = true } } },
}
