-- SPDX-License-Identifier: Apache-2.0
-- HCL (Terraform's language): reading with positions, formatting as `terraform fmt` does, and
-- writing from Lua values. Strings are always escaped; only hcl.expr passes text through.

local raw = require "lsqm.raw.hcl"
local raw_eval = require "lsqm.raw.hcl_eval"

local M = {}

---@class lsqm.hcl.Body
---@field items lsqm.hcl.Item[]

---@class lsqm.hcl.Item
---@field kind "attribute"|"block"
---@field name string|nil    attribute
---@field expr table|nil     attribute: {kind=, line=, col=, text=, …}
---@field type string|nil    block
---@field labels string[]|nil
---@field body lsqm.hcl.Body|nil
---@field line integer
---@field col integer

--- The tree of an HCL text. Lists are plain tables; `expr.text` is the expression's source.
---@param text string
---@param options table|nil {file = name for error positions}
---@return lsqm.hcl.Body|nil
---@return lsqm.Error|nil
function M.parse(text, options)
  if type(text) ~= "string" then error("hcl.parse: text must be a string", 2) end
  return raw.parse(text, options and options.file)
end

--- The text as `terraform fmt` leaves it.
---@param text string
---@param options table|nil {file = name for error positions}
---@return string|nil
---@return lsqm.Error|nil
function M.format(text, options)
  if type(text) ~= "string" then error("hcl.format: text must be a string", 2) end
  return raw.format(text, options and options.file)
end

-- builders -------------------------------------------------------------------------------------

local Expr <const>, Template <const>, Heredoc <const> = {}, {}, {}
local Object <const>, Block <const>, Comment <const> = {}, {}, {}
local MAX_DEPTH <const> = 200

--- HCL's null.
M.null = setmetatable({}, { __name = "hcl.null", __tostring = function() return "null" end })

--- What hcl.eval answers, whole or inside of lists and maps, for what it does not know.
M.unknown = setmetatable({}, { __name = "hcl.unknown",
  __tostring = function() return "unknown" end })

--- The value of an expression's text. `scope` gives names their values: scope.var.region for
--- var.region, scope.x for a plain name; nil means unknown, hcl.null is null. Pure functions only:
--- nothing is read from disk, clock or network.
---@param text string
---@param scope table|nil
---@return any value hcl.unknown, hcl.null, a plain value, or nil for an error
---@return any err a message, or an lsqm.Error for a text that is not an expression
function M.eval(text, scope)
  if type(text) ~= "string" then error("hcl.eval: text must be a string", 2) end
  return raw_eval.eval(text, scope or {}, M.null, M.unknown)
end

local function text_of(name, text)
  if type(text) ~= "string" then error(name .. ": text must be a string", 3) end
  return text
end

local function list_of(name, what, list)
  if type(list) ~= "table" then error(("%s: %s must be a table"):format(name, what), 3) end
  return list
end

--- An expression as it stands: hcl.expr "aws_sqs_queue.q.arn".
function M.expr(text)
  return setmetatable({ text = text_of("hcl.expr", text) }, Expr)
end

--- A quoted template: literal strings and hcl.expr parts.
function M.template(parts)
  return setmetatable({ parts = list_of("hcl.template", "parts", parts) }, Template)
end

--- Literal text of several lines; it ends with a line break.
function M.heredoc(text)
  return setmetatable({ text = text_of("hcl.heredoc", text) }, Heredoc)
end

--- An object with its keys in order: { {key, value}, … }; a key is a string or hcl.expr.
function M.object(pairs_)
  return setmetatable({ pairs = list_of("hcl.object", "pairs", pairs_) }, Object)
end

--- A block: hcl.block("resource", {"aws_sqs_queue", "q"}, { {"name", "x"} }).
function M.block(kind, labels, items)
  return setmetatable({
    type = text_of("hcl.block", kind), labels = list_of("hcl.block", "labels", labels or {}),
    items = list_of("hcl.block", "items", items or {}),
  }, Block)
end

--- A comment of one or more lines.
function M.comment(text)
  return setmetatable({ text = text_of("hcl.comment", text) }, Comment)
end

-- rendering ------------------------------------------------------------------------------------

local ESCAPES <const> = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r",
  ["\t"] = "\\t" }

local function escape_templates(s)
  return (s:gsub("([$%%]){", "%1%1{"))
end

local function escape(s)
  if not utf8.len(s) then error("a string is not valid UTF-8", 0) end
  s = escape_templates(s):gsub('[%c"\\]', function(c)
    return ESCAPES[c] or ("\\u%04x"):format(c:byte())
  end)
  return s
end

local function number(n)
  if math.type(n) == "integer" then return ("%d"):format(n) end
  if n ~= n or n == math.huge or n == -math.huge then error("a number is not finite", 0) end
  for digits = 15, 17 do
    local text = ("%." .. digits .. "g"):format(n)
    if tonumber(text) == n then return text end
  end
end

local value

local function template(t)
  local out = {}
  for i, part in ipairs(t.parts) do
    if getmetatable(part) == Expr then
      out[i] = "${" .. part.text .. "}"
    elseif type(part) == "string" then
      -- "$" in front of an interpolation would escape it.
      local next_is_expr = getmetatable(t.parts[i + 1]) == Expr
      out[i] = escape(part)
      if next_is_expr and part:find("%$$") then out[i] = out[i]:sub(1, -2) .. "\\u0024" end
    else
      error("hcl.template: a part is neither a string nor hcl.expr", 0)
    end
  end
  return '"' .. table.concat(out) .. '"'
