-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CDK::Metadata"] = { type = "", drop = "usage statistics of the CDK, deploys nothing" },
}
