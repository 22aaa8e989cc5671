-- SPDX-License-Identifier: Apache-2.0
-- Artifacts of a build in S3: s3://{bucket}/{commit-sha}/{name}, each with its metadata, its
-- SHA-256 checked on the way down. The bucket keeps versions, encrypts, and forgets after a time.
-- Source: Amazon S3 API Reference.

local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local fs = require "std.fs"
local glob = require "std.glob"
local json = require "std.json"
local sha256 = require "std.sha256"
local time = require "std.time"
local xml = require "std.xml"

local M = {}

local NAMESPACE <const> = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
local VERSIONING <const> = "<VersioningConfiguration" .. NAMESPACE
  .. "<Status>Enabled</Status></VersioningConfiguration>"
local ENCRYPTION <const> = "<ServerSideEncryptionConfiguration" .. NAMESPACE
  .. "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
  .. "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
local LIFECYCLE <const> = "<LifecycleConfiguration" .. NAMESPACE
  .. "<Rule><ID>expire</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>"
  .. "<Expiration><Days>%d</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>%d"
  .. "</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>"

local function put(client, bucket, query, body)
  return client:s3 { method = "PUT", bucket = bucket, query = query, body = body,
    headers = { ["Content-Type"] = "application/xml" } }
end

-- us-east-1 is the one region that may not be named.
local function create(client, bucket)
  local body = client.region ~= "us-east-1" and
    ("<CreateBucketConfiguration><LocationConstraint>%s</LocationConstraint>"
      .. "</CreateBucketConfiguration>"):format(client.region) or nil
  local ok, err = client:s3 { method = "PUT", bucket = bucket, body = body,
    headers = { ["Content-Type"] = "application/xml" } }
  if ok or err.code == "exists" then return true end
  return nil, err
end

--- Makes the bucket as artifacts need it; may be repeated.
---@param client lsqm.AwsClient
---@param bucket string
---@param days integer until an artifact is forgotten
---@return boolean|nil ok
---@return lsqm.Error|nil err
function M.prepare(client, bucket, days)
  local ok, err = create(client, bucket)
  if ok then ok, err = put(client, bucket, "versioning", VERSIONING) end
  if ok then ok, err = put(client, bucket, "encryption", ENCRYPTION) end
  if ok then ok, err = put(client, bucket, "lifecycle", LIFECYCLE:format(days, days)) end
  if not ok then return nil, err end
  return true
end

-- What S3 says of a bucket that has none of it.
local UNSET <const> = { NoSuchLifecycleConfiguration = true,
  ServerSideEncryptionConfigurationNotFoundError = true }

--- {versioning = boolean, encryption = "AES256"|nil, days = integer|nil} as the bucket has it.
---@return table|nil
---@return lsqm.Error|nil
function M.settings(client, bucket)
  local found = {}
  for _, query in ipairs { "versioning", "encryption", "lifecycle" } do
    local reply, err = client:s3 { bucket = bucket, query = query }
    if not reply and not UNSET[err.aws] then return nil, err end
    found[query] = reply and xml.parse(reply.body)
  end
  local days = found.lifecycle and xml.find(found.lifecycle, "Expiration")
  local algorithm = found.encryption and xml.find(found.encryption, "SSEAlgorithm")
  return { versioning = found.versioning ~= nil and xml.text(found.versioning, "Status")
    == "Enabled", encryption = algorithm and algorithm.text,
    days = days and math.tointeger(tonumber(xml.text(days, "Days"))) }
end

