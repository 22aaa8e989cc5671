-- SPDX-License-Identifier: Apache-2.0
-- Messages to a Slack incoming webhook: Block Kit with a plain text for where blocks are not shown.

local errors = require "std.error"
local json = require "std.json"

local M = {}

local HEADER_MAX, SECTION_MAX = 150, 3000

---Text as Slack wants it: three characters are its own.
---@param text any
---@return string
function M.escape(text)
  local map = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }
  return (tostring(text):gsub("[&<>]", map))
end

-- Cuts at a character's border, so that the text stays UTF-8.
local function cut(text, limit)
  local length = utf8.len(text)
  if not length or length <= limit then return text end
  return text:sub(1, utf8.offset(text, limit) - 1) .. "…"
end

---@param text string plain
function M.header(text)
  return { type = "header", text = { type = "plain_text", text = cut(text, HEADER_MAX) } }
end

---@param text string mrkdwn; user data in it must be escaped
function M.section(text)
  return { type = "section", text = { type = "mrkdwn", text = cut(text, SECTION_MAX) } }
end

---@param pairs_list string[][] {name, value}
function M.fields(pairs_list)
  local fields = json.array {}
  for _, pair in ipairs(pairs_list) do
    table.insert(fields, { type = "mrkdwn",
      text = ("*%s*\n%s"):format(M.escape(pair[1]), M.escape(pair[2])) })
  end
  return { type = "section", fields = fields }
end

---@param url string
---@param words string
---@return string mrkdwn link
function M.link(url, words)
  return ("<%s|%s>"):format(M.escape(url), M.escape(words))
end

---Sends a message.
---@param url string the webhook; it is a secret and appears in no error
---@param payload table {text=, blocks=}
---@return boolean|nil
---@return lsqm.Error|nil
function M.send(url, payload)
  if type(url) ~= "string" or url == "" then error("slack.send: url must be a string", 2) end
  local http = require "std.http"
  local reply, err = http.request {
    method = "POST", url = url, headers = { ["Content-Type"] = "application/json" },
    body = json.encode(payload), timeout = 20, retries = 3, retry_unsafe = true,
  }
  if not reply then
    return nil, errors.new { op = "slack", code = err.code or "network",
      message = (tostring(err):gsub("https?://%S+", "<webhook>")) }
  end
  if reply.status >= 200 and reply.status < 300 then return true end
  return nil, errors.new { op = "slack", code = "http",
    message = ("HTTP %d %s"):format(reply.status, tostring(reply.body or ""):sub(1, 200)) }
end

return M
