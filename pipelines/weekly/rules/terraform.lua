-- SPDX-License-Identifier: Apache-2.0
-- What normalising a Terraform root changes. Copy this file into your pipelines folder to decide
-- otherwise. In `values`, {name} is the text of that argument ("null" where it is missing and
-- `defaults` has none) and {seed} a string that differs for every instance; `sensitive` values are
-- marked so, arguments in `keep` stay readable as attributes.
local HEX = "sha512({seed})"
local FIXED_TIME = '"2024-01-01T00:00:00Z"'

local function time_values(rfc3339)
  return {
    id = rfc3339, rfc3339 = rfc3339, unix = "1704067200",
    year = ("tonumber(formatdate(\"YYYY\", %s))"):format(rfc3339),
    month = ("tonumber(formatdate(\"M\", %s))"):format(rfc3339),
    day = ("tonumber(formatdate(\"D\", %s))"):format(rfc3339),
    hour = ("tonumber(formatdate(\"h\", %s))"):format(rfc3339),
    minute = ("tonumber(formatdate(\"m\", %s))"):format(rfc3339),
    second = ("tonumber(formatdate(\"s\", %s))"):format(rfc3339),
  }
end

-- Offsets in hours; months and years are counted as 30 and 365 days.
local OFFSET = '"${coalesce({P_hours}, 0) + 24 * (coalesce({P_days}, 0) + '
  .. '30 * coalesce({P_months}, 0) + 365 * coalesce({P_years}, 0))}h'
  .. '${coalesce({P_minutes}, 0)}m${coalesce({P_seconds}, 0)}s"'

local function shifted(prefix)
  return ("timeadd(coalesce({%s}, %s), %s)"):format(
    prefix == "rotation" and "rfc3339" or "base_rfc3339", FIXED_TIME,
    (OFFSET:gsub("P_", prefix .. "_")))
end

local PET = 'join({separator}, concat(compact([{prefix}]), slice(["calm", "brave", "warm", "keen", '
  .. '"glad"], 0, min(5, {length} - 1)), ["x${substr(sha256({seed}), 0, 5)}"]))'

-- Letters and digits in the case that is asked for; a special character where one is required.
local STRING = 'substr(({upper} && !{lower} ? upper(%s) : %s), 0, {length})'
local SPECIAL = '"${({special} && coalesce({min_special}, 0) > 0) ? '
  .. 'substr(coalesce({override_special}, "!"), 0, 1) : ""}${%s}"'
local DIGITS = '({numeric} && coalesce({number}, true) ? %s : replace(%s, "/[0-9]/", "g"))'

local function random_text(head)
  local text = DIGITS:format(HEX, HEX)
  text = SPECIAL:format(head and ('"' .. head .. '${' .. text .. '}"') or text)
  return STRING:format(text, text)
end

local STRING_DEFAULTS = { upper = "true", lower = "true", numeric = "true", special = "true" }
local HEX_ID = 'substr(' .. HEX .. ', 0, 2 * {byte_length})'
local B64_URL = 'substr(replace(replace(replace(base64sha512({seed}), "+", "-"), "/", "_"), "=", '
  .. '""), 0, ceil({byte_length} * 4 / 3))'

local function prefixed(text) return '"${coalesce({prefix}, " ") == " " ? "" : {prefix}}${'
  .. text .. '}"' end

