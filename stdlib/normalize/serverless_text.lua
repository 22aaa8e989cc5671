-- SPDX-License-Identifier: Apache-2.0
-- The syntax of Serverless variables: text with ${source(parameter):address, fallback} in it, which
-- may be nested. CloudFormation's own ${AWS::Region} and ${Name} stay text.
local M = {}

-- Where a variable of ours begins: "${word:" (but not "::"), "${word(", "${${".
local function begins(text, at)
  if text:find("^%${%s*%${", at) then return true end
  local stop = select(2, text:find("^%${%s*[%a_][%w_.-]*[:(]", at))
  return stop ~= nil and text:sub(stop, stop + 1) ~= "::"
end

local variable

local function push(parts, text)
  if text == "" then return end
  if type(parts[#parts]) == "string" then
    parts[#parts] = parts[#parts] .. text
  else
    parts[#parts + 1] = text
  end
end

-- Reads one source up to "," or "}"; those in quotes and parentheses are part of it.
local function source(text, at)
  local parts, depth, quote = {}, 0, nil
  while at <= #text do
    local c = text:sub(at, at)
    if begins(text, at) then
      local nested, after = variable(text, at)
      if not nested then return nil end
      parts[#parts + 1], at = nested, after
    elseif not quote and depth == 0 and (c == "," or c == "}") then
      return parts, at
    else
      if quote then
        quote = c ~= quote and quote or nil
      elseif (c == "'" or c == '"') and (parts[#parts] or ""):match("^%s*$") then
        quote = c
      elseif c == "(" then depth = depth + 1
      elseif c == ")" then depth = depth - 1
      end
      push(parts, c)
      at = at + 1
    end
  end
end

local function trimmed(parts)
  local first = parts[1]
  if type(first) == "string" then parts[1] = first:gsub("^%s+", "") end
  local last = parts[#parts]
  if type(last) == "string" then parts[#parts] = last:gsub("%s+$", "") end
  for i = #parts, 1, -1 do
    if parts[i] == "" then table.remove(parts, i) end
  end
  return parts
end

-- Reads the variable whose "${" is at `from`: {sources, text} and the place after it.
variable = function(text, from)
  local sources, at = {}, from + 2
  while true do
    local parts, stop = source(text, at)
    if not parts then return nil end
    sources[#sources + 1] = trimmed(parts)
    if text:sub(stop, stop) == "}" then
      return { sources = sources, text = text:sub(from, stop) }, stop + 1
    end
    at = stop + 1
  end
end

---Splits a text.
---@param text string
---@return table parts strings and variables {sources = lists of parts, text =}
---@return boolean has_variable
function M.parse(text)
  local parts, from, found = {}, 1, false
  while true do
    local start = text:find("${", from, true)
    if not start then break end
    local made, after
    if begins(text, start) then made, after = variable(text, start) end
    push(parts, text:sub(from, start - 1))
    if made then
      parts[#parts + 1], from, found = made, after, true
    else
      push(parts, "${")
      from = start + 2
    end
  end
  push(parts, text:sub(from))
  return parts, found
end

---What a source's text says: a literal, or a source of values.
---@param text string
---@return table {value=} (yaml null: {null = true}), or {kind=, parameter=, address=}, or {}
function M.term(text)
  local quoted = text:match("^'(.*)'$") or text:match('^"(.*)"$')
  if quoted then return { value = quoted } end
  if text == "true" or text == "false" then return { value = text == "true" } end
  if text == "null" then return { null = true } end
  if tonumber(text) then return { value = tonumber(text) } end
  local kind, parameter, rest = text:match("^([%a_][%w_-]*)(%b())(.*)$")
  if kind and (rest == "" or rest:sub(1, 1) == ":") then
    return { kind = kind, parameter = parameter:sub(2, -2):match("^%s*(.-)%s*$"),
      address = rest:sub(2):match("^%s*(.-)%s*$") }
  end
  local name, address = text:match("^([%a_][%w_.-]*):(.*)$")
  if not name then return {} end
  kind = name:match("^[^.]+")
  return { kind = kind, parameter = name:match("^[^.]+%.(.+)$"),
    address = address:match("^%s*(.-)%s*$") }
end

return M