end

local function heredoc(t)
  local text = t.text:gsub("\n?$", "\n", 1)
  if not utf8.len(text) or text:find("[\r\0]") then return '"' .. escape(t.text) .. '"' end
  local marker, n = "EOT", 0
  while ("\n" .. text):find("\n%s*" .. marker .. "%s*\n") do
    n = n + 1
    marker = "EOT" .. n
  end
  return ("<<%s\n%s%s"):format(marker, escape_templates(text), marker)
end

local RESERVED <const> = { ["for"] = true, ["null"] = true, ["true"] = true, ["false"] = true }

local function key_text(key)
  if getmetatable(key) == Expr then return "(" .. key.text .. ")" end
  if type(key) ~= "string" then error("a key is a " .. type(key), 0) end
  if key:find("^[%a_][%w_-]*$") and not RESERVED[key] then return key end
  return '"' .. escape(key) .. '"'
end

local function object(list, depth)
  if #list == 0 then return "{}" end
  local out = { "{" }
  for _, pair in ipairs(list) do
    out[#out + 1] = ("%s = %s"):format(key_text(pair[1]), value(pair[2], depth))
  end
  out[#out + 1] = "}"
  return table.concat(out, "\n")
end

local function sorted_pairs(t)
  local list = {}
  for k, v in pairs(t) do
    if type(k) ~= "string" then error("a table mixes a list and names", 0) end
    list[#list + 1] = { k, v }
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  return list
end

local function is_plain(v)
  return type(v) ~= "table" or v == M.null or getmetatable(v) == Expr or
    getmetatable(v) == Template
end

local function tuple(t, depth)
  local out, lines = {}, false
  for i, v in ipairs(t) do
    out[i] = value(v, depth)
    lines = lines or not is_plain(v) or #out[i] > 60
  end
  -- A heredoc's end marker needs its line for itself.
  if not lines then return "[" .. table.concat(out, ", ") .. "]" end
  for i, text in ipairs(out) do
    out[i] = text .. (getmetatable(t[i]) == Heredoc and "\n," or ",")
  end
  return "[\n" .. table.concat(out, "\n") .. "\n]"
end

local special = {
  [Expr] = function(v) return v.text end,
  [Template] = template,
  [Heredoc] = heredoc,
  [Object] = function(v, depth) return object(v.pairs, depth) end,
}

local function is_list(v)
  local mt = getmetatable(v)
  return #v > 0 or (mt and mt.__jsontype == "array") or next(v) == nil
end

function value(v, depth)
  local kind = type(v)
  if depth > MAX_DEPTH then error("nested too deeply, or a cycle", 0) end
  if kind == "string" then return '"' .. escape(v) .. '"' end
  if kind == "number" then return number(v) end
  if kind == "boolean" then return tostring(v) end
  if v == M.null then return "null" end
  if kind ~= "table" then error("cannot write a " .. kind, 0) end
  local write = special[getmetatable(v)]
  if write then return write(v, depth + 1) end
  if is_list(v) then return tuple(v, depth + 1) end
  return object(sorted_pairs(v), depth + 1)
end

local render_items

local function render_block(block, out, depth)
  local head = { block.type }
  for _, label in ipairs(block.labels) do head[#head + 1] = '"' .. escape(label) .. '"' end
  head = table.concat(head, " ")
  if #block.items == 0 then
    out[#out + 1] = head .. " {}"
    return
  end
  out[#out + 1] = head .. " {"
  render_items(block.items, out, depth + 1)
  out[#out + 1] = "}"
end

function render_items(items, out, depth)
  if depth > MAX_DEPTH then error("nested too deeply, or a cycle", 0) end
  local before
  for _, item in ipairs(items) do
    local mt = getmetatable(item)
    if before and before ~= Comment and (mt == Block or before == Block) then
      out[#out + 1] = ""
    end
    if mt == Block then
      render_block(item, out, depth)
    elseif mt == Comment then
      for line in (item.text .. "\n"):gmatch("([^\n]*)\n") do
        out[#out + 1] = line == "" and "#" or "# " .. line:gsub("%c", " ")
      end
    elseif type(item) == "table" and type(item[1]) == "string" then
      out[#out + 1] = ("%s = %s"):format(item[1], value(item[2], depth))
    else
      error("an item is neither {name, value}, a block nor a comment", 0)
    end
    before = mt or "pair"
  end
end

--- Formatted text of a body: a list of {name, value}, hcl.block and hcl.comment.
--- Values that HCL cannot say raise; a raw expression that is not HCL is returned as an error.
---@param items table
---@return string|nil
---@return lsqm.Error|nil
function M.render(items)
  if type(items) ~= "table" then error("hcl.render: items must be a table", 2) end
  local out = {}
  local ok, message = pcall(render_items, items, out, 0)
  if not ok then error("hcl.render: " .. tostring(message), 2) end
  if #out == 0 then return "" end
  return raw.format(table.concat(out, "\n") .. "\n")
end

return M
