-- SPDX-License-Identifier: Apache-2.0
-- Environment files (.env): NAME=value lines with quotes, comments, `export` and variables.

local file = require "std.compose.file"
local interpolate = require "std.compose.interpolate"
local origin = require "std.compose.origin"

local M = {}

local ESCAPES <const> = { n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\",
  ["$"] = "$$" }

-- The text in double quotes that starts after `at`, and what follows it.
local function double_quoted(text, at, place)
  local out = {}
  while at <= #text do
    local c = text:sub(at, at)
    if c == '"' then return table.concat(out), at + 1 end
    if c == "\\" then
      local next_char = text:sub(at + 1, at + 1)
      out[#out + 1] = ESCAPES[next_char] or "\\" .. next_char
      at = at + 2
    else
      out[#out + 1] = c
      at = at + 1
    end
  end
  origin.fail(place, "the quote is not closed")
end

-- Value and the index after it.
local function read_value(text, at, place)
  local quote = text:sub(at, at)
  if quote == "'" then
    local stop = text:find("'", at + 1, true)
    if not stop then origin.fail(place, "the quote is not closed") end
    return text:sub(at + 1, stop - 1), stop + 1, false
  elseif quote == '"' then
    local value, after = double_quoted(text, at + 1, place)
    return value, after, true
  end
  local line = text:match("^[^\n]*", at)
  local value = line:gsub("^#.*", ""):gsub("%s#.*$", ""):gsub("%s+$", "")
  return value, at + #line, true
end

local function count_lines(text, from, to)
  local n = 0
  for _ in text:sub(from, to):gmatch("\n") do n = n + 1 end
  return n
end

-- One line's assignment; the index where the next line begins.
local function read_entry(state, at)
  local text = state.text
  local place = { file = state.file, line = state.line, col = 1 }
  local start = text:match("^%s*export%s+()", at) or at
  local name, sep, value_at = text:match("^[ \t]*([%w_%.%-%[%]]+)[ \t]*([=:]?)[ \t]*()", start)
  if not name then origin.fail(place, "expected NAME=value") end
  local entry = { key = name, place = place }
  local after = value_at
  if sep ~= "" then
    local value, stop, expands = read_value(text, value_at, place)
    if expands then
      value = interpolate.text(value, { place = place, on_use = state.on_use,
        get = function(wanted) return state.get(wanted) or state.own[wanted] end })
    end
    entry.value, after = value, stop
    state.own[name] = value
  end
  local rest_stop = text:find("\n", after, true) or #text + 1
  local rest = text:sub(after, rest_stop - 1)
  if rest:find("%S") and not rest:find("^%s*#") then
    -- the text itself is not shown: it may be the rest of a password
    origin.fail(place, "unexpected text after the value")
  end
  state.line = state.line + count_lines(text, at, rest_stop)
  return entry, rest_stop + 1
end

--- Entries in the order of the file; value is nil for a name alone. Raises a Compose error.
---@param text string
---@param options {file: string, get?: fun(name): string?, on_use?: fun(name, place)} what `get`
---  knows wins over what the file itself has said before, as with Docker Compose
---@return {key: string, value: string?, place: table}[]
function M.parse(text, options)
  local state = { text = text:gsub("\r\n", "\n"):gsub("^\u{FEFF}", ""), file = options.file,
    line = 1, own = {}, get = options.get or function() end, on_use = options.on_use }
  local entries, at = {}, 1
  while at <= #state.text do
    local line = state.text:match("^[^\n]*", at)
    if line:find("^%s*$") or line:find("^%s*#") then
      state.line, at = state.line + 1, at + #line + 1
    else
      entries[#entries + 1], at = read_entry(state, at)
    end
  end
  return entries
end

--- Entries of NAME=value lines as they are: quotes, dollars and # belong to the value
--- (`format: raw` of env_file). See parse.
function M.parse_raw(text, options)
  local entries, line = {}, 0
  for row in (text:gsub("\r\n", "\n"):gsub("^\u{FEFF}", "") .. "\n"):gmatch("([^\n]*)\n") do
    line = line + 1
    if row:find("%S") and not row:find("^%s*#") then
      local place = { file = options.file, line = line, col = 1 }
      local key, value = row:match("^%s*([^=%s]+)=(.*)$")
      if not key then key = row:match("^%s*([^=%s]+)%s*$") end
      if not key then origin.fail(place, "expected NAME=value") end
      entries[#entries + 1] = { key = key, value = value, place = place }
    end
  end
  return entries
end

--- The entries of a file; nil and an error when it cannot be read. See parse.
---@param options {raw: boolean?}? and those of parse
function M.read(path, options)
  local text, err = file.read(path)
  if not text then return nil, err end
  if options and options.raw then return M.parse_raw(text, { file = path }) end
  local all = { file = path }
  for key, value in pairs(options or {}) do all[key] = value end
  return M.parse(text, all)
end

return M
