-- SPDX-License-Identifier: Apache-2.0
-- Terraform expressions as values. A node is a Lua string, number or boolean, or a table with `k`:
--   raw{text,t,value}  expression text; where known t is its type ("list", "number", "string",
--                 "bool"), value what it stands for by the defaults of parameters, or_else what
--                 it is within a text when it is null
--   tpl{parts}    string template: strings and nodes
--   list{items}   map{keys,vals}   cond{test,yes,no}   none (AWS::NoValue)
local M = {}

M.none = { k = "none" }

function M.raw(text, t) return { k = "raw", text = text, t = t } end
function M.list(items) return { k = "list", items = items } end
function M.cond(test, yes, no) return { k = "cond", test = test, yes = yes, no = no } end

function M.map(vals)
  local keys = {}
  for key in pairs(vals) do keys[#keys + 1] = key end
  table.sort(keys)
  return { k = "map", keys = keys, vals = vals }
end

---Joins neighbouring literals; a template of literals only becomes a string.
function M.template(parts)
  local out = {}
  local function add(part)
    if type(part) == "table" and part.k == "tpl" then
      for _, inner in ipairs(part.parts) do add(inner) end
    elseif type(part) ~= "table" then
      local s = M.scalar(part)
      if type(out[#out]) == "string" then out[#out] = out[#out] .. s else out[#out + 1] = s end
    else
      out[#out + 1] = part
    end
  end
  for _, part in ipairs(parts) do add(part) end
  if #out == 0 then return "" end
  if #out == 1 and type(out[1]) == "string" then return out[1] end
  return { k = "tpl", parts = out }
end

---A literal as CloudFormation would print it in a string.
function M.scalar(value)
  if math.type(value) == "float" and value == math.floor(value) and math.abs(value) < 2 ^ 53 then
    return ("%d"):format(value)
  end
  return tostring(value)
end

local ESCAPE = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(s)
  return (s:gsub('["\\\n\r\t]', ESCAPE):gsub("[%z\1-\8\11\12\14-\31]", function(c)
    return ("\\u%04x"):format(c:byte())
  end):gsub("([$%%]){", "%1%1{"))
end

---@param s string
---@return string HCL string literal
function M.quote(s) return '"' .. escape(s) .. '"' end

local function key_text(key)
  return key:match("^[%a_][%w_%-]*$") and key or M.quote(key)
end

local function is_collection(node)
  if type(node) ~= "table" then return false end
  if node.k == "cond" then return is_collection(node.yes) or is_collection(node.no) end
  return node.k == "list" or node.k == "map"
end

---Whether the value can be absent, so that a collection around it has to be filtered.
function M.may_be_none(node)
  return type(node) == "table" and node.k == "cond"
    and (node.yes == M.none or node.no == M.none
      or M.may_be_none(node.yes) or M.may_be_none(node.no))
end

local writers = {}

local function text_of(node, depth, json)
  if type(node) == "string" then return M.quote(node) end
  if type(node) ~= "table" then return M.scalar(node) end
  return writers[node.k](node, depth, json)
end

function writers.raw(node) return node.text end
function writers.none() return "null" end

-- Nothing is an empty text within a text.
local function present(node)
  if node == M.none then return "" end
  if type(node) == "table" and node.or_else then
    return M.raw(("coalesce(%s, %s)"):format(node.text, M.quote(node.or_else)))
  end
  if type(node) ~= "table" or node.k ~= "cond" then return node end
  return M.cond(node.test, present(node.yes), present(node.no))
end

function writers.tpl(node)
  local out = {}
  for i, part in ipairs(node.parts) do
    if type(part) == "string" then
      out[i] = escape(part)
    elseif part ~= M.none then
      out[i] = "${" .. text_of(present(part), 0) .. "}"
    else
      out[i] = ""
    end
  end
  return '"' .. table.concat(out) .. '"'
end

-- The two arms of a conditional must have one type: documents go through their JSON text.
function writers.cond(node, depth, json)
  local yes, no = text_of(node.yes, depth, json), text_of(node.no, depth, json)
  if json and is_collection(node) then
    return ("jsondecode(%s ? jsonencode(%s) : jsonencode(%s))"):format(node.test, yes, no)
  end
  return ("(%s ? %s : %s)"):format(node.test, yes, no)
end

function writers.list(node, depth, json)
  local items, optional, simple = {}, false, true
  for _, item in ipairs(node.items) do
    if item ~= M.none then
      optional = optional or M.may_be_none(item)
      items[#items + 1] = text_of(item, depth + 1, json)
      simple = simple and not is_collection(item)
    end
  end
  local line = "[" .. table.concat(items, ", ") .. "]"
  if not (simple and #line < 80 and not line:find("\n")) then
    local pad = ("  "):rep(depth)
    line = "[\n" .. pad .. "  " .. table.concat(items, ",\n" .. pad .. "  ") .. ",\n" .. pad .. "]"
    if #items == 0 then line = "[]" end
  end
  return optional and ("[for item in %s : item if item != null]"):format(line) or line
end

function writers.map(node, depth, json)
  local lines, optional, pad = {}, false, ("  "):rep(depth)
  for _, key in ipairs(node.keys) do
    local value = node.vals[key]
    if value ~= M.none then
      optional = optional or M.may_be_none(value)
      lines[#lines + 1] = ("%s  %s = %s"):format(pad, key_text(key),
        text_of(value, depth + 1, json))
    end
  end
  if #lines == 0 then return "{}" end
  local object = "{\n" .. table.concat(lines, "\n") .. "\n" .. pad .. "}"
  return optional and ("{ for key, item in %s : key => item if item != null }"):format(object)
    or object
end

---Expression text of a node. `json`: it is part of a document, where arms may differ in shape.
---@param node any
---@param depth integer|nil indentation level of the line that it starts on
---@param json boolean|nil
---@return string
function M.text(node, depth, json) return text_of(node, depth or 0, json) end

---"jsonencode(…)" of a node; a string that is already a document stays one, and an arm without a
---value is no document at all.
function M.json(node, depth)
  if type(node) ~= "table" then return M.quote(M.scalar(node)) end
  if node == M.none then return "null" end
  if node.k == "cond" then
    return ("(%s ? %s : %s)"):format(node.test, M.json(node.yes, depth), M.json(node.no, depth))
  end
  if node.k == "tpl" or node.k == "raw" then return text_of(node, depth or 0) end
  return "jsonencode(" .. text_of(node, depth or 0, true) .. ")"
end

return M
