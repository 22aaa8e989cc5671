-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::EMRContainers::JobTemplate"] = { type = "aws_emrcontainers_job_template", ref = "arn",
    name = "name" },
  ["AWS::EMRContainers::VirtualCluster"] = { type = "aws_emrcontainers_virtual_cluster" },
}
