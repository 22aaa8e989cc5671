-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"

-- What ACM wants in the zone for one domain.
local function wanted(self, domain, attribute)
  return ("[for option in %s : option.%s if option.domain_name == %s][0]"):format(
    self:own("domain_validation_options"), attribute, expr.text(domain))
end

local function validation_record(self, item, test, i)
  local body = self:block("aws_route53_record", "validation_" .. i, test)
  local domain = self:value(item.DomainName)
  body:set("zone_id", self:value(item.HostedZoneId))
  body:raw("name", wanted(self, domain, "resource_record_name"))
  body:raw("type", wanted(self, domain, "resource_record_type"))
  body:raw("records", "[" .. wanted(self, domain, "resource_record_value") .. "]")
  body:raw("ttl", "60")
  body:raw("allow_overwrite", "true")
  local address = self.addresses[#self.addresses]
  return self.blocks[#self.blocks].count and address .. "[*].fqdn" or "[" .. address .. ".fqdn]"
end

-- CloudFormation makes the records of the zones that it is given and waits for the certificate.
local function options(self, value, body)
  local names = {}
  shared.structures(self, value, function(item, test, i)
    if item.HostedZoneId ~= nil then
      names[#names + 1] = validation_record(self, item, test, i)
    elseif item.ValidationDomain ~= nil then
      self:map(item, {}, body:block("validation_option", test))
    end
  end)
  if #names == 0 then return end
  local wait = self:block("aws_acm_certificate_validation", "validation")
  wait:raw("certificate_arn", self:own("arn"))
  wait:raw("validation_record_fqdns", "concat(" .. table.concat(names, ", ") .. ")")
end

return {
  ["AWS::CertificateManager::Certificate"] = {
    type = "aws_acm_certificate", ref = "arn", attributes = { CertificateArn = "arn", Id = "arn" },
    props = { DomainValidationOptions = options,
      CertificateTransparencyLoggingPreference =
        "options.certificate_transparency_logging_preference",
      CertificateExport = { drop = "what a certificate is without it",
        only = { "DISABLED" } } },
    finish = function(_, props, body)
      if props.CertificateAuthorityArn == nil and not body:has("validation_method") then
        body:raw("validation_method", '"EMAIL"')
      end
    end,
  },
}
