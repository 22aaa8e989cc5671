-- SPDX-License-Identifier: Apache-2.0
local CONFIGURATION = "certificate_authority_configuration."

local function complete_chain(target, address)
  return ('"${%s}\\n${%s}"'):format(address(target, "certificate"),
    address(target, "certificate_chain"))
end

return {
  ["AWS::ACMPCA::CertificateAuthority"] = {
    type = "aws_acmpca_certificate_authority", ref = "arn",
    props = { KeyAlgorithm = CONFIGURATION .. "key_algorithm",
      SigningAlgorithm = CONFIGURATION .. "signing_algorithm",
      Subject = { to = CONFIGURATION .. "subject" },
      RevocationConfiguration = { to = "revocation_configuration", props = {
        CrlConfiguration = { to = "crl_configuration", props = {
          CrlType = { drop = "the only kind of the provider", only = { "COMPLETE" } } } } } },
    },
  },
  ["AWS::ACMPCA::CertificateAuthorityActivation"] = {
    type = "aws_acmpca_certificate_authority_certificate", ref = "certificate_authority_arn",
    attributes = { CompleteCertificateChain = complete_chain },
    props = { Status = { drop = "an authority with a certificate is active",
      only = { "ACTIVE" } } },
  },
  ["AWS::ACMPCA::Certificate"] = { type = "aws_acmpca_certificate", ref = "arn",
    props = { ApiPassthrough = { to = "api_passthrough", json = true } } },
  ["AWS::ACMPCA::Permission"] = { type = "aws_acmpca_permission", props = {} },
}
