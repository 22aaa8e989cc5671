-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- A polygon is a list of points, and the property a list of polygons.
local function polygons(self, value, body)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for _, points in ipairs(value) do
    self:map({ Polygon = points }, {}, body:block("regions_of_interest"))
  end
end

local function boxes(self, value, body)
  values.each(self, value, function(item, test)
    self:map({ BoundingBox = item }, {}, body:block("regions_of_interest", test))
  end)
end

return {
  ["AWS::Rekognition::Collection"] = { type = "aws_rekognition_collection",
    ref = "collection_id" },
  ["AWS::Rekognition::Project"] = { type = "aws_rekognition_project", ref = "name" },
  ["AWS::Rekognition::StreamProcessor"] = { type = "aws_rekognition_stream_processor",
    ref = "name", name = "name", attributes = { Arn = "stream_processor_arn" },
    props = {
      KinesisVideoStream = "input.kinesis_video_stream",
      KinesisDataStream = "output.kinesis_data_stream",
      S3Destination = { to = "output.s3_destination", props = { BucketName = "bucket",
        ObjectKeyPrefix = "key_prefix" } },
      ConnectedHomeSettings = "settings.connected_home",
      FaceSearchSettings = "settings.face_search",
      NotificationChannel = { to = "notification_channel", props = { Arn = "sns_topic_arn" } },
      BoundingBoxRegionsOfInterest = boxes, PolygonRegionsOfInterest = polygons,
    } },
}
