-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CustomerProfiles::Domain"] = { type = "aws_customerprofiles_domain",
    ref = "domain_name" },
}
