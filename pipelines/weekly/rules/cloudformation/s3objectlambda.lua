-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::S3ObjectLambda::AccessPoint"] = { type = "aws_s3control_object_lambda_access_point",
    ref = "name", name = "name", name_limit = 45, name_lower = true,
    attributes = { ["Alias.Value"] = "alias" },
    props = { ObjectLambdaConfiguration = { to = "configuration" } } },
  ["AWS::S3ObjectLambda::AccessPointPolicy"] = {
    type = "aws_s3control_object_lambda_access_point_policy", ref = "name",
    props = { ObjectLambdaAccessPoint = "name", PolicyDocument = { to = "policy", json = true } } },
}
