-- SPDX-License-Identifier: Apache-2.0
-- The copy of a project in which a job runs. A linked work tree gets a repository of its own: its
-- .git names the one of all others, where a job's commit or checkout would be seen by everybody.

local fs = require "std.fs"
local uv = require "luv"

local M = {}

local must = require("pipelines.parity.engine.raise").must

-- One by one, without sockets and pipes: they belong to a program that runs.
local function copy_each(from, to)
  fs.mkdir(to)
  for _, entry in ipairs(must(fs.list(from))) do
    local source, target = fs.join(from, entry.name), fs.join(to, entry.name)
    if entry.type == "dir" then
      copy_each(source, target)
    elseif entry.type ~= "other" then
      must(fs.copy(source, target))
    end
  end
  must(uv.fs_chmod(to, must(fs.stat(from)).mode & 511)) -- 511 = octal 777
end

local function copy(from, to)
  local ok, err = fs.copy(from, to)
  if ok then return end
  if err.code ~= "unsupported" then error(err, 0) end
  must(fs.remove(to))
  if must(fs.stat(from, false)).type == "dir" then copy_each(from, to) end
end

-- Of each work tree; the rest is common to all.
local OWN <const> = { "HEAD", "index" }
local NOT_COPIED <const> = { worktrees = true, HEAD = true, index = true }

local function copy_repository(own, common, to)
  fs.mkdir(to)
  for _, entry in ipairs(must(fs.list(common))) do
    if not NOT_COPIED[entry.name] then
      copy(fs.join(common, entry.name), fs.join(to, entry.name))
    end
  end
  for _, name in ipairs(OWN) do
    local from = fs.join(own, name)
    if fs.exists(from) then must(fs.copy(from, fs.join(to, name))) end
  end
  must(fs.append(fs.join(to, "config"), "[core]\n\tbare = false\n"))
end

-- What a .git that is a file names: the work tree's own folder, and the one common to all.
local function linked(project)
  local target = must(fs.read(fs.join(project, ".git"))):match("^gitdir:%s*(.-)%s*$")
  local own = target and fs.join(project, target)
  local common = own and fs.read(fs.join(own, "commondir"))
  if not common then return nil end
  return own, fs.normalize(fs.join(own, (common:gsub("%s+$", ""))))
end

local function copy_entry(project, to, name)
  local from = fs.join(project, name)
  if name ~= ".git" or fs.is_dir(from) then
    copy(name == ".git" and must(fs.realpath(from)) or from, fs.join(to, name))
    return true
  end
  local own, common = linked(project)
  if own then copy_repository(own, common, fs.join(to, name)) end
  return own ~= nil
end

-- Links are copied as links: what stands behind one is not the copy's to remove.
local function remove_own(root, name)
  local path = fs.join(root, name)
  local folder = fs.realpath(fs.dirname(path))
  if folder == fs.normalize(fs.join(must(fs.realpath(root)), fs.dirname(name))) then
    must(fs.remove(path))
  end
end

--- Copies a project.
---@param own_files string[] what lsqm itself keeps there, without which it is copied
---@return boolean whole false where its repository belongs to another one: it is left out
function M.copy(project, to, own_files)
  local skipped, whole = {}, true
  for _, name in ipairs(own_files) do skipped[name] = true end
  fs.mkdir(to)
  for _, entry in ipairs(must(fs.list(project))) do
    if not skipped[entry.name] then whole = copy_entry(project, to, entry.name) and whole end
  end
  for _, name in ipairs(own_files) do remove_own(to, name) end
  return whole
end

return M
