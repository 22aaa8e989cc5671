-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local PROPS = shared.domain()
PROPS.ElasticsearchClusterConfig = { to = "cluster_config" }

return {
  ["AWS::Elasticsearch::Domain"] = {
    type = "aws_elasticsearch_domain", ref = "domain_name", name = "domain_name",
    name_limit = 28, name_lower = true,
    attributes = { DomainArn = "arn", Arn = "arn", DomainEndpoint = "endpoint",
      Id = "domain_id" },
    props = PROPS,
  },
}
