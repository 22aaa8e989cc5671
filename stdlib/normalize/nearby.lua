-- SPDX-License-Identifier: Apache-2.0
-- Files that a template names by a path or by the address of a copy in S3: the last parts of the
-- address that exist beside the template. Nothing outside of the first template's folder is read.
local fs = require "std.fs"

local M = {}

-- Stands for a part of a text that is known only at deploy time.
local UNKNOWN = "\0"

local function default_of(template, name)
  local parameters = type(template.Parameters) == "table" and template.Parameters or {}
  local parameter = parameters[name]
  local default = type(parameter) == "table" and parameter.Default
  return type(default) == "string" and default or nil
end

---What a template value says as far as it is known from the template alone.
---@return string text UNKNOWN for each part that is not
function M.text(value, template)
  if type(value) == "string" then return value end
  if type(value) ~= "table" then return UNKNOWN end
  local name, arg = next(value)
  if name == "Ref" then return default_of(template, arg) or UNKNOWN end
  if name == "Fn::Sub" then
    local format = type(arg) == "table" and arg[1] or arg
    if type(format) ~= "string" then return UNKNOWN end
    return (format:gsub("%${([^}]*)}", function(id) return default_of(template, id) or UNKNOWN end))
  end
  if name ~= "Fn::Join" or type(arg) ~= "table" or type(arg[2]) ~= "table" then return UNKNOWN end
  local parts = {}
  for i, item in ipairs(arg[2]) do parts[i] = M.text(item, template) end
  return table.concat(parts, type(arg[1]) == "string" and arg[1] or "")
end

-- The path parts after the last part that is not known.
local function parts_of(text)
  local path = text:gsub("^%a[%w+.-]*://[^/]*/?", ""):gsub("[?#].*$", "")
  path = path:gsub("^.*%z[^/]*/?", "")
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

local function inside(root, path)
  local real_root, real = fs.realpath(root), fs.realpath(path)
  if not real_root or not real then return false end
  return real_root == "/" or real:sub(1, #real_root + 1) == real_root .. "/"
end

---The folder that bounds what a job may read.
function M.root(job) return job.root or fs.dirname(job.path) end

---The file that an address means, or nil.
---@param job {path: string, root: string|nil}
---@param text string see M.text
---@return string|nil path
function M.find(job, text)
  local root, parts = M.root(job), parts_of(text)
  for _, dir in ipairs { fs.dirname(job.path), root } do
    for first = 1, #parts do
      local path = fs.normalize(fs.join(dir, table.concat(parts, "/", first)))
      if fs.is_file(path) and inside(root, path) then return path end
    end
  end
  return nil
end

---The last part of an address, for messages.
function M.name(text)
  local parts = parts_of(text)
  return parts[#parts] or "at an address known only at deploy time"
end

return M
