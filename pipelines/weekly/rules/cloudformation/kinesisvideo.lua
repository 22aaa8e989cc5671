-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::KinesisVideo::Stream"] = { type = "aws_kinesis_video_stream", ref = "name",
    name = "name", props = { StreamStorageConfiguration = { inline = true, props = {
      DefaultStorageTier = { drop = "the only tier of the provider",
        only = { "HOT" } } } } } },
}
