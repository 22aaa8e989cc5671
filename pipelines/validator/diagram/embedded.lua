-- SPDX-License-Identifier: Apache-2.0
-- The draw.io file that an editable picture carries: an SVG in its attribute `content`, a PNG in a
-- chunk of text with the keyword `mxfile` or `mxGraphModel`.

local base64 = require "std.base64"
local inflate = require "std.inflate"
local text_of = require "std.text"
local xml = require "std.xml"

local M = {}

local KEYWORDS <const> = { mxfile = true, mxGraphModel = true }
local HEADER <const> = "\137PNG\r\n\26\n"

-- As it is, percent-encoded, or percent-encoded in Base64.
local function plain(text)
  if not text:find "^%s*[<%%]" then text = base64.decode(text) or "" end
  if text:find "^%s*%%" then text = text_of.percent_decoded((text:gsub("+", " "))) end
  return text:find "^%s*<" and text or nil
end

-- Only the first tag is looked at: what else the picture holds is no concern of ours.
local function of_svg(data)
  local from = data:find "<svg%f[%s]"
  local to = from and data:find(">", from, true)
  local root = to and xml.parse((data:sub(from, to):gsub("/?>$", "/>")))
  return root and root.attrs.content and plain(root.attrs.content)
end

local READERS <const> = {
  tEXt = function(body) return body end,
  zTXt = function(body, max) return inflate.inflate(body:sub(2), max) end,
  iTXt = function(body, max)
    local flag, rest = body:match "^(.).[^\0]*\0[^\0]*\0(.*)$"
    if flag == "\1" then return inflate.inflate(rest, max) end
    return rest
  end,
}

local function of_png(data, max)
  local at = #HEADER + 1
  while at + 8 <= #data do
    local size, kind = string.unpack(">I4c4", data, at)
    if at + 11 + size > #data then return nil end
    local read = READERS[kind]
    local keyword, body = data:sub(at + 8, at + 7 + size):match "^([^\0]+)\0(.*)$"
    if read and KEYWORDS[keyword] then
      local text, err = read(body, max)
      if not text then return nil, err end
      return plain(text)
    end
    at = at + 12 + size
  end
  return nil
end

---@param data string of the picture
---@param format string "png"|"svg"
---@param max integer bytes that it may unpack to
---@return string|nil mxfile nil where there is none
---@return lsqm.Error|nil err there is one that cannot be unpacked
function M.read(data, format, max)
  if format == "svg" then return of_svg(data) end
  if data:sub(1, #HEADER) ~= HEADER then return nil end
  return of_png(data, max)
end

return M
