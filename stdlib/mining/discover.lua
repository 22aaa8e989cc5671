-- SPDX-License-Identifier: Apache-2.0
-- Finds templates in a folder by what they contain, not only by their names: Terraform roots
-- (folders with .tf files that no other folder calls as a local module) and single files.

local fs = require "std.fs"
local sha256 = require "std.sha256"

local M = {}

-- Bigger files are not templates; they are named in the report instead of being read.
local MAX_BYTES <const> = 8 * 1024 * 1024

local CDK_APP <const> =
  "a CDK app: its program is not run, its synthesised templates are read if there"

local TEMPLATE_ENDINGS = { yaml = true, yml = true, json = true, template = true }
-- Names that say little ("" is none at all): only a text that says it is a template is one.
local OTHER_ENDINGS = { cfn = true, cft = true, cform = true, cloudformation = true, tmpl = true,
  txt = true, [""] = true }
local MAX_OTHER <const> = 1 << 20
local VERSION_KEY <const> = "AWSTemplateFormatVersion"
local IGNORED = { [".git"] = true, [".terraform"] = true, node_modules = true,
  [".aws-sam"] = true, __pycache__ = true, [".serverless"] = true }

local function is_ignored(path)
  for part in path:gmatch("[^/]+") do
    if IGNORED[part] then return true end
  end
  return false
end

local function selected(path, options)
  local function matches(globs)
    for _, glob in ipairs(globs) do if fs.match(glob, path) then return true end end
    return false
  end
  if options.include and not matches(options.include) then return false end
  return not (options.exclude and matches(options.exclude))
end

local function ending_of(path) return path:match("%.([%w]+)$") or "" end

--- Would a file of this name be looked at as a template?
---@param path string relative
---@param options {include?: string[], exclude?: string[]}
function M.is_selected(path, options)
  local ending = ending_of(path)
  return (TEMPLATE_ENDINGS[ending] or OTHER_ENDINGS[ending]) == true and not is_ignored(path)
    and selected(path, options)
end

local function parent(path)
  return path:match("^(.*)/[^/]+$") or ""
end

local function called_modules(root, folders)
  local called = {}
  for folder, files in pairs(folders) do
    called[folder] = called[folder] or {}
    for _, name in ipairs(files) do
      local text = fs.read(fs.join(root, name)) or ""
      for source in text:gmatch('source%s*=%s*"(%.%.?/?[^"]*)"') do
        local target = fs.below(folder .. "/" .. source)
        if target and target ~= folder then called[folder][target] = true end
      end
    end
  end
  return called
end

local function terraform_roots(root, folders, options)
  local calls, is_module, roots = called_modules(root, folders), {}, {}
  for _, targets in pairs(calls) do
    for target in pairs(targets) do is_module[target] = true end
  end
  for folder in pairs(folders) do
    local shown = folder == "" and "." or folder
    if not is_module[folder] and selected(folder == "" and "main.tf" or folder .. "/main.tf",
        options) then
      roots[#roots + 1] = { path = folder == "" and root or fs.join(root, folder), rel = shown,
        format = "terraform", calls = calls[folder] }
    end
  end
  return roots
end

-- The key at the start of a line, or of a JSON document's first level: no quotation in a text.
local function names_its_version(text)
  return text:find("^" .. VERSION_KEY .. "%s*:") or text:find("\n" .. VERSION_KEY .. "%s*:")
    or text:find('^%s*{%s*"' .. VERSION_KEY .. '"')
end

local function other_file(path, name, info, detect)
  if info.size > MAX_OTHER then return nil end
  local text = fs.read(path)
  local format = text and names_its_version(text) and detect(path, text)
  return format and { path = path, rel = name, format = format }
end

local function template_file(root, name, detect)
  local path = fs.join(root, name)
  local info = fs.stat(path)
  if not info then return nil end
  if OTHER_ENDINGS[ending_of(name)] then return other_file(path, name, info, detect) end
  if info.size > MAX_BYTES then
    return { path = path, rel = name, format = "oversized",
      problem = ("%d bytes; templates are read up to %d"):format(info.size, MAX_BYTES) }
  end
  local text = fs.read(path)
  local format = text and detect(path, text)
  if not format or format == "terraform" then return nil end
  return { path = path, rel = name, format = format }
end

--- Candidates under `root`, sorted by path; and what is none, though it describes resources.
---@param options {include?: string[], exclude?: string[], detect: fun(path, text): string?}
---@return {path: string, rel: string, format: string, problem?: string}[]? found
---@return table err, or {rel: string, reason: string}[] left out
function M.find(root, options)
  local names, err = fs.walk(root)
  if not names then return nil, err end
  local found, folders, left_out = {}, {}, {}
  for _, name in ipairs(names) do
    if fs.basename(name) == "cdk.json" and not is_ignored(name) and selected(name, options) then
      left_out[#left_out + 1] = { rel = parent(name), reason = CDK_APP }
    end
    if ending_of(name) == "tf" and not is_ignored(name) then
      local folder = parent(name)
      folders[folder] = folders[folder] or {}
      table.insert(folders[folder], name)
    end
    if M.is_selected(name, options) then
      found[#found + 1] = template_file(root, name, options.detect)
    end
  end
  for _, candidate in ipairs(terraform_roots(root, folders, options)) do
    found[#found + 1] = candidate
  end
  table.sort(found, function(a, b) return a.rel < b.rel end)
  return found, left_out
end

local function add_folder(root, dir, parts)
  for _, name in ipairs(fs.walk(dir) or {}) do
    if not is_ignored(name) then
      parts[#parts + 1] = fs.relative(fs.join(dir, name), root) .. "\0"
        .. (sha256.file(fs.join(dir, name)) or "")
    end
  end
end

--- What the candidate's content is known by: changes when any file of it does.
---@return string hex
function M.digest(root, candidate)
  if candidate.format ~= "terraform" then
    return sha256.file(candidate.path) or ""
  end
  local parts = {}
  add_folder(root, candidate.path, parts)
  for target in pairs(candidate.calls or {}) do add_folder(root, fs.join(root, target), parts) end
  table.sort(parts)
  return sha256.string(table.concat(parts, "\n"))
end

return M
