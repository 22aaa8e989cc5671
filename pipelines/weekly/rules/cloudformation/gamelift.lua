-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::GameLift::Alias"] = { type = "aws_gamelift_alias",
    attributes = { AliasArn = "arn", AliasId = "id" } },
  ["AWS::GameLift::Build"] = { type = "aws_gamelift_build", name = "name",
    attributes = { BuildArn = "arn", BuildId = "id" },
    defaults = { operating_system = '"WINDOWS_2012"' } },
  ["AWS::GameLift::Fleet"] = { type = "aws_gamelift_fleet",
    attributes = { FleetArn = "arn", FleetId = "id" },
    props = { LogPaths = { drop = "the service does not read it any more" } } },
  ["AWS::GameLift::GameServerGroup"] = { type = "aws_gamelift_game_server_group", ref = "arn",
    attributes = { GameServerGroupArn = "arn" },
    props = { DeleteOption = { drop = "how it is deleted" },
      LaunchTemplate = { to = "launch_template", props = { LaunchTemplateId = "id",
        LaunchTemplateName = "name" } } } },
  ["AWS::GameLift::GameSessionQueue"] = { type = "aws_gamelift_game_session_queue", ref = "name",
    props = { Destinations = { to = "destinations", pluck = "DestinationArn" } } },
  ["AWS::GameLift::Script"] = { type = "aws_gamelift_script", name = "name" },
}
