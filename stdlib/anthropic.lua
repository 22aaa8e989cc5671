-- SPDX-License-Identifier: Apache-2.0
-- Claude through the Messages API: one question, one answer that follows a JSON Schema. The key
-- goes into one header and nowhere else: not to other hosts, not into errors or logs.

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local mask = require "std.mask"

local M = {}

local API_VERSION <const> = "2023-06-01"
local MESSAGE_MAX <const> = 500

---@class anthropic.Usage
---@field input integer        tokens at the full price
---@field output integer
---@field cache_write integer
---@field cache_read integer

---@class anthropic.Answer
---@field value table          the decoded JSON
---@field model string         the model that answered
---@field usage anthropic.Usage

local function failure(code, message, extra)
  local err = error_of.new { op = "claude", code = code, message = mask.text(message) }
  for name, value in pairs(extra or {}) do err[name] = value end
  return nil, err
end

local function count(value)
  return math.tointeger(value) or 0
end

local function usage_of(answer)
  local usage = type(answer.usage) == "table" and answer.usage or {}
  return {
    input = count(usage.input_tokens), output = count(usage.output_tokens),
    cache_write = count(usage.cache_creation_input_tokens),
    cache_read = count(usage.cache_read_input_tokens),
  }
end

--- All tokens of an answer, cached ones too.
---@param usage anthropic.Usage
---@return integer
function M.total(usage)
  return usage.input + usage.output + usage.cache_write + usage.cache_read
end

local CODES <const> = { [400] = "invalid", [401] = "denied", [403] = "denied",
  [404] = "not_found", [413] = "limit_size", [429] = "unavailable" }

local function refused(response)
  local body = json.decode(response.body)
  local detail = type(body) == "table" and type(body.error) == "table" and body.error or {}
  local text = ("status %d: %s: %s"):format(response.status, detail.type or "no type",
    tostring(detail.message or "no message"):sub(1, MESSAGE_MAX))
  local code = CODES[response.status] or response.status >= 500 and "unavailable" or "http"
  return failure(code == "limit_size" and "invalid" or code, text, { status = response.status })
end

local function text_of(answer)
  local parts = {}
  for _, block in ipairs(type(answer.content) == "table" and answer.content or {}) do
    if block.type == "text" and type(block.text) == "string" then
      parts[#parts + 1] = block.text
    end
  end
  return table.concat(parts)
end

-- What stopped the answer decides whether there is one: a cut or refused text is no answer.
local STOPS <const> = {
  max_tokens = { "invalid", "the answer was cut at max_tokens" },
  model_context_window_exceeded = { "invalid", "the answer did not fit the context window" },
  refusal = { "rejected", "the model refused" },
}

local function read_answer(response)
  local answer = json.decode(response.body)
  if type(answer) ~= "table" then return failure("http", "the answer is not JSON") end
  local usage = usage_of(answer)
  local stop = STOPS[answer.stop_reason]
  if stop then return failure(stop[1], stop[2], { usage = usage }) end
  if answer.stop_reason ~= "end_turn" and answer.stop_reason ~= "stop_sequence" then
    return failure("invalid", "stopped by " .. tostring(answer.stop_reason), { usage = usage })
  end
  local value = json.decode(text_of(answer))
  if type(value) ~= "table" then
    return failure("invalid", "the answer's text is not a JSON object", { usage = usage })
  end
  return { value = value, usage = usage, model = answer.model }
end

local Client = {}
Client.__index = Client

-- The key must not show when someone prints the client.
Client.__tostring = function() return "anthropic client" end

local function body_of(client, question)
  return {
    model = client.model,
    max_tokens = question.max_tokens or client.max_tokens,
    system = { { type = "text", text = question.system,
      cache_control = { type = "ephemeral" } } },
    messages = question.messages,
    output_config = { format = { type = "json_schema", schema = question.schema } },
  }
end

--- Asks once; 429, 529 and other 5xx are asked again with backoff and Retry-After.
---@param question {system: string, messages: table[], schema: table, max_tokens: integer?}
---@return anthropic.Answer?
---@return table? err  code rejected (refusal), invalid (cut, or not the schema's JSON), denied,
--- unavailable, network, timeout, http; `usage` when tokens were spent all the same
function Client:ask(question)
  local settings = self.settings()
  local response, err = http.request {
    method = "POST", url = self.base_url .. "/v1/messages",
    headers = { ["content-type"] = "application/json", ["x-api-key"] = settings.key,
      ["anthropic-version"] = API_VERSION },
    body = json.encode(body_of(self, question)), timeout = self.timeout,
    retries = 4, retry_unsafe = true, retry_base = 1, max_wait = 120, sleep = settings.sleep,
  }
  if not response then return failure(err.code or "network", tostring(err)) end
  if response.status ~= 200 then return refused(response) end
  return read_answer(response)
end

--- A client. Nothing is sent yet.
---@param options {api_key: string, base_url: string, model: string, max_tokens: integer?,
--- timeout: number?, sleep: function?}
function M.new(options)
  for _, name in ipairs { "api_key", "base_url", "model" } do
    if type(options[name]) ~= "string" or options[name] == "" then
      error("anthropic.new: " .. name .. " is required", 2)
    end
  end
  mask.add(options.api_key)
  local settings = { key = options.api_key, sleep = options.sleep }
  return setmetatable({
    base_url = options.base_url:gsub("/+$", ""), model = options.model,
    max_tokens = options.max_tokens or 16000, timeout = options.timeout or 300,
    settings = function() return settings end,
  }, Client)
end

return M
