-- SPDX-License-Identifier: Apache-2.0
-- SVG as values, on std.html: svg.rect { x = 1, y = 2, width = 3, height = 4 }.

local html = require "std.html"

local M = {}

--- The same escaping as HTML's.
M.escape = html.escape
M.join = html.join

local NAMES <const> = {}
for name in ("circle clipPath defs desc ellipse g line linearGradient marker path pattern polygon "
  .. "polyline rect stop text title tspan use"):gmatch("%a+") do
  NAMES[name] = true
end

-- 12.50000001 and 12 print short and the same on every run.
local function number(n)
  if math.type(n) == "integer" then return tostring(n) end
  if n - n ~= 0 then error("svg: a coordinate is not finite", 0) end
  local text = ("%.2f"):format(n):gsub("0+$", ""):gsub("%.$", "")
  return text == "-0" and "0" or text
end

local function prepare(content)
  local out = {}
  for k, v in pairs(content) do
    if type(k) == "string" then
      out[k:gsub("_", "-")] = type(v) == "number" and number(v) or v
    else
      out[k] = v
    end
  end
  return out
end

--- Points of a polyline: "1,2 3,4".
---@param points table list of {x, y}
---@return string
function M.points(points)
  local out = {}
  for i, p in ipairs(points) do out[i] = number(p[1]) .. "," .. number(p[2]) end
  return table.concat(out, " ")
end

--- A drawing of a size; `title` is what screen readers say.
---@param content table {width=, height=, title=, …attributes, …children}
function M.drawing(content)
  local w, h = content.width, content.height
  local all = prepare(content)
  all.title = nil
  all.xmlns = "http://www.w3.org/2000/svg"
  all.viewBox = ("0 0 %s %s"):format(number(w), number(h))
  all.role = "img"
  if content.title then table.insert(all, 1, html.element("title", { content.title })) end
  return html.element("svg", all)
end

return setmetatable(M, {
  __index = function(_, tag)
    if not NAMES[tag] then error("svg: no element " .. tostring(tag), 2) end
    return function(content)
      if type(content) ~= "table" or getmetatable(content) then content = { content } end
      return html.element(tag, prepare(content))
    end
  end,
})
