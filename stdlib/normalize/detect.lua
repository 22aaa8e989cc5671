-- SPDX-License-Identifier: Apache-2.0
-- What kind of template a text is, by what it contains; the template of a folder.
local error_of = require "std.error"
local fs = require "std.fs"

local M = {}

local MAX_TEMPLATE = 4 << 20
local USUAL = { "serverless.yml", "serverless.yaml", "template.yaml", "template.yml",
  "template.json" }
local ENDINGS = { yml = true, yaml = true, json = true, template = true }

local function serverless(text)
  return text:find("\n?service%s*:") and (text:find("\nprovider%s*:") or text:find("^provider%s*:"))
    and (text:find("\n%s+name%s*:") or text:find("\nprovider%s*:%s*%w"))
end

local function is_json(text) return text:find("^%s*{") ~= nil end

local function has_key(text, key)
  if is_json(text) then return text:find('"' .. key .. '"%s*:') ~= nil end
  return text:find("\n" .. key .. "%s*:") ~= nil or text:find("^" .. key .. "%s*:") ~= nil
    or text:find('\n"' .. key .. '"%s*:') ~= nil
end

-- A type at the depth of a resource: "Type: AWS::S3::Bucket".
local function has_types(text)
  return text:find("[\"']?Type[\"']?%s*:%s*[\"']?AWS::%w+::%w+")
    or text:find("[\"']?Type[\"']?%s*:%s*[\"']?Custom::%w+")
end

---@param path string
---@param text string
---@return "terraform"|"cfn"|"sam"|"serverless"|"cdk"|nil
function M.detect(path, text)
  if path:find("%.tf$") then return "terraform" end
  if has_key(text, "Resources") and has_types(text) then
    if text:find("AWS::Serverless-2016-10-31", 1, true) then return "sam" end
    if text:find("aws:cdk:path", 1, true) or text:find("AWS::CDK::Metadata", 1, true)
      or text:find("/cdk-bootstrap/", 1, true) then return "cdk" end
    return "cfn"
  end
  if not is_json(text) and serverless("\n" .. text) and has_key(text, "functions") then
    return "serverless"
  end
  local name = path:match("[^/]+$") or path
  local is_service = name:find("^serverless%.ya?ml$") or name == "serverless.json"
  if is_service and has_key(text, "service") or name:find("^serverless%.[cm]?[jt]s$") then
    return "serverless"
  end
  return nil
end

local function kind_of(path)
  local text = fs.read(path, { max = MAX_TEMPLATE })
  return text and M.detect(path, text)
end

local function templates_in(dir, files, format)
  local found = {}
  for _, name in ipairs(files) do
    local kind = kind_of(fs.join(dir, name))
    if kind and (format == "auto" or kind == format) then found[#found + 1] = name end
  end
  return found
end

local function fail(dir, message)
  return nil, error_of.new { op = "normalize", code = "invalid", file = dir, message = message }
end

---The input that a folder stands for: the folder itself where it has .tf files, else the template
---in it, by its usual name or as the only one.
---@param dir string
---@param format string "auto" or what the template must be
---@return string|nil path the folder, or the template's path
---@return table|nil err none or several
function M.find(dir, format)
  local entries, err = fs.list(dir)
  if not entries then return nil, err end
  local files, is_there = {}, {}
  for _, entry in ipairs(entries) do
    if entry.type == "file" then
      if format == "auto" and entry.name:find("%.tf$") then return dir end
      is_there[entry.name] = true
      if ENDINGS[entry.name:match("%.(%w+)$")] then files[#files + 1] = entry.name end
    end
  end
  local usual = {}
  for _, name in ipairs(USUAL) do usual[#usual + 1] = is_there[name] and name or nil end
  local found = templates_in(dir, usual, format)
  if #found == 0 then
    found = templates_in(dir, files, format)
    if #found > 1 then return fail(dir, "several templates: " .. table.concat(found, ", ")) end
  end
  if found[1] then return fs.join(dir, found[1]) end
  if format == "auto" then return fail(dir, "no .tf file and no template in the folder") end
  return fail(dir, "no template of kind " .. format .. " in the folder")
end

return M
