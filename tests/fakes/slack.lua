-- SPDX-License-Identifier: Apache-2.0
-- A Slack incoming webhook that holds each message to the limits that Slack publishes for Block
-- Kit, and refuses the others with Slack's own words.
--
--   local slack <close> = fake.new()
--   slack.url, slack.messages, slack.requests
--   table.insert(slack.replies, { status = 429, headers = { ["Retry-After"] = "3" } })
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local server_of = dofile(here .. "/server.lua")

local M = {}

M.PATH = "/services/T0SECRET/B0SECRET/token-secret"

local function text_of(kind, max)
  return { type = "object", required = { "type", "text" }, additionalProperties = false,
    properties = { type = { enum = kind }, text = { type = "string", minLength = 1,
      maxLength = max }, emoji = { type = "boolean" }, verbatim = { type = "boolean" } } }
end

local ANY, MRKDWN = { "plain_text", "mrkdwn" }, { "mrkdwn", "plain_text" }

local function block(kind, required, properties)
  properties.type, properties.block_id = { const = kind }, { type = "string", maxLength = 255 }
  return { type = "object", required = required, additionalProperties = false,
    properties = properties }
end

local BLOCKS = {
  block("header", { "type", "text" }, { text = text_of({ "plain_text" }, 150) }),
  block("section", { "type", "text" }, { text = text_of(ANY, 3000) }),
  block("section", { "type", "fields" }, { fields = { type = "array", minItems = 1, maxItems = 10,
    items = text_of(ANY, 2000) } }),
  block("context", { "type", "elements" }, { elements = { type = "array", minItems = 1,
    maxItems = 10, items = text_of(MRKDWN, 3000) } }),
  block("divider", { "type" }, {}),
}

M.SCHEMA = { type = "object", required = { "text", "blocks" }, additionalProperties = false,
  properties = { text = { type = "string", minLength = 1, maxLength = 40000 },
    blocks = { type = "array", minItems = 1, maxItems = 50, items = { oneOf = BLOCKS } } } }

-- Slack's three characters stand for themselves only in links and escaped.
local function is_escaped(text)
  local rest = text:gsub("<https?://[^<>|%s]+|[^<>|]*>", "")
  return not rest:find("[<>]") and not rest:gsub("&amp;", ""):gsub("&lt;", "")
    :gsub("&gt;", ""):find("&", 1, true)
end

local function each_text(value, visit)
  if type(value) ~= "table" then return end
  if value.type == "mrkdwn" then visit(value.text) end
  for _, inner in pairs(value) do each_text(inner, visit) end
end

local validate

---@return string|nil what Slack would say
function M.problem(body)
  local message = json.decode(body)
  if type(message) ~= "table" then return "invalid_payload" end
  validate = validate or assert(jsonschema.compile(M.SCHEMA))
  local ok, why = validate(message)
  if not ok then return "invalid_blocks: " .. why.errors[1].path .. " " .. why.errors[1].message end
  local total, problem = 0, nil
  each_text(message.blocks, function(text)
    total = total + utf8.len(text)
    if not is_escaped(text) then problem = "not escaped: " .. text end
  end)
  return problem or total > 13000 and "msg_blocks_too_long" or nil
end

local Slack = {}
Slack.__index = Slack

function Slack:__close() self.server:__close() end

function M.new()
  local self = setmetatable({ messages = {}, requests = {}, replies = {}, problems = {} }, Slack)
  self.server = server_of(function(request)
    table.insert(self.requests, request)
    local scripted = table.remove(self.replies, 1)
    if scripted then return scripted end
    if request.path ~= M.PATH or request.method ~= "POST" then
      return { status = 404, body = "no_service" }
    end
    local problem = request.headers["content-type"] ~= "application/json" and "invalid_payload"
      or M.problem(request.body)
    if problem then
      table.insert(self.problems, problem)
      return { status = 400, body = problem }
    end
    table.insert(self.messages, json.decode(request.body))
    return { status = 200, body = "ok" }
  end)
  self.url = self.server.url .. M.PATH
  return self
end

return M
