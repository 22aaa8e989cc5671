-- SPDX-License-Identifier: Apache-2.0
-- The named string types of the records: a Lua test and the same rule as a JSON Schema pattern.

local M = {}

local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89abAB]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"

local function is_hash(s)
  return #s == 16 and s:find("^[0-9a-f]+$") ~= nil
end

local function is_datetime(s)
  return s:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z$") ~= nil
end

M.hash = { test = is_hash, pattern = "^[0-9a-f]{16}$", what = "16 lower-case hex digits" }
M.uuid = {
  test = function(s) return s:find(UUID) ~= nil end,
  pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-"
    .. "[0-9a-fA-F]{12}$",
  what = "a version 4 UUID",
}
M.datetime = {
  test = is_datetime,
  pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$",
  what = "a time like 2026-01-10T00:00:00Z",
}
M.date = {
  test = function(s) return s:find("^%d%d%d%d%-%d%d%-%d%d$") ~= nil end,
  pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
  what = "a date like 2026-01-10",
}
M.text = {
  test = function(s) return s:find("%S") ~= nil end,
  pattern = "\\S",
  what = "a text that is not empty",
}
M.account = {
  test = function(s) return #s == 12 and s:find("^%d+$") ~= nil end,
  pattern = "^[0-9]{12}$",
  what = "an AWS account number of 12 digits, in quotes",
}
M.sha = {
  test = function(s) return #s >= 7 and #s <= 64 and s:find("^[0-9a-f]+$") ~= nil end,
  pattern = "^[0-9a-f]{7,64}$",
  what = "a commit's SHA",
}
M.sha256 = {
  test = function(s) return #s == 64 and s:find("^[0-9a-f]+$") ~= nil end,
  pattern = "^[0-9a-f]{64}$",
  what = "a SHA-256 of 64 lower-case hex digits",
}
M.commit = {
  test = function(s) return #s == 40 and s:find("^[0-9a-f]+$") ~= nil end,
  pattern = "^[0-9a-f]{40}$",
  what = "a commit's whole SHA",
}
M.source_id = {
  test = function(s) return #s >= 3 and #s <= 50 and s:find("^[a-z0-9-]+$") ~= nil end,
  pattern = "^[a-z0-9-]{3,50}$",
  what = "3 to 50 small letters, digits and hyphens",
}
M.architecture_id = {
  test = function(s)
    local source, slug = s:match("^([a-z0-9-]+)/([a-z0-9][a-z0-9-]*)$")
    return slug ~= nil and #source >= 3 and #source <= 50
  end,
  pattern = "^[a-z0-9-]{3,50}/[a-z0-9][a-z0-9-]*$",
  what = "a source's id, a slash, the path in small letters, digits and hyphens",
}
M.validation_run_id = {
  test = function(s) return s:find("^run%-%d%d%d%d%d%d%d%d%-%d%d%d%d%d%d$") ~= nil end,
  pattern = "^run-[0-9]{8}-[0-9]{6}$",
  what = "an id like run-20260110-000000",
}
M.service = {
  test = function(s) return s:find("^[a-z0-9][a-z0-9-]*$") ~= nil end,
  pattern = "^[a-z0-9][a-z0-9-]*$",
  what = "an AWS service in small letters",
}
M.url = {
  test = function(s) return s:find("^%a[%w+.-]*:%S+$") ~= nil end,
  pattern = "^[A-Za-z][A-Za-z0-9+.-]*:\\S+$",
  what = "a URL",
}
M.s3_path = {
  test = function(text) return text:find("^s3://[%l%d][%l%d.-]+/.") ~= nil end,
  pattern = "^s3://[a-z0-9][a-z0-9.-]+/.",
  what = "s3://{bucket}/{key}",
}

return M
