-- SPDX-License-Identifier: Apache-2.0
-- The folder that a build gets, without what its .dockerignore names.

local error_of = require "std.error"
local fs = require "std.fs"
local glob = require "std.glob"

local M = {}

--- The rules of a .dockerignore, in order: {glob, keep}.
---@param text string
function M.rules(text)
  local rules = {}
  for line in text:gmatch("[^\r\n]+") do
    local keep, pattern = line:match("^%s*(!?)%s*(.-)%s*$")
    pattern = pattern:gsub("^%./", ""):gsub("^/+", ""):gsub("/+$", "")
    if pattern ~= "" and not line:find("^%s*#") then
      rules[#rules + 1] = { pattern, keep = keep == "!" }
    end
  end
  return rules
end

--- Is a file left out? The last rule that names it, or a folder that it lies in, decides.
---@param path string relative to the context
function M.is_ignored(rules, path)
  local out = false
  for _, rule in ipairs(rules) do
    if glob.match(rule[1], path) or glob.match(rule[1] .. "/**", path) then
      out = not rule.keep
    end
  end
  return out
end

local function rules_of(context, dockerfile)
  for _, name in ipairs { (dockerfile or "Dockerfile") .. ".dockerignore", ".dockerignore" } do
    local path = fs.join(context, name)
    if fs.is_file(path) then return M.rules(assert(fs.read(path))) end
  end
  return nil
end

local function entry_of(context, path)
  local file = fs.join(context, path)
  local info, err = fs.stat(file)
  if not info then return nil, err end
  if info.type == "dir" then
    return nil, error_of.new { op = "build", code = "unsupported",
      message = "the build's folder has a link to a folder: " .. file,
      hint = "name it in .dockerignore, or build with `docker build`" }
  end
  return { path = path, file = file, mode = info.mode & tonumber("111", 8) ~= 0
    and tonumber("755", 8) or tonumber("644", 8) }
end

--- What std.archive packs for a build: the folder, or entries where something is left out or
--- added. A Dockerfile and the .dockerignore itself are always in it.
---@param dockerfile string? its name within the context
---@param extra table? one more entry
---@return string|table|nil
---@return lsqm.Error?
function M.source(context, dockerfile, extra)
  local rules = rules_of(context, dockerfile)
  if not rules and not extra then return context end
  local paths, err = fs.walk(context, { links = true })
  if not paths then return nil, err end
  local entries = { extra }
  for _, path in ipairs(paths) do
    local needed = path == (dockerfile or "Dockerfile") or path == ".dockerignore"
    if needed or not M.is_ignored(rules or {}, path) then
      local entry, why = entry_of(context, path)
      if not entry then return nil, why end
      entries[#entries + 1] = entry
    end
  end
  return entries
end

return M
