-- SPDX-License-Identifier: Apache-2.0
-- Error values: one table shape for everything that the world can do wrong.
-- The metatable is the one that C's lsqm_push_error uses ("lsqm.error" in the registry), so both
-- kinds print alike and std.error.is knows both.

local M = {}

---@class lsqm.Error
---@field message string
---@field code string      invalid, not_found, limit, … (host/error.h)
---@field op string|nil    what was being done: "docker create"
---@field file string|nil
---@field line integer|nil
---@field col integer|nil
---@field source string|nil  the source line, perhaps cut
---@field caret integer|nil  column of the caret within source
---@field hint string|nil
---@field cause any
---@field traceback string|nil

local NAME <const> = "lsqm.error"

local function shared_metatable()
  local registry = debug.getregistry()
  local mt = registry[NAME]
  if not mt then
    mt = { __name = NAME }
    registry[NAME] = mt
  end
  return mt
end

local mt = shared_metatable()

local function place(err)
  if not err.file and not err.line then return nil end
  local text = err.file or "input"
  if err.line then text = text .. ":" .. err.line end
  if err.line and err.col then text = text .. ":" .. err.col end
  return text
end

local function one_line(err)
  local message = tostring(err.message or err.code or "unknown error")
  local where = place(err)
  if where then message = where .. ": " .. message end
  if err.op and err.op ~= "" then return err.op .. ": " .. message end
  return message
end

mt.__tostring = one_line

--- A new error value. A cause's message is not repeated: format() shows the chain.
---@param fields table {message=, code=, op=, file=, line=, col=, source=, caret=, hint=, cause=}
---@return lsqm.Error
function M.new(fields)
  if type(fields) ~= "table" then error("error.new: fields must be a table", 2) end
  local err = {}
  for k, v in pairs(fields) do err[k] = v end
  err.code = err.code or "internal"
  err.message = err.message or err.code
  return setmetatable(err, mt)
end

--- Is x an error value (ours, from Lua or C)?
---@return boolean
function M.is(x)
  return type(x) == "table" and getmetatable(x) == mt
end

--- Any value as an error value: text keeps its words, nil becomes "unknown error".
---@return lsqm.Error
function M.from(x)
  if M.is(x) then return x end
  if x == nil then x = "unknown error" end
  return M.new { message = tostring(x), code = "internal" }
end

--- The error one level up: same code and position, `op` says what failed because of it.
---@param err any
---@param op string
---@return lsqm.Error
function M.wrap(err, op)
  if type(op) ~= "string" then error("error.wrap: op must be a string", 2) end
  local cause = M.from(err)
  return M.new {
    op = op, code = cause.code, message = one_line(cause), cause = cause, hint = cause.hint,
    traceback = cause.traceback,
  }
end

local function source_lines(err, out)
  if not err.source or err.source == "" then return end
  local margin = err.line and tostring(err.line) or ""
  out[#out + 1] = ("  %s | %s"):format(margin, err.source)
  local caret = err.caret or err.col
  if caret and caret >= 1 then
    local pad = err.source:sub(1, caret - 1):gsub("[^\t]", " ")
    pad = pad .. (" "):rep(caret - 1 - #pad)
    out[#out + 1] = ("  %s | %s^"):format((" "):rep(#margin), pad)
  end
end

--- Several lines for a person: the message, source line with caret, causes, hint.
---@param err any
---@return string
function M.format(err)
  err = M.from(err)
  local out, seen, hint = { one_line(err) }, {}, nil
  local at = err
  while M.is(at) and not seen[at] do
    seen[at] = true
    source_lines(at, out)
    hint = hint or (at.hint ~= "" and at.hint) or nil
    at = at.cause
    -- wrap() already put the cause's words into the message
    if at ~= nil and not out[1]:find(tostring(at), 1, true) then
      out[#out + 1] = "  because " .. tostring(at)
    end
  end
  if hint then out[#out + 1] = "  hint: " .. hint end
  return table.concat(out, "\n")
end

--- Did this error come from a cancelled task?
---@return boolean
function M.is_cancelled(x)
  if M.is(x) then return x.code == "cancelled" end
  return x == "cancelled"
end

--- The position of a byte in a text, with its source line, as fields for error.new.
---@param text string
---@param offset integer 1-based
---@return table {line=, col=, source=, caret=}
function M.position(text, offset)
  offset = math.max(1, math.min(offset, #text + 1))
  local line, start = 1, 1
  while true do
    local nl = text:find("\n", start, true)
    if not nl or nl >= offset then break end
    line, start = line + 1, nl + 1
  end
  local stop = (text:find("\n", start, true) or #text + 1) - 1
  local col = offset - start + 1
  local skip = math.max(0, col - 60)
  local source = text:sub(start + skip, math.min(stop, start + skip + 90)):gsub("%c", " ")
  return { line = line, col = col, source = source, caret = col - skip }
end

return M
