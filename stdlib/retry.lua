-- SPDX-License-Identifier: Apache-2.0
-- Doing it again after a failure of the world: exponential backoff with jitter, a limit, and the
-- other side's wish for a pause.

local parallel = require "std.parallel"

local M = {}

local PASSING <const> = { network = true, timeout = true, unavailable = true }

--- Is this the kind of failure that may be gone a moment later?
---@param err any
---@return boolean
function M.is_passing(err)
  return type(err) == "table" and PASSING[err.code] == true
end

--- Pause before attempt n+1: base doubled each time, at most max; jitter takes off a random part.
---@param n integer attempts made so far
---@param policy table {base=, max=, jitter=, random=}
---@return number seconds
function M.delay(n, policy)
  local random = policy.random or math.random
  local full = math.min(policy.max, policy.base * 2 ^ (n - 1))
  return full * (1 - policy.jitter * random())
end

local function number(options, name, default, least)
  local value = options[name]
  if value == nil then return default end
  if type(value) ~= "number" or value < least then
    error(("retry.call: %s must be a number of at least %s"):format(name, least), 3)
  end
  return value
end

local function policy_of(options)
  return {
    attempts = number(options, "attempts", 3, 1),
    base = number(options, "base", 0.5, 0),
    max = number(options, "max", 30, 0),
    jitter = math.min(1, number(options, "jitter", 0.5, 0)),
    random = options.random,
    sleep = options.sleep or parallel.sleep,
    retry_if = options.retry_if or M.is_passing,
  }
end

-- nil: do not try again. A number from retry_if is a pause that must be kept.
local function pause_after(attempt, err, policy)
  if attempt >= policy.attempts then return nil end
  local again = policy.retry_if(err, attempt)
  if not again then return nil end
  local delay = M.delay(attempt, policy)
  return type(again) == "number" and math.max(again, delay) or delay
end

--- Calls fn(attempt) until it returns something else than nil (or false), err. What fn raises
--- passes through: misuse does not get better.
---@param fn fun(attempt: integer): any, any
---@param options table|nil {attempts=3, base=0.5, max=30, jitter=0.5, retry_if=fun(err, attempt)
--- -> boolean|seconds, on_retry=fun(err, attempt, seconds), sleep=, random=}
---@return any ... fn's last results
function M.call(fn, options)
  if type(fn) ~= "function" then error("retry.call: fn must be a function", 2) end
  options = options or {}
  local policy = policy_of(options)
  local attempt = 0
  while true do
    attempt = attempt + 1
    local results = table.pack(fn(attempt))
    if results[1] or results[2] == nil then return table.unpack(results, 1, results.n) end
    local pause = pause_after(attempt, results[2], policy)
    if not pause then return table.unpack(results, 1, results.n) end
    if options.on_retry then options.on_retry(results[2], attempt, pause) end
    policy.sleep(pause)
  end
end

return M
