-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::OSIS::Pipeline"] = { type = "aws_osis_pipeline", ref = "pipeline_arn",
    attributes = { PipelineArn = "pipeline_arn", IngestEndpointUrls = "ingest_endpoint_urls" },
    props = {
      LogPublishingOptions = { to = "log_publishing_options", props = {
        CloudWatchLogDestination = "cloudwatch_log_destination" } } } },
}
