-- SPDX-License-Identifier: Apache-2.0
-- GitHub's push webhooks. Source: GitHub Docs, "Webhook events and payloads" (push) and "Validating
-- webhook deliveries". What comes from outside is hostile until its signature is right.

local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local glob = require "std.glob"
local hmac = require "std.hmac"
local json = require "std.json"
local time = require "std.time"

local M = {}

local MAX_BYTES <const> = 25 << 20 -- GitHub sends no more
local NOBODY <const> = ("0"):rep(40) -- the SHA of what was deleted

local function refuse(code, text, hint)
  return nil, error_of.new { op = "webhook", code = code, message = text, hint = hint }
end

--- Is the delivery GitHub's? Every byte of the body counts.
---@param body string as it came
---@param signature string|nil the header X-Hub-Signature-256
---@param secret string
---@return boolean|nil
---@return lsqm.Error|nil err code "denied"
function M.verify(body, signature, secret)
  local hex = type(signature) == "string" and signature:lower():match "^sha256=(%x+)$"
  if not hex then return refuse("denied", "there is no SHA-256 signature") end
  if not hmac.equal(hex, hmac.sha256(secret, body)) then
    return refuse("denied", "the signature does not match")
  end
  return true
end

local function text_at(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return type(value) == "string" and value or nil
end

local function timestamp(text)
  local seconds = text and time.parse(text)
  return seconds and time.iso(seconds)
end

-- Nobody's commit: a push that creates a tag has one, a deletion has none.
local function event_of(payload)
  return {
    commit_sha = text_at(payload, "after"), branch = text_at(payload, "ref"),
    repo_url = text_at(payload, "repository", "clone_url"),
    author = text_at(payload, "head_commit", "author", "email")
      or text_at(payload, "head_commit", "author", "name")
      or text_at(payload, "pusher", "name"),
    message = text_at(payload, "head_commit", "message"),
    timestamp = timestamp(text_at(payload, "head_commit", "timestamp")),
  }
end

local function kind_of(payload)
  local ref = text_at(payload, "ref") or ""
  if ref:find "[%c%s]" then return nil end -- git has no such ref
  if payload.deleted == true or payload.after == NOBODY then return "deletion" end
  if ref:find "^refs/tags/" then return "tag" end
  if ref:find "^refs/heads/." then return "push" end
  return nil
end

--- Reads a push's payload.
---@param body string
---@return table|nil event GitHubEvent; nil for what starts nothing, and why in the second value
---@return lsqm.Error|nil err code "invalid" for what is malformed, "ignored" for tags and deletions
function M.parse(body)
  if #body > MAX_BYTES then return refuse("invalid", "the payload is larger than GitHub's") end
  local payload, err = json.decode(body)
  if type(payload) ~= "table" or not payload.ref then
    return refuse("invalid", "not the payload of a push" .. (err and ": " .. err.message or ""))
  end
  local kind = kind_of(payload)
  if not kind then
    return refuse("invalid", "not a ref: " .. tostring(payload.ref):sub(1, 80):gsub("%c", "?"))
  end
  if kind ~= "push" then return refuse("ignored", ("a %s starts nothing"):format(kind)) end
  local event = event_of(payload)
  local ok, why = contracts.check("github_event", event)
  if not ok then return refuse("invalid", why.message) end
  if not event.repo_url:find "^https?://" then
    return refuse("invalid", "the repository's clone_url is no http address")
  end
  return event
end

--- Does a push to this branch start anything?
---@param event table GitHubEvent
---@param branches string[] names, with * and ** as in globs
---@return boolean
function M.is_wanted(event, branches)
  local name = event.branch:gsub("^refs/heads/", "")
  for _, pattern in ipairs(branches) do
    if glob.match(pattern, name) then return true end
  end
  return false
end

return M
