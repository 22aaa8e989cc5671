-- SPDX-License-Identifier: Apache-2.0
-- HTML and SVG as values. Texts and attributes are escaped always; only html.raw is taken as it is.
--   h.p({ class = "note" }, "5 < 6 ", h.b("ok"))  →  <p class="note">5 &lt; 6 <b>ok</b></p>

local text_of = require "std.text"

local M = {}

local Markup = { __name = "lsqm.markup" }
Markup.__index = Markup
Markup.__tostring = function(self) return self.text end

local ENTITIES <const> = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}
local VOID <const> = { br = true, hr = true, img = true, input = true, link = true, meta = true,
  col = true }
local LINKS <const> = { href = true, src = true, action = true, ["xlink:href"] = true }

---Any value as text that is safe in elements and in quoted attributes. What HTML does not allow
---(control characters, broken UTF-8) is replaced: a hostile log cannot break a page.
---@param value any
---@return string
function M.escape(value)
  local text = tostring(value)
  if not text:find("[^%w ._/:,()-]") then return text end -- most texts: one look is enough
  if text:find("[\0-\8\11-\31\127]") or text:find("\xE2[\x80\x81][\xA6-\xAE]")
    or not utf8.len(text) then
    text = text_of.clean(text)
  end
  return (text:gsub("[&<>\"']", ENTITIES))
end

---Marks trusted markup (our own style sheet, say). Never pass outside texts.
---@param text string
function M.raw(text)
  if type(text) ~= "string" then error("html.raw: text must be a string", 2) end
  return setmetatable({ text = text }, Markup)
end

-- A link that runs code is no link.
local function safe_url(url)
  local scheme = tostring(url):gsub("[%c%s]", ""):lower():match("^([%a][%w+.-]*):")
  return not scheme or scheme == "http" or scheme == "https" or scheme == "mailto"
end

local allowed = {} -- attribute names seen so far that are

local function check_name(name)
  if not name:find("^%a[%w:-]*$") or name:lower():find("^on") then
    error(("html: attribute name %q is not allowed"):format(name), 0)
  end
  allowed[name] = true
end

local function add_attribute(out, name, value)
  if value == false then return end
  if not allowed[name] then check_name(name) end
  if value == true then
    out[#out + 1] = " " .. name
    return
  end
  if LINKS[name] and not safe_url(value) then value = "#" end
  out[#out + 1] = " " .. name .. '="' .. M.escape(value) .. '"'
end

local function add_attributes(out, attrs)
  local first = next(attrs)
  if first == nil then return end
  if next(attrs, first) == nil then return add_attribute(out, first, attrs[first]) end
  local names = {}
  for name in pairs(attrs) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do add_attribute(out, name, attrs[name]) end
end

local function add(out, child)
  if child == nil or child == false then return end
  if type(child) ~= "table" then
    out[#out + 1] = M.escape(child)
  elseif getmetatable(child) == Markup then
    out[#out + 1] = child.text
  else
    for _, item in ipairs(child) do add(out, item) end
  end
end

-- Nearly every element has one child: it is put together without a list.
local function simple(head, name, child)
  if type(child) == "table" then
    if getmetatable(child) ~= Markup then return nil end
    return setmetatable({ text = head .. child.text .. "</" .. name .. ">" }, Markup)
  end
  local text = (child == nil or child == false) and "" or M.escape(child)
  return setmetatable({ text = head .. text .. "</" .. name .. ">" }, Markup)
end

local function head_of(name, attrs)
  if not attrs then return "<" .. name .. ">" end
  local out = { "<", name }
  add_attributes(out, attrs)
  out[#out + 1] = ">"
  return table.concat(out)
end

local function element(name, ...)
  local first, second = ...
  local has_attrs = type(first) == "table" and getmetatable(first) ~= Markup and #first == 0
  local head, count = head_of(name, has_attrs and first or nil), select("#", ...)
  if VOID[name] then return setmetatable({ text = head }, Markup) end
  local begin = has_attrs and 2 or 1
  local only = first
  if has_attrs then only = second end
  local one = count <= begin and simple(head, name, only)
  if one then return one end
  local out = { head }
  for i = begin, count do add(out, (select(i, ...))) end
  out[#out + 1] = "</" .. name .. ">"
  return setmetatable({ text = table.concat(out) }, Markup)
end

---One element. A first plain table is its attributes (true = without a value, false = left out),
---unless it is a list of children. Lists are flattened, nil and false vanish.
---@param name string
function M.tag(name, ...)
  if not name:find("^%a[%w-]*$") then error("html: bad tag " .. name, 2) end
  return element(name, ...)
end

---Several pieces without an element around them.
function M.join(...)
  local out = {}
  for i = 1, select("#", ...) do add(out, (select(i, ...))) end
  return M.raw(table.concat(out))
end

return setmetatable(M, {
  __index = function(self, name)
    if not name:find("^%a[%w-]*$") then error("html: bad tag " .. name, 2) end
    local make = function(...) return element(name, ...) end
    rawset(self, name, make)
    return make
  end,
})
