-- SPDX-License-Identifier: Apache-2.0
-- What std.normalize calls a format → the document's original_format.
return { cfn = "cloudformation", cloudformation = "cloudformation", sam = "sam",
  serverless = "serverless", cdk = "cdk", terraform = "terraform", diagram = "diagram" }
