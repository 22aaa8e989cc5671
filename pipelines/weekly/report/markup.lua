-- SPDX-License-Identifier: Apache-2.0
-- What the sections write HTML and SVG with. Text is escaped unless it came from here.
--   h.p({ class = "note" }, "5 < 6 ", h.b("ok"))  →  <p class="note">5 &lt; 6 <b>ok</b></p>

local html = require "std.html"
local text_of = require "pipelines.weekly.report.text"

local M = {}

local Markup = { __name = "markup" }
Markup.__index = Markup
Markup.__tostring = function(self) return self.text end

local VOID = { input = true, br = true, hr = true, meta = true, col = true }

---Marks a text as HTML already. For the report's own style and script only.
---@param text string
function M.raw(text) return setmetatable({ text = text }, Markup) end

local function is_markup(value) return getmetatable(value) == Markup end

-- Control characters and broken UTF-8 are no markup, but they can break a page or a terminal.
local function escape(value)
  local text = tostring(value)
  if text:find("[\0-\8\11-\31\127]") or not utf8.len(text) then text = text_of.clean(text) end
  return html.escape(text)
end

local function attributes(attrs, out)
  local names = {}
  for name in pairs(attrs) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local value = attrs[name]
    if value == true then
      out[#out + 1] = " " .. name
    elseif value ~= false then
      out[#out + 1] = (' %s="%s"'):format(name, escape(value))
    end
  end
end

local function add(out, child)
  if child == nil or child == false then return end
  if is_markup(child) then
    out[#out + 1] = child.text
  elseif type(child) == "table" then
    for _, item in ipairs(child) do add(out, item) end
  else
    out[#out + 1] = escape(child)
  end
end

---One element. A first plain table is its attributes, unless it is a list of children.
---@param name string
function M.tag(name, ...)
  local first = ...
  local has_attrs = type(first) == "table" and not is_markup(first) and #first == 0
  local out = { "<", name }
  if has_attrs then attributes(first, out) end
  out[#out + 1] = ">"
  if not VOID[name] then
    for i = has_attrs and 2 or 1, select("#", ...) do add(out, (select(i, ...))) end
    out[#out + 1] = "</" .. name .. ">"
  end
  return M.raw(table.concat(out))
end

---Several pieces without an element around them.
function M.join(...)
  local out = {}
  for i = 1, select("#", ...) do add(out, (select(i, ...))) end
  return M.raw(table.concat(out))
end

return setmetatable(M, {
  __index = function(self, name)
    local make = function(...) return M.tag(name, ...) end
    rawset(self, name, make)
    return make
  end,
})
