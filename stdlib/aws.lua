-- SPDX-License-Identifier: Apache-2.0
-- AWS's own interfaces, for the few calls that pipelines make themselves: signed requests in the
-- three protocols that services speak. Not a client for everything: shapes are the caller's.
--
--   local aws = require "std.aws"
--   local client = aws.client { region = "us-east-1", endpoint = nil, credentials = … }
--   client:query("sts", "GetCallerIdentity", {})              XML services
--   client:json("logs", "PutLogEvents", { … })                JSON services
--   client:s3 { method = "PUT", bucket = "b", key = "k", body_file = path }
--
-- Source: AWS General Reference, "Signature Version 4"; the service's API reference for the rest.

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local mask = require "std.mask"
local sha256 = require "std.sha256"
local tables = require "std.table"
local time = require "std.time"
local xml = require "std.xml"

local M = {}

-- What a service is called in its address, in its signature, and how it names its version or
-- target. Only what is called.
local SERVICES <const> = {
  sts = { version = "2011-06-15" },
  cloudformation = { version = "2010-05-15" },
  cloudwatch = { host = "monitoring", signs = "monitoring", version = "2010-08-01" },
  logs = { target = "Logs_20140328", json = "1.1" },
  dynamodb = { target = "DynamoDB_20120810", json = "1.0" },
  s3 = {},
}

local PASSING <const> = { [429] = true, [500] = true, [502] = true, [503] = true, [504] = true }
local ATTEMPTS <const> = 3
local RENEW_SECONDS <const> = 300

---@class lsqm.AwsClient
---@field region string
---@field endpoint string|nil  one address for all services (an emulator)
local Client = {}
Client.__index = Client

--- The credentials of the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary
--- ones, AWS_SESSION_TOKEN; else those of the role that AWS_ROLE_ARN and
--- AWS_WEB_IDENTITY_TOKEN_FILE name (IRSA), which renew themselves.
---@param options {env: table<string, string>|nil, region: string|nil, endpoint: string|nil,
---  sleep: function|nil}|nil env: instead of the environment
---@return {key: string, secret: string, token: string|nil, expires: number|nil,
---  renew: function|nil}|nil
---@return lsqm.Error|nil err code "denied"
function M.credentials(options)
  options = options or {}
  local function get(name)
    local value = options.env and options.env[name]
    if not options.env then value = os.getenv(name) end
    return value ~= "" and value or nil
  end
  local key, secret = get "AWS_ACCESS_KEY_ID", get "AWS_SECRET_ACCESS_KEY"
  if key and secret then
    mask.add(secret)
    mask.add(get "AWS_SESSION_TOKEN")
    return { key = key, secret = secret, token = get "AWS_SESSION_TOKEN" }
  end
  local role, file = get "AWS_ROLE_ARN", get "AWS_WEB_IDENTITY_TOKEN_FILE"
  if role and file then
    return require("std.aws.web_identity").credentials { role = role, token_file = file,
      session = get "AWS_ROLE_SESSION_NAME", sleep = options.sleep,
      address = M.address("sts", options.region or get "AWS_REGION" or "us-east-1",
        options.endpoint) }
  end
  return nil, error_of.new { op = "aws", code = "denied", message = "there are no credentials",
    hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN and "
      .. "AWS_WEB_IDENTITY_TOKEN_FILE" }
end

---@param options {region: string, credentials: table, endpoint: string|nil, timeout: number|nil,
---  sleep: function|nil}
---@return lsqm.AwsClient
function M.client(options)
  for _, name in ipairs { "region", "credentials" } do
    if not options[name] then error("aws.client: " .. name .. " is required", 2) end
  end
  return setmetatable({ region = options.region, credentials = options.credentials,
    endpoint = options.endpoint and (options.endpoint:gsub("/+$", "")),
    timeout = options.timeout or 30, sleep = options.sleep }, Client)
end

--- The same client in another region.
function Client:in_region(region)
  return M.client { region = region, credentials = self.credentials, endpoint = self.endpoint,
    timeout = self.timeout, sleep = self.sleep }
