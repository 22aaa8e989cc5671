-- SPDX-License-Identifier: Apache-2.0
-- HTTP requests that wait without blocking others. An answer of any status is an answer; only a
-- failed exchange is nil, err.

local raw = require "lsqm.raw.http"
local error_of = require "std.error"
local json = require "std.json"
local retry = require "std.retry"
local time = require "std.time"

local M = {}

---@class lsqm.HttpResponse
---@field status integer
---@field headers table<string, string>  names in lower case
---@field body string                    "" when it went to a file or a function
---@field url string                     where the answer came from
---@field attempts integer               how often was asked
---@field json any                       post_json and get_json only

local IDEMPOTENT <const> = { GET = true, HEAD = true, PUT = true, DELETE = true, OPTIONS = true }
local KNOWN <const> = { method = "string", url = "string", headers = "table", body = "string",
  body_file = "string", timeout = "number", connect_timeout = "number", retries = "number",
  retry_unsafe = "boolean", retry_base = "number", max_wait = "number", to_file = "string",
  on_data = "function", max_body = "number", unix_socket = "string", sleep = "function",
  aws_sigv4 = "string", credentials = "string" }

local MONTHS <const> = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8,
  Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

local function check_options(options, level)
  for name, value in pairs(options) do
    local want = KNOWN[name]
    if name == "follow" then
      want = type(value) == "number" and "number" or "boolean"
    elseif not want then
      error(("http.request: unknown option '%s'"):format(name), level + 1)
    end
    if type(value) ~= want then
      error(("http.request: %s must be a %s"):format(name, want), level + 1)
    end
  end
  if not options.url then error("http.request: url is required", level + 1) end
end

