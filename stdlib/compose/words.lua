-- SPDX-License-Identifier: Apache-2.0
-- Splits a command line into words as a shell would, without any of a shell's expansions.

local M = {}

local function quoted(text, at, quote)
  local out = {}
  while at <= #text do
    local c = text:sub(at, at)
    if c == quote then return table.concat(out), at + 1 end
    if c == "\\" and quote == '"' and text:find('^["\\$`\n]', at + 1) then
      at = at + 1
      c = text:sub(at, at)
    end
    out[#out + 1] = c
    at = at + 1
  end
  return nil
end

--- The words; nil and a reason when a quote is not closed.
---@param text string
---@return string[]?
---@return string?
function M.split(text)
  local words, word, at = {}, nil, 1
  while at <= #text do
    local c = text:sub(at, at)
    if c:find("%s") then
      if word then words[#words + 1] = word end
      word, at = nil, at + 1
    elseif c == "'" or c == '"' then
      local part, after = quoted(text, at + 1, c)
      if not part then return nil, "a quote is not closed" end
      word, at = (word or "") .. part, after
    else
      if c == "\\" then
        at = at + 1
        c = text:sub(at, at)
      end
      word, at = (word or "") .. c, at + 1
    end
  end
  if word then words[#words + 1] = word end
  return words
end

return M
