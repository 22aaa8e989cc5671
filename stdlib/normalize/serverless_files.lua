-- SPDX-License-Identifier: Apache-2.0
-- Files that a Serverless service reads with ${file(…)}: YAML, JSON, text, and JavaScript that only
-- exports a constant. Nothing outside of the service's folder is read, and nothing is run.
local document = require "std.normalize.document"
local fs = require "std.fs"
local yaml = require "std.yaml"

local M = {}

local DATA = { yml = true, yaml = true, json = true }
local SCRIPT = { js = true, cjs = true, mjs = true, ts = true, mts = true, cts = true }
local MAX_FILE <const>, OUTSIDE <const> = 4 << 20, "a file outside of the service"

---The folder of a service, without links in its path.
function M.folder(path)
  local dir = fs.dirname(path)
  return fs.realpath(dir) or dir
end

-- A JavaScript object with nothing but constants in it is also a flow mapping of YAML.
local function constant(source, name)
  local body = source:gsub("/%*.-%*/", ""):match("^%s*module%.exports%s*=%s*(%b{})%s*;?%s*$")
    or source:match("^%s*export%s+default%s*(%b{})%s*;?%s*$")
  if not body or body:find("[()`]") or body:find("=>", 1, true) or body:find("//", 1, true) then
    return nil, "a " .. (fs.ext(name) or "script") .. " file, which would have to be run"
  end
  local value = yaml.decode(body, { file = name })
  if type(value) ~= "table" or document.has_zero(value) then
    return nil, "a script that is not a constant"
  end
  return value
end

local function decode(source, name)
  local ending = (name:match("%.(%w+)$") or ""):lower()
  if SCRIPT[ending] then return constant(source, name) end
  if not DATA[ending] then return source end
  local value, err = yaml.decode(source, { file = name, tags = "cloudformation" })
  if value == nil then return nil, tostring(err) end
  if document.has_zero(value) then return nil, "a text with a zero byte" end
  return value
end

---What a file of the service holds.
---@param base string the service's folder (folder())
---@param name string as written
---@return any content nil: there is no such file
---@return string|nil problem why it cannot be used
function M.read(base, name)
  local first = name:sub(1, 1)
  if first == "/" or first == "~" or fs.normalize(name):sub(1, 2) == ".." then
    return nil, OUTSIDE
  end
  local path = fs.realpath(fs.join(base, name))
  if not path then return nil end
  if path:sub(1, #base + 1) ~= base .. "/" then return nil, OUTSIDE end
  local source, err = fs.read(path, { max = MAX_FILE })
  if not source then return nil, tostring(err) end
  return decode(source, name)
end

return M
