-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local SAML = { separate = "aws_opensearch_domain_saml_options", suffix = "saml",
  link = { domain_name = "domain_name" }, into = "saml_options" }

local PROPS = shared.domain()
PROPS.AdvancedSecurityOptions.props = { SAMLOptions = SAML }

return {
  ["AWS::OpenSearchService::Domain"] = {
    type = "aws_opensearch_domain", ref = "domain_name", name = "domain_name", name_limit = 28,
    name_lower = true,
    attributes = { DomainArn = "arn", Arn = "arn", DomainEndpoint = "endpoint",
      DomainEndpointV2 = "endpoint_v2", Id = "domain_id" },
    props = PROPS,
  },
}