--- What keeps a bucket from being as artifacts need it; an empty list is good.
---@param settings table of M.settings
---@param days integer
---@return string[]
function M.problems(settings, days)
  local list = {}
  if not settings.versioning then list[#list + 1] = "versioning is off" end
  if settings.encryption ~= "AES256" then
    list[#list + 1] = ("encryption is %s, not AES256"):format(settings.encryption or "off")
  end
  if settings.days ~= days then
    list[#list + 1] = ("objects are kept %s, not %d days"):format(settings.days and settings.days
      .. " days" or "for ever", days)
  end
  return list
end

--- Files that the configuration calls artifacts: a folder means all that is in it.
---@param dir string
---@param wanted string[] names of files and folders, globs
---@return string[] names below dir
---@return table<string, boolean> missing which of the wanted are not there
function M.find(dir, wanted)
  local list, missing = json.array {}, {}
  for _, pattern in ipairs(wanted) do missing[pattern] = true end
  if #wanted == 0 then return list, missing end
  for _, name in ipairs(fs.walk(dir, { skip = { "node_modules", ".git" } }) or {}) do
    local taken = false
    for _, pattern in ipairs(wanted) do
      local plain = pattern:gsub("^%./", ""):gsub("/+$", "")
      if name == plain or name:sub(1, #plain + 1) == plain .. "/" or glob.match(pattern, name) then
        missing[pattern], taken = nil, true
      end
    end
    if taken then list[#list + 1] = name end
  end
  return list, missing
end

local function usage(text)
  return nil, error_of.new { op = "artifacts", code = "usage", message = text }
end

--- May artifacts lie in this bucket under this commit?
---@param bucket string
---@param commit string|nil
---@return boolean|nil
---@return lsqm.Error|nil err code "usage"
function M.check_place(bucket, commit)
  if not bucket:find "^[%l%d][%l%d.-]+[%l%d]$" or #bucket > 63 then
    return usage(("'%s' is no name of a bucket"):format(bucket))
  end
  if not commit then return usage "--commit is needed" end
  if not commit:find "^[%da-f]+$" or #commit < 7 or #commit > 64 then
    return usage(("'%s' is no commit's SHA: 7 to 64 of 0-9a-f"):format(commit))
  end
  return true
end

local function key_of(commit, name) return commit .. "/" .. name end

--- Puts one file there, and its metadata beside it.
---@param what {bucket: string, commit: string, file: string, name: string|nil, type: string}
---@return table|nil metadata ArtifactMetadata
---@return lsqm.Error|nil err
function M.upload(client, what)
  local name = what.name or fs.basename(what.file)
  local info, checksum, err
  info, err = fs.stat(what.file)
  if info then checksum, err = sha256.file(what.file) end
  if not checksum then return nil, err end
  local metadata = { commit_sha = what.commit, timestamp = time.iso(time.now()),
    s3_path = ("s3://%s/%s"):format(what.bucket, key_of(what.commit, name)),
    artifact_type = what.type, size_bytes = info.size, checksum = checksum }
  assert(contracts.check("artifact_metadata", metadata))
  local reply
  reply, err = client:s3 { method = "PUT", bucket = what.bucket, key = key_of(what.commit, name),
    body_file = what.file, headers = { ["x-amz-meta-sha256"] = checksum,
      ["x-amz-server-side-encryption"] = "AES256" } }
  if reply then
    reply, err = client:s3 { method = "PUT", bucket = what.bucket,
      key = key_of(what.commit, name .. ".metadata.json"), body = json.encode(metadata),
      headers = { ["Content-Type"] = "application/json" } }
  end
  if not reply then return nil, err end
  return metadata
end

--- The metadata of an artifact that was uploaded.
function M.metadata(client, bucket, commit, name)
  local reply, err = client:s3 { bucket = bucket, key = key_of(commit, name .. ".metadata.json") }
  if not reply then return nil, err end
  local value
  value, err = json.decode(reply.body)
  local ok = value and contracts.check("artifact_metadata", value)
  if ok then return value end
  return nil, err or error_of.new { op = "artifact " .. name, code = "invalid",
    message = "its metadata breaks its schema" }
end

--- Brings an artifact down and holds it to its checksum; a file that differs is not kept.
---@param what {bucket: string, commit: string, name: string, file: string}
---@return table|nil metadata
---@return lsqm.Error|nil err code "invalid" where the checksum differs
function M.download(client, what)
  local metadata, err = M.metadata(client, what.bucket, what.commit, what.name)
  if not metadata then return nil, err end
  local part = what.file .. ".unverified"
  local reply, checksum
  reply, err = client:s3 { bucket = what.bucket, key = key_of(what.commit, what.name),
    to_file = part }
  if reply then checksum, err = sha256.file(part) end
  if checksum and checksum ~= metadata.checksum then
    err = error_of.new { op = "artifact " .. what.name, code = "invalid",
      message = ("its SHA-256 is %s, not %s"):format(checksum, metadata.checksum) }
  elseif checksum then
    local ok
    ok, err = fs.rename(part, what.file)
    if ok then return metadata end
  end
  fs.remove(part)
  return nil, err
end

return M
