-- SPDX-License-Identifier: Apache-2.0
-- HTML text: everything is escaped, whatever it contains. Control characters that HTML does not
-- allow are replaced, so that a hostile log cannot break a page.

local M = {}

local ENTITIES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;" }

--- Any value as text that is safe in elements and in quoted attributes.
---@param value any
---@return string
function M.escape(value)
  local text = tostring(value):gsub("[&<>\"']", ENTITIES)
  return (text:gsub("[%z\1-\8\11\12\14-\31\127]", "\u{FFFD}"))
end

return M