end

-- What addresses end with, by the beginning of the region's name. Source: botocore, partitions.
local SUFFIXES <const> = { ["cn"] = "amazonaws.com.cn", ["eusc"] = "amazonaws.eu",
  ["us-iso"] = "c2s.ic.gov", ["us-isob"] = "sc2s.sgov.gov", ["eu-isoe"] = "cloud.adc-e.uk",
  ["us-isof"] = "csp.hci.ic.gov" }

--- Where a service answers.
---@param service string
---@param region string
---@param endpoint string|nil one address for all services (an emulator)
---@return string
function M.address(service, region, endpoint)
  if endpoint then return (endpoint:gsub("/+$", "")) end
  local suffix = SUFFIXES[region:match "^%a+%-iso%a?"] or SUFFIXES[region:match "^%a+"]
  return ("https://%s.%s.%s"):format(SERVICES[service].host or service, region,
    suffix or "amazonaws.com")
end

local function address(self, service) return M.address(service, self.region, self.endpoint) end

-- Temporary credentials are renewed before they end.
local function credentials_of(self)
  local own = self.credentials
  if not own.expires or time.now() < own.expires - RENEW_SECONDS then return own end
  local fresh, err = own.renew()
  if not fresh then return nil, err end
  self.credentials = fresh
  return fresh
end

local function send(self, service, options)
  local credentials, err = credentials_of(self)
  if not credentials then return nil, err end
  local spec, headers = SERVICES[service], options.headers or {}
  headers["X-Amz-Security-Token"] = credentials.token
  return http.request { method = options.method or "POST", url = options.url, headers = headers,
    body = options.body, body_file = options.body_file, to_file = options.to_file,
    timeout = options.timeout or self.timeout, retries = ATTEMPTS - 1,
    retry_unsafe = options.again, sleep = self.sleep,
    aws_sigv4 = ("aws:amz:%s:%s"):format(self.region, spec.signs or service),
    credentials = credentials.key .. ":" .. credentials.secret }
end

-- --- errors -------------------------------------------------------------------------------------

local KINDS <const> = { AccessDenied = "denied", ExpiredToken = "denied",
  InvalidClientTokenId = "denied", SignatureDoesNotMatch = "denied",
  InvalidIdentityToken = "denied", ExpiredTokenException = "denied",
  UnrecognizedClientException = "denied", AccessDeniedException = "denied",
  ResourceNotFoundException = "not_found", NoSuchBucket = "not_found", NoSuchKey = "not_found",
  NoSuchLifecycleConfiguration = "not_found", ResourceAlreadyExistsException = "exists",
  ResourceInUseException = "exists", AlreadyExistsException = "exists",
  BucketAlreadyOwnedByYou = "exists", Throttling = "unavailable",
  ThrottlingException = "unavailable", RequestLimitExceeded = "unavailable",
  TooManyRequestsException = "unavailable", SlowDown = "unavailable" }

local function failure(op, status, name, message)
  name = name and tostring(name):match "[^#]*$"
  return error_of.new { op = op, status = status, aws = name,
    code = KINDS[name] or (PASSING[status] and "unavailable") or "http",
    message = ("%s: %s"):format(name or ("HTTP " .. status), tostring(message or ""):sub(1, 400)) }
end

local function xml_failure(op, reply)
  local document = xml.parse(reply.body)
  local found = document and (xml.find(document, "Error") or document)
  return failure(op, reply.status, found and xml.text(found, "Code"),
    found and xml.text(found, "Message"))
end

local function json_failure(op, reply)
  local body = json.decode(reply.body)
  if type(body) ~= "table" then body = {} end
  return failure(op, reply.status, body.__type or body.code, body.message or body.Message)
end

local function is_success(reply) return reply.status >= 200 and reply.status < 300 end

-- --- the protocols ------------------------------------------------------------------------------

