-- SPDX-License-Identifier: Apache-2.0
-- HTML as values: html.div { class = "x", "text", html.b { "bold" } }. Texts and attributes are
-- escaped always; only html.raw is taken as it is.

local M = {}

local ENTITIES <const> = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}
local VOID <const> = {
  br = true, hr = true, img = true, input = true, link = true, meta = true, col = true,
}

--- Any value as text that is safe in elements and in quoted attributes. Control characters that
--- HTML does not allow are replaced, so that a hostile log cannot break a page.
---@param value any
---@return string
function M.escape(value)
  local text = tostring(value):gsub("[&<>\"']", ENTITIES)
  return (text:gsub("[%z\1-\8\11\12\14-\31\127]", "\u{FFFD}"))
end

-- Markup that is finished; kept apart from texts by its metatable.
local Markup = {}
Markup.__index = Markup
Markup.__name = "lsqm.markup"
Markup.__tostring = function(self) return self.text end

--- Marks trusted markup (our own style sheet, say). Never pass outside texts.
function M.raw(text)
  if type(text) ~= "string" then error("html.raw: text must be a string", 2) end
  return setmetatable({ text = text }, Markup)
end

local function is_markup(x) return getmetatable(x) == Markup end

local function render(out, value)
  if value == nil or value == false then return end
  if is_markup(value) then
    out[#out + 1] = value.text
  elseif type(value) == "table" then
    for _, item in ipairs(value) do render(out, item) end
  else
    out[#out + 1] = M.escape(value)
  end
end

-- A link that runs code is no link.
local function safe_url(url)
  local scheme = tostring(url):gsub("[%c%s]", ""):lower():match("^([%a][%w+.-]*):")
  return not scheme or scheme == "http" or scheme == "https" or scheme == "mailto"
    or (scheme == "data" and tostring(url):find("^data:image/") ~= nil)
end

local function attribute(name, value)
  if value == nil or value == false then return "" end
  if not name:find("^[%a_:][%w_:.-]*$") or name:lower():find("^on") then
    error(("html: attribute name %q is not allowed"):format(name), 0)
  end
  if value == true then return " " .. name end
  if (name == "href" or name == "src" or name == "xlink:href" or name == "action")
    and not safe_url(value) then
    value = "#"
  end
  return (' %s="%s"'):format(name, M.escape(value))
end

--- An element: string keys are attributes (true = no value, false = left out), the list part is
--- content. Lists are flattened, nil and false vanish.
---@param tag string
---@param content table|nil
function M.element(tag, content)
  if not tag:find("^%a[%w-]*$") then error("html.element: bad tag " .. tag, 2) end
  content = content or {}
  local names = {}
  for name in pairs(content) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  local out = { "<", tag }
  for _, name in ipairs(names) do out[#out + 1] = attribute(name, content[name]) end
  out[#out + 1] = ">"
  if not VOID[tag] then
    -- holes from `cond and x` must not end the list early
    local last = 0
    for i in pairs(content) do
      if math.type(i) == "integer" then last = math.max(last, i) end
    end
    for i = 1, last do render(out, content[i]) end
    out[#out + 1] = "</" .. tag .. ">"
  end
  return M.raw(table.concat(out))
end

--- Several values as one piece of markup.
function M.join(list)
  local out = {}
  render(out, list)
  return M.raw(table.concat(out))
end

-- The content security policy of a page that allows only the scripts with these hashes.
local function policy_of(hashes)
  local scripts = {}
  for i, hash in ipairs(hashes or {}) do scripts[i] = "'" .. hash .. "'" end
  return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src "
    .. (#scripts > 0 and table.concat(scripts, " ") or "'none'")
end

--- A whole document with a content security policy that allows nothing but inline style, images
--- as data, and the scripts whose hashes are given.
---@param options table {title=, lang=, style=, head=, body=, script_hashes = {"sha256-…"}}
---@return string
function M.document(options)
  return "<!DOCTYPE html>\n" .. tostring(M.element("html", {
    lang = options.lang or "en",
    M.element("head", {
      M.element("meta", { charset = "utf-8" }),
      M.element("meta", { ["http-equiv"] = "Content-Security-Policy",
        content = policy_of(options.script_hashes) }),
      M.element("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
      M.element("title", { options.title }),
      options.style and M.element("style", { M.raw((options.style:gsub("</", "<\\/"))) }),
      options.head,
    }),
    M.element("body", { options.body }),
  })) .. "\n"
end

return setmetatable(M, {
  __index = function(_, tag)
    return function(content)
      if type(content) ~= "table" or is_markup(content) then content = { content } end
      return M.element(tag, content)
    end
  end,
})
