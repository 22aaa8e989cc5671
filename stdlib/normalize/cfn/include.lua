-- SPDX-License-Identifier: Apache-2.0
-- Fn::Transform with AWS::Include of a file beside the template: the file's content takes its
-- place, as the packaging command and CloudFormation do together. What cannot be read stays as it
-- is, so that the function is named as unsupported.
local yaml = require "std.yaml"

local M = {}

-- An included file may include others; templates are not trusted to end that by themselves.
local DEPTH = 4

local expand

local function location(value)
  local transform = type(value) == "table" and value["Fn::Transform"]
  if type(transform) ~= "table" or transform.Name ~= "AWS::Include" then return nil end
  local place = type(transform.Parameters) == "table" and transform.Parameters.Location
  return type(place) == "string" and not place:find("^%w+://") and place or nil
end

local function included(value, read, depth)
  local place = location(value)
  if not place or depth > DEPTH then return nil end
  local text = read(place)
  local content = text and yaml.decode(text, { file = place, tags = "cloudformation" })
  if type(content) ~= "table" then return nil end
  if #content > 0 then return content end
  for key, beside in pairs(value) do
    if key ~= "Fn::Transform" then content[key] = beside end
  end
  return expand(content, read, depth + 1)
end

expand = function(value, read, depth)
  if type(value) ~= "table" then return value end
  local content = value["Fn::Transform"] and included(value, read, depth)
  if content then return content end
  for key, item in pairs(value) do
    if type(item) == "table" then value[key] = expand(item, read, depth) end
  end
  return value
end

---@param template table changed in place
---@param read fun(path: string): string|nil text of a file beside the template
---@return table template
function M.expand(template, read) return expand(template, read, 0) end

return M
