-- SPDX-License-Identifier: Apache-2.0
-- Extents of blocks and attributes in Terraform text, for edits that leave every other byte alone.
-- It knows what a value may contain (strings, templates, heredocs, comments, brackets), not what
-- values mean: expressions stay text.
local M = {}

local skip_string

-- Position after the "}" that closes a "${" or "%{" opened before `pos`.
local function skip_template(text, pos)
  local depth = 1
  while depth > 0 do
    local at = text:find('[{}"]', pos)
    if not at then error({ at = pos, message = "template is not closed" }, 0) end
    local c = text:sub(at, at)
    if c == '"' then
      pos = skip_string(text, at)
    else
      depth, pos = depth + (c == "{" and 1 or -1), at + 1
    end
  end
  return pos
end

skip_string = function(text, start)
  local pos = start + 1
  while true do
    local at = text:find('["\\$%%\n]', pos)
    local c = at and text:sub(at, at)
    if not at or c == "\n" then error({ at = start, message = "string is not closed" }, 0) end
    if c == '"' then return at + 1 end
    if c == "\\" then
      pos = at + 2
    elseif text:sub(at, at + 2) == c .. c .. "{" then
      pos = at + 3
    elseif text:sub(at + 1, at + 1) == "{" then
      pos = skip_template(text, at + 2)
    else
      pos = at + 1
    end
  end
end

local function skip_heredoc(text, start)
  local word, body = text:match("^<<%-?([%w_%-]+)[^\n]*\n()", start)
  if not word then return start + 2 end
  local pos = body
  while pos <= #text do
    local line, after = text:match("^([^\n]*)\n?()", pos)
    if line:match("^%s*(.-)%s*$") == word then return pos + #line end
    pos = after
  end
  error({ at = start, message = "heredoc " .. word .. " is not closed" }, 0)
end

-- Position after a comment that starts at pos (its newline stays), or nil.
local function skip_comment(text, pos)
  if text:find("^#", pos) or text:find("^//", pos) then
    return text:find("\n", pos, true) or #text + 1
  end
  if text:find("^/%*", pos) then
    local _, stop = text:find("*/", pos + 2, true)
    if not stop then error({ at = pos, message = "comment is not closed" }, 0) end
    return stop + 1
  end
end

local function skip_space(text, pos)
  while true do
    local at = text:find("[^%s]", pos)
    if not at then return #text + 1 end
    local after = skip_comment(text, at)
    if not after then return at end
    pos = after
  end
end

-- Position after the value that starts at pos: the end of its line outside all brackets.
local function value_end(text, pos)
  local depth = 0
  while pos <= #text do
    local c = text:sub(pos, pos)
    local after = skip_comment(text, pos)
    if after then
      local to_end_of_line = c == "#" or text:sub(pos + 1, pos + 1) == "/"
      if depth == 0 and to_end_of_line then return pos end
      pos = after
    elseif c == '"' then pos = skip_string(text, pos)
    elseif text:find("^<<", pos) then pos = skip_heredoc(text, pos)
    elseif c:find("[%[%({]") then depth, pos = depth + 1, pos + 1
    elseif c:find("[%]%)}]") then
      if depth == 0 then return pos end
      depth, pos = depth - 1, pos + 1
    elseif c == "\n" and depth == 0 then return pos
    else pos = pos + 1 end
  end
  return pos
end

local parse_body

local function parse_labels(text, pos)
  local labels = {}
  while true do
    local at = text:match("^[ \t]*()", pos)
    local c = text:sub(at, at)
    if c == '"' then
      pos = skip_string(text, at)
      labels[#labels + 1] = text:sub(at + 1, pos - 2)
    elseif c:find("[%a_]") then
      local word, after = text:match("^([%w_%-]+)()", at)
      labels[#labels + 1], pos = word, after
    else
      return labels, at
    end
  end
end

local function parse_item(text, start)
  local name, pos = text:match("^([%a_][%w_%-]*)[ \t]*()", start)
  if not name then error({ at = start, message = "a name is expected" }, 0) end
  if text:find("^=[^=]", pos) then
    local first = text:match("^=[ \t]*()", pos)
    local stop = value_end(text, first)
    local value = text:sub(first, stop - 1):gsub("%s+$", "")
    return { name = name, begin = start, stop = first + #value, value = value, at = first }
  end
  local labels, open = parse_labels(text, pos)
  if text:sub(open, open) ~= "{" then
    error({ at = open, message = "'=' or '{' is expected" }, 0)
  end
  local items, stop = parse_body(text, open + 1, true)
  return { name = name, labels = labels, begin = start, stop = stop, items = items }
end

parse_body = function(text, pos, nested)
  local items = {}
  while true do
    pos = skip_space(text, pos)
    if pos > #text then
      if nested then error({ at = #text, message = "block is not closed" }, 0) end
      return items, pos
    end
    if text:sub(pos, pos) == "}" and nested then return items, pos + 1 end
    local item = parse_item(text, pos)
    items[#items + 1], pos = item, item.stop
  end
end

local function position(text, at)
  local before = text:sub(1, math.max(at - 1, 0))
  local _, lines = before:gsub("\n", "")
  return lines + 1, #before:match("[^\n]*$") + 1
end

---Items of a file: {name, begin, stop} with `value` and `at` (attributes) or `labels` and `items`
---(blocks); stop is the position after the item.
---@param text string
---@return table? items
---@return table? problem {message=, line=, col=}
function M.items(text)
  local ok, items = pcall(parse_body, text, 1, false)
  if ok then return items end
  if type(items) ~= "table" then error(items, 0) end
  local line, col = position(text, items.at)
  return nil, { message = items.message, line = line, col = col }
end

---Applies edits {begin, stop, text}, which must not overlap.
---@return string
function M.edit(text, edits)
  table.sort(edits, function(a, b) return a.begin < b.begin end)
  local out, pos = {}, 1
  for _, edit in ipairs(edits) do
    out[#out + 1] = text:sub(pos, edit.begin - 1) .. edit.text
    pos = edit.stop
  end
  return table.concat(out) .. text:sub(pos)
end

---Attribute or nested blocks of a block by name.
function M.get(items, name)
  for _, item in ipairs(items) do
    if item.name == name then return item end
  end
end

---The text of a value that is a plain string, or nil.
function M.plain(item)
  local value = item and item.value and item.value:match('^"([^"\\]*)"$')
  return value and not value:find("[$%%]{") and value or nil
end

return M
