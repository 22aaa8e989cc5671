-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::PaymentCryptography::Alias"] = { type = "aws_paymentcryptography_key_alias",
    ref = "alias_name" },
  ["AWS::PaymentCryptography::Key"] = { type = "aws_paymentcryptography_key", ref = "arn",
    attributes = { KeyIdentifier = "arn" } },
}