-- {Name = value, Other = {v1, v2}} as lines, sorted so that requests repeat.
local function header_lines(headers)
  local lines = {}
  for name, value in pairs(headers or {}) do
    for _, one in ipairs(type(value) == "table" and value or { value }) do
      lines[#lines + 1] = name .. ": " .. tostring(one)
    end
  end
  table.sort(lines)
  return lines
end

local function redirects(follow)
  if follow == true then return 5 end
  return follow or 0
end

local function whole(number)
  return number and math.tointeger(math.floor(number))
end

-- What is not kept in memory may be large, and its reader slow.
local function default_timeout(options)
  return (options.to_file or options.on_data) and 3600 or 60
end

local function raw_options(options)
  return { method = options.method, url = options.url, headers = header_lines(options.headers),
    body = options.body, body_file = options.body_file,
    timeout = options.timeout or default_timeout(options),
    connect_timeout = options.connect_timeout, redirects = whole(redirects(options.follow)),
    max_body = whole(options.max_body), to_file = options.to_file,
    unix_socket = options.unix_socket, aws_sigv4 = options.aws_sigv4,
    credentials = options.credentials }
end

-- The body goes to on_data as it comes; the transfer waits while on_data works.
local function stream_once(settings, on_data, progress)
  local stream <close>, err = raw.stream(settings)
  if not stream then return nil, err end
  local data
  while true do
    data, err = stream:read()
    if not data then break end
    progress.begun = true
    on_data(data)
  end
  if err then return nil, err end
  return stream:response()
end

local function http_date(text)
  local day, month, year, clock =
    text:match("^%a+, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT$")
  if not MONTHS[month] then return nil end
  return time.parse(("%s-%02d-%sT%sZ"):format(year, MONTHS[month], day, clock))
end

--- The pause that an answer asks for: Retry-After in seconds or as a date.
---@param response lsqm.HttpResponse
---@param now number|nil seconds since the epoch
---@return number|nil seconds
function M.retry_after(response, now)
  local text = response.headers["retry-after"]
  if not text then return nil end
  if text:match("^%d+$") then return tonumber(text) + 0.0 end
  local at = http_date(text)
  return at and math.max(0, at - (now or time.now()))
end

local function wants_retry(status)
  return status == 429 or (status >= 500 and status ~= 501 and status ~= 505)
end

-- An answer that asks to come again travels as an error through std.retry, and comes back out.
local function ask(options, progress)
  local response, err
  if options.on_data then
    response, err = stream_once(raw_options(options), options.on_data, progress)
  else
    response, err = raw.request(raw_options(options))
  end
  if not response then return nil, err end
  if wants_retry(response.status) then return nil, { answer = response } end
  return response
end

local function retry_rule(options, progress)
  local max_wait = options.max_wait or 60
  return function(failure)
    if progress.begun then return false end
    if not failure.answer then return failure.code == "network" end
    local pause = M.retry_after(failure.answer)
    if not pause then return true end
    return pause <= max_wait and pause
  end
end

local function attempts_of(options)
  local retries = options.retries or 2
  if options.retry_unsafe or IDEMPOTENT[options.method or "GET"] then return retries + 1 end
  return 1
end

local function request(options, level)
  if type(options) ~= "table" then error("http.request: options must be a table", level + 1) end
  check_options(options, level + 1)
  local progress, attempts = { begun = false }, 0
  local response, err = retry.call(function(attempt)
    attempts = attempt
    return ask(options, progress)
  end, { attempts = attempts_of(options), base = options.retry_base or 0.5,
    max = options.max_wait or 60, retry_if = retry_rule(options, progress),
    sleep = options.sleep })
  if not response and err.answer then response = err.answer end
  if not response then return nil, err end
  response.attempts = attempts
  return response
end

--- One request. Tries again after connection failures, 429 and 5xx, with backoff and Retry-After,
--- when the method is idempotent or retry_unsafe is set; the last answer is returned as it is.
---@param options table {url=, method="GET", headers={Name=value}, body= | body_file=, timeout=60
--- (each attempt; 3600 with to_file or on_data), connect_timeout=30, retries=2,
--- retry_unsafe=false, retry_base=0.5, max_wait=60 (a longer Retry-After ends the attempts),
--- follow=false|true|n, max_body=bytes, to_file=path, on_data=fun(bytes), unix_socket=path,
--- aws_sigv4="aws:amz:REGION:SERVICE" with credentials="KEY:SECRET" (see std.aws)}
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function M.request(options)
  return request(options, 2)
end

local function with(options, fields)
  local all = {}
  for name, value in pairs(options or {}) do all[name] = value end
  for name, value in pairs(fields) do all[name] = value end
  return all
end

---@param url string
---@param options table|nil see request
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function M.get(url, options)
  return request(with(options, { method = "GET", url = url }), 2)
end

-- An answer with a JSON type that is not JSON is the server's failure; other types are left alone.
local function decode(response)
  local kind = response.headers["content-type"] or ""
  if kind:find("json", 1, true) and response.body ~= "" then
    local value, err = json.decode(response.body)
    if value == nil then
      return nil, error_of.new { code = "http", op = "http",
        message = "the answer is not JSON: " .. tostring(err), cause = err }
    end
    response.json = value
  end
  return response
end

local function json_request(options, level)
  local headers = with({ Accept = "application/json" }, options.headers or {})
  if options.body then headers["Content-Type"] = headers["Content-Type"] or "application/json" end
  local response, err = request(with(options, { headers = headers }), level + 1)
  if not response then return nil, err end
  return decode(response)
end

--- Reads JSON: the answer's value is response.json.
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function M.get_json(url, options)
  return json_request(with(options, { method = "GET", url = url }), 2)
end

--- Sends a value as JSON (POST, or options.method); the answer's value is response.json.
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function M.post_json(url, value, options)
  local method = options and options.method or "POST"
  return json_request(with(options, { method = method, url = url, body = json.encode(value) }), 2)
end

--- Turns an answer that is not 2xx into an error, for callers that have no use for others.
---@param response lsqm.HttpResponse|nil
---@param err lsqm.Error|nil
---@param op string what was being done: "github issue"
---@return lsqm.HttpResponse|nil
---@return lsqm.Error|nil
function M.expect(response, err, op)
  if not response then return nil, error_of.wrap(err, op) end
  if response.status >= 200 and response.status < 300 then return response end
  local codes = { [401] = "denied", [403] = "denied", [404] = "not_found", [409] = "conflict" }
  local text = response.body:gsub("%s+", " "):sub(1, 200)
  return nil, error_of.new { op = op, code = codes[response.status] or "http",
    status = response.status, message = ("status %d%s"):format(response.status,
      text ~= "" and ": " .. text or "") }
end

return M
