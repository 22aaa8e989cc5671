-- SPDX-License-Identifier: Apache-2.0
-- The root cause of a failure as a short text: two failures with the same text share one group
-- in the report and one issue. Whatever differs by chance (ids, ports, names, times) is taken out.
-- Pure: `rule(result) -> signature`. Issues are found again by it: who changes it raises VERSION
-- and keeps the former function in EARLIER, or every issue that is open would be filed anew.

local VERSION <const> = 1
local EARLIER <const> = {} -- version → function(result) -> signature

local PATTERNS = {
  -- what terraform and the AWS SDK say: the operation and the service's own error code
  { "operation error ([%w ]+: %w+), .-api error (%w+)", "%s: %s" },
  { "operation error ([%w ]+: %w+)", "%s" },
  { "An error occurred %((%w+)%) when calling the (%w+) operation", "%2$s: %1$s" },
  { "([%w ]+: %w+), https response error StatusCode: (%d+)", "%s: HTTP %s" },
}

local function compose(form, first, second)
  if form == "%s" then return first end
  if form:find("2$s", 1, true) then return second .. ": " .. first end
  return form:format(first, second)
end

local function known(text)
  for _, pattern in ipairs(PATTERNS) do
    local first, second = text:match(pattern[1])
    if first then return compose(pattern[2], first, second) end
  end
end

local function error_line(text)
  return text:match("\nE%s+([^\n]+)") or text:match("Error: ([^\n]+)")
    or text:match("\n([%w_.]*Error: [^\n]+)") or text:match("%S[^\n]*")
end

local function without_chance(text)
  text = text:gsub("\27%[[%d;]*m", ""):gsub("https?://%S+", "<url>")
  text = text:gsub("arn:%S+", "<arn>"):gsub("%x%x%x%x%x%x%x%x%-?[%x-]+", "<id>")
  text = text:gsub("%d%d%d%d+", "<n>"):gsub("/[%w._/-]+", "<path>"):gsub("%s+", " ")
  if #text > 120 then text = text:sub(1, 117) .. "..." end
  return text
end

-- The end of a log holds its error; searching megabytes for it would take seconds.
local SEARCHED = 8192

local function text_of(result)
  local apply, tests = result.terraform_apply or {}, result.pytest_results or {}
  local text
  if result.status == "ERROR" then
    text = result.error_message
  elseif apply.success == false then
    text = apply.logs
  else
    text = tests.output
  end
  return (text or ""):sub(-SEARCHED)
end

---@param result table a result record
---@return string
local function of(result)
  if result.status == "TIMEOUT" then return "timeout: " .. (result.reason or "time exceeded") end
  local text = text_of(result)
  local found = known(text)
  if found then return found end
  local line = text ~= "" and error_line(text) or result.reason or result.error_message
  return without_chance(line or "unknown cause")
end

return setmetatable({ version = VERSION, of = of, earlier = EARLIER },
  { __call = function(_, result) return of(result) end })
