-- SPDX-License-Identifier: Apache-2.0
-- Where a workflow's story goes. table and bucket are optional.

return {
  log_group = "/aws/eks/aphex-pipeline/workflows",
  retention_days = 30,
  namespace = "AphexPipeline",
  table = nil,  -- DynamoDB table with the key workflow_id (string)
  bucket = nil, -- S3 bucket for workflows/{workflow_id}.json
  artifact_days = 90,
}
