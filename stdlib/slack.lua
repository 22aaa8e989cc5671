-- SPDX-License-Identifier: Apache-2.0
-- Messages to a Slack incoming webhook: Block Kit with a plain text for where blocks are not shown.
-- Slack refuses a whole message for one part that is too long, so each part is cut to its limit.

local errors = require "std.error"
local json = require "std.json"

local M = {}

-- Characters and counts that Slack documents. The last one it does not: messages with more than
-- some 13,000 characters in their blocks come back as msg_blocks_too_long.
M.LIMITS = { text = 4000, blocks = 50, header = 150, section = 3000, fields = 10, field = 2000,
  all = 12000 }
local LIMITS <const> = M.LIMITS

-- Four attempts with the three longest pauses end within five minutes (SC-010).
local ATTEMPT_SECONDS <const>, RETRIES <const>, LONGEST_PAUSE <const> = 20, 3, 60

---Text as Slack wants it: three characters are its own.
---@param text any
---@return string
function M.escape(text)
  local map = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }
  return (tostring(text):gsub("[&<>]", map))
end

local function length(text) return utf8.len(text) or #text end

-- Cuts at a character's border, never inside of an entity or a link; whole lines where it can.
local function cut(text, limit)
  if text == "" then return " " end -- Slack wants at least one character
  if length(text) <= limit then return text end
  text = text:sub(1, (utf8.offset(text, limit) or limit) - 1)
  local line = text:match("^(.*)\n")
  if line and length(line) > limit // 2 then text = line end
  text = text:gsub("&%a*$", "")
  if text:match("<[^>]*$") then text = text:gsub("<[^>]*$", "") end
  return text .. "…"
end
M.cut = cut

---@param text string plain
function M.header(text)
  return { type = "header", text = { type = "plain_text", text = cut(text, LIMITS.header) } }
end

---@param text string mrkdwn; user data in it must be escaped
function M.section(text)
  return { type = "section", text = { type = "mrkdwn", text = cut(text, LIMITS.section) } }
end

---@param text string mrkdwn, in small letters
function M.context(text)
  return { type = "context", elements = json.array {
    { type = "mrkdwn", text = cut(text, LIMITS.section) } } }
end

function M.divider() return { type = "divider" } end

---@param pairs_list string[][] {name, value}; at most ten
function M.fields(pairs_list)
  if #pairs_list > LIMITS.fields then
    error("slack.fields: more than " .. LIMITS.fields .. " fields", 2)
  end
  local fields = json.array {}
  for _, pair in ipairs(pairs_list) do
    table.insert(fields, { type = "mrkdwn", text = cut(("*%s*\n%s"):format(M.escape(pair[1]),
      M.escape(pair[2])), LIMITS.field) })
  end
  return { type = "section", fields = fields }
end

---@param url string
---@param words string
---@return string mrkdwn link
function M.link(url, words)
  return ("<%s|%s>"):format(M.escape(url):gsub("|", "%%7C"), M.escape(words))
end

local function weight(block)
  local n = block.text and length(block.text.text) or 0
  for _, list in ipairs { block.fields or {}, block.elements or {} } do
    for _, item in ipairs(list) do n = n + length(item.text) end
  end
  return n
end

---A message within Slack's limits; what does not fit is counted in a last block.
---@param text string plain, for notifications; user data in it must be escaped
---@param blocks table[]
---@return table payload
function M.message(text, blocks)
  local kept, room = json.array {}, LIMITS.all
  for i, block in ipairs(blocks) do
    room = room - weight(block)
    local is_last = i == #blocks
    if room < 0 or #kept >= LIMITS.blocks - (is_last and 0 or 1) then
      table.insert(kept, M.context(("… and %d more parts that do not fit"):format(#blocks - i + 1)))
      break
    end
    table.insert(kept, block)
  end
  return { text = cut(text, LIMITS.text), blocks = kept }
end

---Sends a message. Refusals by a limit (Retry-After), failures of the server and of the network are
---tried again for less than five minutes.
---@param url string the webhook; it is a secret and appears in no error
---@param payload table {text=, blocks=}
---@param options table|nil {sleep = function}
---@return boolean|nil
---@return lsqm.Error|nil
function M.send(url, payload, options)
  if type(url) ~= "string" or url == "" then error("slack.send: url must be a string", 2) end
  local http = require "std.http"
  local reply, err = http.request {
    method = "POST", url = url, headers = { ["Content-Type"] = "application/json" },
    body = json.encode(payload), timeout = ATTEMPT_SECONDS, retries = RETRIES,
    retry_unsafe = true, max_wait = LONGEST_PAUSE, sleep = options and options.sleep or nil,
  }
  if not reply then
    return nil, errors.new { op = "slack", code = err.code or "network",
      message = (tostring(err):gsub("%a+://%S+", "<webhook>")) }
  end
  if reply.status >= 200 and reply.status < 300 then return true end
  -- Slack's own word for what is wrong ("invalid_blocks", "no_service"); never the address
  local word = tostring(reply.body or ""):gsub("https?://%S+", "<webhook>"):gsub("%s+", " ")
  return nil, errors.new { op = "slack", code = "http", status = reply.status,
    message = ("HTTP %d %s"):format(reply.status, word:sub(1, 200)) }
end

return M
