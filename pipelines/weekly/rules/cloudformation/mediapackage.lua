-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::MediaPackage::Channel"] = { type = "aws_media_package_channel", ref = "channel_id",
    props = { Id = "channel_id", HlsIngest = { drop = "the service sets it" } } },
}
