-- SPDX-License-Identifier: Apache-2.0
-- XML documents as trees, read by LuaExpat. For small documents that programs write: answers of
-- services, test reports, drawings. No document type is accepted, so nothing can be declared,
-- expanded or fetched.
--
--   local root = assert(xml.parse("<a x='1'><b>text</b></a>"))
--   root.name, root.attrs.x, root.children[1].text, xml.text(root, "b")

local error_of = require "std.error"
local lxp = require "lxp"

local M = {}

local MAX_DEPTH <const> = 200

---@class lsqm.XmlElement
---@field name string      without its namespace's prefix
---@field attrs table<string, string>
---@field children lsqm.XmlElement[]
---@field text string      its own text, without that of its children
---@field line integer     where it begins

local function plain(name) return (name:match "[^:]*$") end

local function attributes(attrs)
  local map = {}
  for i = 1, #attrs do map[plain(attrs[i])] = attrs[attrs[i]] end
  return map
end

local function refuse(parser, text)
  local line, column = parser:pos()
  error({ refused = text, line = line, column = column }, 0)
end

local function callbacks(root, max_elements)
  local open, texts, count = { root }, { {} }, 0
  return {
    StartElement = function(parser, name, attrs)
      count = count + 1
      if count > max_elements then refuse(parser, "more than " .. max_elements .. " elements") end
      if #open > MAX_DEPTH then refuse(parser, "nested too deeply") end
      local element = { name = plain(name), attrs = attributes(attrs), children = {}, text = "",
        line = (parser:pos()) }
      table.insert(open[#open].children, element)
      open[#open + 1], texts[#texts + 1] = element, {}
    end,
    EndElement = function()
      table.remove(open).text = table.concat(table.remove(texts))
    end,
    CharacterData = function(_, text)
      local own = texts[#texts]
      own[#own + 1] = text
    end,
    StartDoctypeDecl = function(parser) refuse(parser, "a document type is not accepted") end,
  }
end

---@param text string
---@param file string|nil for the error
---@param options {max_elements: integer|nil}|nil for documents of strangers
---@return lsqm.XmlElement|nil root
---@return lsqm.Error|nil err code "syntax", with line and column
function M.parse(text, file, options)
  if type(text) ~= "string" then error("xml.parse: text must be a string", 2) end
  local top = { children = {} }
  local parser = lxp.new(callbacks(top, options and options.max_elements or math.huge))
  local ran, ok, message, line, column = pcall(function()
    local good, why, at, col = parser:parse(text)
    if good then good, why, at, col = parser:parse() end
    return good, why, at, col
  end)
  pcall(parser.close, parser)
  if ran and ok then return top.children[1] end
  if not ran then
    if type(ok) ~= "table" then error(ok, 0) end
    message, line, column = ok.refused, ok.line, ok.column
  end
  return nil, error_of.new { op = "xml", code = "syntax", file = file, line = line,
    column = column, message = tostring(message) }
end

--- The first element of a name anywhere below (or the element itself).
---@return lsqm.XmlElement|nil
function M.find(element, name)
  if element.name == name then return element end
  for _, child in ipairs(element.children) do
    local found = M.find(child, name)
    if found then return found end
  end
  return nil
end

--- All elements of a name anywhere below, in the document's order.
---@return lsqm.XmlElement[]
function M.all(element, name, list)
  list = list or {}
  if element.name == name then list[#list + 1] = element end
  for _, child in ipairs(element.children) do M.all(child, name, list) end
  return list
end

--- The text of the first child of a name; nil when there is none.
---@return string|nil
function M.text(element, name)
  for _, child in ipairs(element.children) do
    if child.name == name then return child.text end
  end
  return nil
end

return M