local function encode(text)
  return (tostring(text):gsub("[^%w%-._~]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

-- For std.aws.web_identity, whose one call is not signed.
M.encode, M.xml_failure = encode, xml_failure

-- {Tags = {{Key = "a"}}} as Tags.member.1.Key=a
local function flatten(prefix, value, out)
  if type(value) ~= "table" then
    out[#out + 1] = encode(prefix) .. "=" .. encode(value)
  elseif #value > 0 then
    for i, item in ipairs(value) do flatten(("%s.member.%d"):format(prefix, i), item, out) end
  else
    for name, item in pairs(value) do flatten(prefix .. "." .. name, item, out) end
  end
end

--- A call of a service that speaks the Query protocol; the answer as an XML element.
---@param service string
---@param action string
---@param params table
---@param again boolean|nil the call may be repeated
---@return table|nil element see std.xml
---@return lsqm.Error|nil
function Client:query(service, action, params, again)
  local words = { "Action=" .. action, "Version=" .. SERVICES[service].version }
  for name, value in pairs(params) do flatten(name, value, words) end
  table.sort(words)
  local op = service .. " " .. action
  local reply, err = send(self, service, { url = address(self, service) .. "/", again = again,
    headers = { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8" },
    body = table.concat(words, "&") })
  if not reply then return nil, error_of.wrap(err, op) end
  if not is_success(reply) then return nil, xml_failure(op, reply) end
  return xml.parse(reply.body)
end

--- A call of a service that speaks JSON.
---@param service string
---@param action string
---@param body table
---@param again boolean|nil the call may be repeated
---@return table|nil answer
---@return lsqm.Error|nil
function Client:json(service, action, body, again)
  local spec, op = SERVICES[service], service .. " " .. action
  local reply, err = send(self, service, { url = address(self, service) .. "/", again = again,
    headers = { ["Content-Type"] = "application/x-amz-json-" .. spec.json,
      ["X-Amz-Target"] = spec.target .. "." .. action }, body = json.encode(body) })
  if not reply then return nil, error_of.wrap(err, op) end
  if not is_success(reply) then return nil, json_failure(op, reply) end
  if reply.body == "" then return {} end
  return json.decode(reply.body)
end

local function s3_url(self, options)
  local parts = { address(self, "s3"), "/", encode(options.bucket) }
  if options.key then
    parts[#parts + 1] = "/" .. encode(options.key):gsub("%%2F", "/")
  end
  -- A parameter without a value is signed with its "=".
  if options.query then parts[#parts + 1] = "?" .. options.query .. "=" end
  return table.concat(parts)
end

-- S3 wants the body's hash as a header of its own; curl signs with it.
local function content_hash(options)
  if options.body_file then return sha256.file(options.body_file) end
  return sha256.string(options.body or "")
end

--- A request to S3, by path. The answer of any 2xx status.
---@param options {method: string|nil, bucket: string, key: string|nil, query: string|nil,
---  headers: table|nil, body: string|nil, body_file: string|nil, to_file: string|nil}
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function Client:s3(options)
  local method = options.method or "GET"
  local op = ("s3 %s %s%s"):format(method, options.bucket, options.key and "/" .. options.key or "")
  local hash, why = content_hash(options)
  if not hash then return nil, error_of.wrap(why, op) end
  local headers = tables.copy(options.headers or {})
  headers["X-Amz-Content-Sha256"] = hash
  if options.body or options.body_file then
    headers["Content-Type"] = headers["Content-Type"] or "application/octet-stream"
  end
  local reply, err = send(self, "s3", { method = method, url = s3_url(self, options),
    headers = headers, body = options.body, body_file = options.body_file,
    to_file = options.to_file, timeout = (options.body_file or options.to_file) and 3600 })
  if not reply then return nil, error_of.wrap(err, op) end
  if is_success(reply) then return reply end
  local failed, home = xml_failure(op, reply), reply.headers["x-amz-bucket-region"]
  if home and home ~= self.region then
    failed.hint = ("the bucket is in %s, this is %s"):format(home, self.region)
  end
  return nil, failed
end

return M
