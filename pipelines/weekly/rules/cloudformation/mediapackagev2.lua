-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::MediaPackageV2::ChannelGroup"] = { type = "aws_media_packagev2_channel_group",
    ref = "arn", props = { ChannelGroupName = "name" } },
}