return {
  -- Resources and data sources that become locals.
  locals = {
    random_id = { values = { hex = prefixed(HEX_ID), id = B64_URL, b64_url = prefixed(B64_URL),
      b64_std = prefixed('base64encode(' .. HEX_ID .. ')'),
      dec = prefixed('parseint(substr(' .. HEX .. ', 0, min(12, 2 * {byte_length})), 16)') },
      keep = { "byte_length", "keepers", "prefix" } },
    random_string = { values = { result = random_text(), id = random_text() },
      defaults = STRING_DEFAULTS, keep = { "length", "keepers" } },
    random_password = { values = { result = random_text "Aa1", id = '"none"',
      bcrypt_hash = 'join("", ["$2a$10$", substr(sha256({seed}), 0, 53)])' },
      sensitive = { result = true, bcrypt_hash = true }, defaults = STRING_DEFAULTS,
      keep = { "length", "keepers" } },
    random_pet = { values = { id = PET }, defaults = { separator = '"-"', length = "2" },
      keep = { "keepers", "prefix", "separator" } },
    random_uuid = { values = { result = 'uuidv5("url", {seed})', id = 'uuidv5("url", {seed})' },
      keep = { "keepers" } },
    random_integer = { values = {
      result = "{min} + parseint(substr(sha256({seed}), 0, 8), 16) % ({max} - {min} + 1)",
      id = 'tostring({min} + parseint(substr(sha256({seed}), 0, 8), 16) % ({max} - {min} + 1))' },
      keep = { "min", "max", "keepers" } },
    random_shuffle = { values = { id = '"-"',
      result = "slice(tolist({input}), 0, min(length({input}), coalesce({result_count}, 9999)))" },
      keep = { "input", "keepers" } },
    random_bytes = { values = { hex = 'substr(' .. HEX .. ', 0, 2 * {length})',
      base64 = 'base64encode(substr(' .. HEX .. ', 0, {length}))' }, keep = { "length" } },
    time_static = { values = time_values("coalesce({rfc3339}, " .. FIXED_TIME .. ")"),
      keep = { "triggers" } },
    time_offset = { values = (function()
      local values = time_values(shifted "offset")
      values.base_rfc3339 = "coalesce({base_rfc3339}, " .. FIXED_TIME .. ")"
      return values
    end)(), keep = { "triggers" } },
    time_rotating = { values = (function()
      local values = time_values("coalesce({rfc3339}, " .. FIXED_TIME .. ")")
      values.rotation_rfc3339 = shifted "rotation"
      return values
    end)(), keep = { "triggers" } },
    local_file = { values = { filename = "{filename}", content = "{content}",
      id = "sha1(jsonencode({content}))" }, note = "is not written when it is deployed" },
    local_sensitive_file = { values = { filename = "{filename}", content = "{content}",
      id = '"none"' }, sensitive = { content = true },
      note = "is not written when it is deployed" },
    ["data.local_file"] = { values = { content = "file({filename})", filename = "{filename}",
      content_base64 = "filebase64({filename})", id = "filesha1({filename})" } },
    ["data.null_data_source"] = { values = { outputs = "{inputs}", id = '"static"' },
      defaults = { inputs = "{}" } },
    -- `keys`: values from rules/terraform_keys.lua.
    tls_private_key = { keys = { "private_key_pem", "private_key_pem_pkcs8", "public_key_pem",
      "public_key_openssh" }, values = { id = '"static"',
      public_key_fingerprint_md5 = '"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"' },
      sensitive = { private_key_pem = true, private_key_pem_pkcs8 = true } },
    tls_self_signed_cert = { keys = { "cert_pem" }, values = { id = '"static"' } },
    tls_locally_signed_cert = { keys = { "cert_pem" }, values = { id = '"static"' } },
  },

  -- Resources that become terraform_data, which is built in: arguments kept and their new names.
  builtin = {
    null_resource = { arguments = { triggers = "triggers_replace" },
      attributes = { triggers = "triggers_replace" } },
    time_sleep = { arguments = { triggers = "input" }, attributes = { triggers = "output" } },
  },

  -- data "http": what an address answers.
  http = {
    { "checkip%.amazonaws%.com", "203.0.113.10\n" }, { "icanhazip%.com", "203.0.113.10\n" },
    { "ifconfig%.", "203.0.113.10" }, { "ipify%.org", "203.0.113.10" },
    { "ipinfo%.io/ip", "203.0.113.10" },
  },

  -- Attributes that the provider's other versions call differently (data sources as "data.<type>").
  attributes = {
    ["data.aws_region"] = { region = "name" },
  },

  -- Arguments of other provider versions, by type ("*": any): the text that takes their place, or
  -- false for one that is left out and listed.
  arguments = {
    ["*"] = { tags_all = false, skip_destroy = false, tags = false },
  },

  -- Blocks of other provider versions. {by=, value=, KEY=}: the attribute that the block's `by`
  -- names takes its `value`. {into=, rename=, as=}: the block moves into the first of these.
  blocks = {
    aws_dynamodb_table = { key_schema = { by = "key_type", value = "attribute_name",
      HASH = "hash_key", RANGE = "range_key" } },
    aws_kinesis_firehose_delivery_stream = { s3_configuration = { rename = {
      buffer_size = "buffering_size", buffer_interval = "buffering_interval" },
      into = { "elasticsearch_configuration", "opensearch_configuration",
        "redshift_configuration", "splunk_configuration", "http_endpoint_configuration" } } },
  },

  -- Runtimes that the provider does not know yet, and what stands for them.
  runtimes = { ["python3.14"] = "python3.13", ["nodejs24.x"] = "nodejs22.x",
    ["java25"] = "java21", ["dotnet10"] = "dotnet8", ["ruby3.5"] = "ruby3.4" },

  -- Texts that ask to be replaced; a value made from the name takes their place.
  placeholders = { "^REPLACE_", "^CHANGE_?ME", "^YOUR[_-]", "^<.*>$", "^INSERT_" },

  -- Modules that build packages by running a script: found by the variables that they declare; a
  -- call gets a package that was made here.
  packagers = {
    { variables = { "source_path", "create_package", "local_existing_package", "handler",
        "runtime", "store_on_s3" },
      off = { "create_package" }, package = "local_existing_package",
      existing = { "local_existing_package", "s3_existing_package", "image_uri" },
      overrides = { create_package = "false", store_on_s3 = "false" } },
  },

  -- Commands of provisioners that only fetch or build files beside the root: those are made here.
  builds = { "^%s*curl%s+[%w%s-]*%-[oO]%s", "^%s*wget%s", "^%s*mkdir%s+%-p%s+[%w%p]+%s*$" },

  -- Stand-ins for files that are not there, by name or ending; `keys` as above.
  keys = { crt = "cert_pem", pem = "cert_pem", key = "private_key_pem_pkcs8" },
  code = {
    js = "function handler(event) {\n  return event.request;\n}\n",
    mjs = "export const handler = async () => ({ statusCode: 200, body: \"{}\" });\n",
    cjs = "exports.handler = async () => ({ statusCode: 200, body: \"{}\" });\n",
    py = "def handler(event, context):\n    return {\"statusCode\": 200, \"body\": \"{}\"}\n",
    sh = "#!/bin/sh\nexit 0\n", sql = "SELECT 1;\n", vtl = "{}\n", md = "# Stub\n",
    html = "<!doctype html>\n<title>Stub</title>\n", ["requirements.txt"] = "",
    ["package.json"] = "{}\n", Dockerfile = "FROM scratch\n",
  },
}
