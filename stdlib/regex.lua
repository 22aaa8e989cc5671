-- SPDX-License-Identifier: Apache-2.0
-- Regular expressions (PCRE2, UTF-8) with match limits, for patterns that come from outside.

local raw = require "lsqm.raw.regex"

local M = {}

local Regex = {}
Regex.__index = Regex

--- Compiles a pattern. Flags: i caseless, m multiline, s dot matches newline, e JSON Schema's
--- dialect.
---@param pattern string
---@param flags string|nil
---@return table|nil regex
---@return lsqm.Error|nil
function M.compile(pattern, flags)
  if type(pattern) ~= "string" then error("regex.compile: pattern must be a string", 2) end
  local re, err = raw.compile(pattern, flags)
  if not re then return nil, err end
  return setmetatable({ re = re, pattern = pattern }, Regex)
end

--- Does it match anywhere in text?
---@return boolean|nil
---@return lsqm.Error|nil
function Regex:test(text)
  local spans, err = self.re:exec(text)
  if spans == nil then return nil, err end
  return spans ~= false
end

--- First match from `from`: first, last and the groups' texts (false where a group took no part);
--- nil when there is none; nil, err when the limit is reached.
function Regex:find(text, from)
  local spans, err = self.re:exec(text, from)
  if not spans then return nil, err end
  local groups = {}
  for i = 2, #spans do
    local span = spans[i]
    groups[#groups + 1] = span and text:sub(span[1], span[2])
  end
  return spans[1][1], spans[1][2], table.unpack(groups)
end

--- One-off test of a pattern.
---@return boolean|nil
---@return lsqm.Error|nil
function M.test(pattern, text, flags)
  local re, err = M.compile(pattern, flags)
  if not re then return nil, err end
  return re:test(text)
end

return M
