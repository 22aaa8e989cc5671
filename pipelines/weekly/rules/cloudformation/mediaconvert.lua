-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::MediaConvert::Queue"] = { type = "aws_media_convert_queue", ref = "name",
    name = "name" },
}
