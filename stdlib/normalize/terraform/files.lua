-- SPDX-License-Identifier: Apache-2.0
-- Where the paths of a Terraform root lead: to a file of the result, to another file of the same
-- repository, or out of it, which is refused. Nothing outside of the repository is read.
local fs = require "std.fs"
local names = require "std.normalize.names"

local M = {}

local MAX_UP = 4
local MAX_FILE = 16 << 20

---The folder that an input may read: its repository, known by .git or by a name as "owner+name";
---else a few folders up, never a top-level one.
---@param dir string
function M.repository(dir)
  local at, last = dir, dir
  for _ = 1, 64 do
    if fs.exists(fs.join(at, ".git")) or fs.basename(at):find("^[^+]+%+[^+]+$") then return at end
    local up = fs.dirname(at)
    if up == at then break end
    at = up
  end
  at = dir
  for _ = 1, MAX_UP do
    at = fs.dirname(at)
    if select(2, at:gsub("/", "")) < 2 then break end
    last = at
  end
  return last
end

local function is_below(path, dir)
  return path == dir or path:sub(1, #dir + 1) == dir .. "/"
end

---Whether a path, its links followed, lies in a folder.
function M.is_inside(path, dir)
  local real = fs.realpath(path)
  return real ~= nil and is_below(real, dir)
end

-- In the repository, or in one that a module was taken from.
local function may_read(state, path)
  for _, dir in ipairs(state.readable) do
    if is_below(path, dir) then return true end
  end
  return false
end

---Where a path, relative to the result's root, leads.
---@return {out: string|nil, source: string}|nil place out is nil outside of every module's folder
function M.locate(state, path)
  if path:find("^[/~]") then return nil end
  path = path:gsub("^%./+", "")
  local unit, rest = state.units[1], path
  for _, other in ipairs(state.units) do
    local prefix = other.to .. "/"
    if other.to ~= "" and #other.to > #unit.to and path:sub(1, #prefix) == prefix then
      unit, rest = other, path:sub(#prefix + 1)
    end
  end
  local inside = fs.below(rest)
  if inside then
    return { out = (unit.to == "" and "" or unit.to .. "/") .. inside,
      source = fs.join(unit.dir, inside) }
  end
  return { source = fs.join(unit.dir, rest) }
end

---What is at a source path: "file", "dir", or nil; nil and true when it may not be read.
function M.kind(state, source)
  local info = fs.stat(source)
  if not info then return nil, not may_read(state, fs.normalize(source)) end
  if not may_read(state, fs.realpath(source) or "") then return nil, true end
  return info.type
end

---Files of a folder, relative to it; links that lead out of the repository are left out.
function M.list(state, dir)
  local out = {}
  for _, name in ipairs(fs.walk(dir) or {}) do
    local path = fs.join(dir, name)
    local info = fs.stat(path)
    if info and info.type == "file" and info.size <= MAX_FILE
      and may_read(state, fs.realpath(path) or "") then out[#out + 1] = name end
  end
  return out
end

local SKIPPED = { "%.tf$", "%.tfstate$", "%.tfstate%.backup$", "%.lock%.hcl$", "^%.", "/%.",
  "^README", "^LICENSE" }

local function is_auxiliary(name)
  for _, pattern in ipairs(SKIPPED) do
    if name:find(pattern) then return false end
  end
  return true
end

local function has_tf(state, dir)
  if state.tf_folders[dir] == nil then
    local found = false
    for _, entry in ipairs(fs.list(dir) or {}) do found = found or entry.name:find("%.tf$") end
    state.tf_folders[dir] = found and true or false
  end
  return state.tf_folders[dir]
end

local function in_other_root(state, base, name)
  local folder = name:match("^(.*)/[^/]+$")
  while folder do
    if has_tf(state, fs.join(base, folder)) then return true end
    folder = folder:match("^(.*)/[^/]+$")
  end
  return false
end

local function names_files(unit)
  for _, file in ipairs(unit.files) do
    if file.text:find("path.", 1, true) or file.text:find("file", 1, true) then return true end
  end
  return unit.to == ""
end

---Copies what lies beside a module's files, except other Terraform folders.
function M.copy_auxiliary(state, unit)
  if not names_files(unit) then return end
  state.listed[unit.dir] = state.listed[unit.dir] or M.list(state, unit.dir)
  for _, name in ipairs(state.listed[unit.dir]) do
    local path = fs.join(unit.dir, name)
    local is_out = state.out and path:sub(1, #state.out + 1) == state.out .. "/"
    if is_auxiliary(name) and not is_out and not in_other_root(state, unit.dir, name) then
      state.copies[unit.to == "" and name or unit.to .. "/" .. name] = path
    end
  end
end

---A path of the result, as an expression of a unit.
function M.expression(unit, path)
  return ('"${path.%s}/%s"'):format(unit.to == "" and "module" or "root", path)
end

---Takes a file or folder that an expression names into the result.
---@return string|nil path in the result where it is another one than the expression says
function M.take(state, place, kind)
  -- A .tf file of the root's own is written anyhow; another one must not be read as a part of it.
  if kind == "file" and place.out and not place.out:find("%.tf$") then
    state.copies[place.out] = place.source
  elseif not (place.out and state.files[place.out]) then
    return M.bring(state, place.source)
  end
end

---Brings a file or folder from elsewhere in the repository into the result.
---@return string path in the result
function M.bring(state, source)
  local known = state.brought[source]
  if known then return known end
  local base = fs.basename(source)
  local name = "files/" .. names.unique(state.file_names, base)
  state.brought[source] = name
  local info = fs.stat(source)
  if info.type == "file" then
    state.copies[name] = source
  else
    for _, inner in ipairs(M.list(state, source)) do
      state.copies[name .. "/" .. inner] = fs.join(source, inner)
    end
  end
  return name
end

return M
