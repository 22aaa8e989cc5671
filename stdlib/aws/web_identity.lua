-- SPDX-License-Identifier: Apache-2.0
-- Credentials of a role for a token that the cluster wrote into a file (IRSA). Source: AWS STS API
-- Reference, AssumeRoleWithWebIdentity: the one call that is not signed.

local aws = require "std.aws"
local error_of = require "std.error"
local fs = require "std.fs"
local http = require "std.http"
local mask = require "std.mask"
local time = require "std.time"
local xml = require "std.xml"

local M = {}

local OP <const> = "sts AssumeRoleWithWebIdentity"
local SESSION <const> = "lsqm"

local function request(options, token)
  local words = { "Action=AssumeRoleWithWebIdentity", "Version=2011-06-15",
    "RoleArn=" .. aws.encode(options.role), "RoleSessionName=" .. aws.encode(options.session
      or SESSION), "WebIdentityToken=" .. aws.encode(token) }
  local reply, err = http.request { method = "POST", url = options.address .. "/", retries = 2,
    retry_unsafe = true, timeout = 30, sleep = options.sleep, body = table.concat(words, "&"),
    headers = { ["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8" } }
  if not reply then return nil, error_of.wrap(err, OP) end
  if reply.status >= 200 and reply.status < 300 then return xml.parse(reply.body) end
  return nil, aws.xml_failure(OP, reply)
end

local function of_answer(answer, renew)
  local found = xml.find(answer, "Credentials")
  local function text(name) return found and xml.text(found, name) end
  local key, secret, token = text "AccessKeyId", text "SecretAccessKey", text "SessionToken"
  if not (key and secret and token) then
    return nil, error_of.new { op = OP, code = "invalid", message = "STS gave no credentials" }
  end
  mask.add(secret)
  mask.add(token)
  return { key = key, secret = secret, token = token, renew = renew,
    expires = time.parse(text "Expiration" or "") }
end

--- Credentials of a role; the cluster renews the file, so each renewal reads it again.
---@param options {role: string, token_file: string, session: string|nil, address: string,
---  sleep: function|nil}
---@return table|nil credentials see std.aws.credentials
---@return lsqm.Error|nil
function M.credentials(options)
  local token, err = fs.read(options.token_file)
  if not token then return nil, error_of.wrap(err, OP) end
  token = token:gsub("%s+$", "")
  mask.add(token)
  local answer
  answer, err = request(options, token)
  if not answer then return nil, err end
  return of_answer(answer, function() return M.credentials(options) end)
end

return M
