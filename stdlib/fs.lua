-- SPDX-License-Identifier: Apache-2.0
-- Files, trees and path texts. Failures return nil, err; a path of the wrong type raises.

local raw = require "lsqm.raw.fs"
local error_of = require "std.error"
local glob = require "std.glob"

local M = {}

local function check_path(path, name, what)
  if type(path) ~= "string" then
    error(("fs.%s: %s must be a string"):format(what, name), 3)
  end
end

--- Whole content of a file.
---@param path string
---@param options table|nil {max = bytes: larger files fail with code "limit"}
---@return string|nil
---@return lsqm.Error|nil
function M.read(path, options)
  check_path(path, "path", "read")
  return raw.read(path, options and options.max)
end

--- Replaces a file as a whole (temporary file, fsync, rename): never half written.
---@return boolean|nil
---@return lsqm.Error|nil
function M.write(path, data)
  check_path(path, "path", "write")
  check_path(data, "data", "write")
  return raw.write(path, data)
end

--- Adds to the end of a file; makes it.
function M.append(path, data)
  check_path(path, "path", "append")
  check_path(data, "data", "append")
  return raw.append(path, data)
end

--- Does anything stand at path? (A dangling link does not.)
---@return boolean
function M.exists(path)
  check_path(path, "path", "exists")
  return raw.stat(path, true) ~= nil
end

--- {type, size, mode, mtime}; follows links unless follow is false.
---@return table|nil
---@return lsqm.Error|nil
function M.stat(path, follow)
  check_path(path, "path", "stat")
  return raw.stat(path, follow ~= false)
end

--- Is it a directory (or a link to one)?
---@return boolean
function M.is_dir(path)
  local info = M.stat(path)
  return info ~= nil and info.type == "dir"
end

--- Is it a regular file (or a link to one)?
---@return boolean
function M.is_file(path)
  local info = M.stat(path)
  return info ~= nil and info.type == "file"
end

--- Sorted entries: { {name =, type = "file"|"dir"|"link"|"other"}, … }
function M.list(dir)
  check_path(dir, "dir", "list")
  return raw.list(dir)
end

--- Sorted relative paths of all files below dir. Links are never followed.
---@param dir string
---@param options table|nil {skip = {names not entered}, links = report links, max_files = n,
---  include = {globs}, exclude = {globs}}
---@return string[]|nil
---@return lsqm.Error|nil
function M.walk(dir, options)
  check_path(dir, "dir", "walk")
  options = options or {}
  local paths, err = raw.walk(dir, options.skip, options.links, options.max_files)
  if not paths or not (options.include or options.exclude) then return paths, err end
  local kept = {}
  for _, path in ipairs(paths) do
    local wanted = not options.include or glob.match_any(options.include, path)
    if wanted and not (options.exclude and glob.match_any(options.exclude, path)) then
      kept[#kept + 1] = path
    end
  end
  return kept
end

--- The files below dir that `walk` lists, read.
---@param dir string
---@param options table|nil see walk
---@return table<string, string>|nil files text by relative path
---@return lsqm.Error|nil
function M.read_all(dir, options)
  local names, err = M.walk(dir, options)
  if not names then return nil, err end
  local files = {}
  for _, name in ipairs(names) do
    files[name], err = M.read(M.join(dir, name))
    if not files[name] then return nil, err end
  end
  return files
end

local function is_inside(name)
  if name == "" or name:find("^/") or name:find("[%z\\]") then return false end
  for part in name:gmatch("[^/]+") do
    if part == ".." then return false end
  end
  return true
end

--- Writes files below dir, with their folders. A name that leaves dir is refused before anything is
--- written.
---@param dir string
---@param files table<string, string> text by relative path
---@return boolean|nil
---@return lsqm.Error|nil code "unsafe" for such a name
function M.write_all(dir, files)
  check_path(dir, "dir", "write_all")
  for name in pairs(files) do
    if not is_inside(name) then
      return nil, error_of.new { op = "write " .. dir, code = "unsafe",
        message = "the name leaves the folder: " .. name }
    end
  end
  for name, text in pairs(files) do
    local path = M.join(dir, name)
    local ok, err = M.mkdir(M.dirname(path))
    if ok then ok, err = M.write(path, text) end
    if not ok then return nil, err end
  end
  return true
end

--- Makes the directory and its parents.
function M.mkdir(path)
  check_path(path, "path", "mkdir")
  return raw.mkdir(path)
end

--- Removes a file or tree; links are not followed; nothing there is fine; "/" is refused.
function M.remove(path)
  check_path(path, "path", "remove")
  return raw.remove(path)
end

--- Copies a file or tree with modes, links as links. Waits on a worker thread.
function M.copy(from, to)
  check_path(from, "from", "copy")
  check_path(to, "to", "copy")
  return raw.copy(from, to)
end

--- Renames within one file system.
function M.rename(from, to)
  check_path(from, "from", "rename")
  check_path(to, "to", "rename")
  return raw.rename(from, to)
end

--- Absolute path without links; the file must exist.
function M.realpath(path)
  check_path(path, "path", "realpath")
  return raw.realpath(path)
end

-- paths as text ----------------------------------------------------------------------------------

--- Joins parts; an absolute part starts anew.
---@return string
function M.join(...)
  local out = ""
  for i = 1, select("#", ...) do
    local part = select(i, ...)
    check_path(part, "part " .. i, "join")
    if part:sub(1, 1) == "/" or out == "" then
      out = part
    elseif part ~= "" then
      out = out:gsub("/+$", "") .. "/" .. part
    end
  end
  return out
end

--- "a/b" of "a/b/c.tf"; "." when there is none.
function M.dirname(path)
  local dir = path:gsub("/+$", ""):match("^(.*)/[^/]*$")
  if dir == nil then return path:sub(1, 1) == "/" and "/" or "." end
  dir = dir:gsub("/+$", "")
  return dir == "" and "/" or dir
end

--- "c.tf" of "a/b/c.tf".
function M.basename(path)
  return (path:gsub("/+$", ""):match("[^/]*$"))
end

--- ".tf" of "a/b/c.tf"; "" when there is none.
function M.ext(path)
  return M.basename(path):match("^.+(%.[^.]*)$") or ""
end

--- The path without ".", ".." and doubled slashes, by its text alone.
function M.normalize(path)
  local parts, absolute = {}, path:sub(1, 1) == "/"
  for part in path:gmatch("[^/]+") do
    local last = parts[#parts]
    if part == ".." and last and last ~= ".." then
      parts[#parts] = nil
    elseif part ~= "." and not (part == ".." and absolute) then
      parts[#parts + 1] = part
    end
  end
  local text = table.concat(parts, "/")
  if absolute then return "/" .. text end
  return text == "" and "." or text
end

--- A path below some root, by its words only: `a/./b/../c` becomes `a/c`, the root itself "".
---@param path string
---@return string|nil below nil when the path climbs out of the root
function M.below(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      if #parts == 0 then return nil end
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

--- Absolute form of path, from the current directory; it need not exist.
function M.absolute(path)
  check_path(path, "path", "absolute")
  if path:sub(1, 1) == "/" then return M.normalize(path) end
  return M.normalize(M.join(assert(raw.realpath(".")), path))
end

--- path as seen from the directory `base`: "../x".
function M.relative(path, base)
  local to, from = {}, {}
  for part in M.absolute(path):gmatch("[^/]+") do to[#to + 1] = part end
  for part in M.absolute(base or "."):gmatch("[^/]+") do from[#from + 1] = part end
  local same = 0
  while same < #to and same < #from and to[same + 1] == from[same + 1] do same = same + 1 end
  local out = {}
  for _ = same + 1, #from do out[#out + 1] = ".." end
  table.move(to, same + 1, #to, #out + 1, out)
  return #out == 0 and "." or table.concat(out, "/")
end

--- Does the glob match the whole path? `*` and `?` stay within a part, `**` crosses parts.
M.match = glob.match

-- temporary directories --------------------------------------------------------------------------

local Tempdir = {}
Tempdir.__index = Tempdir

--- Removes the directory; harmless the second time.
function Tempdir:close()
  if not self.closed then
    self.closed = true
    raw.remove(self.path)
  end
end

Tempdir.__close = Tempdir.close
Tempdir.__gc = Tempdir.close

--- A new private directory, removed by close(), `<close>` or collection.
---@param prefix string|nil name's beginning; default "lsqm-"
---@return table|nil {path=, close=}
---@return lsqm.Error|nil
function M.tempdir(prefix)
  prefix = prefix or "lsqm-"
  check_path(prefix, "prefix", "tempdir")
  if not prefix:find("/", 1, true) then prefix = M.join(os.getenv("TMPDIR") or "/tmp", prefix) end
  local path, err = raw.tempdir(prefix)
  if not path then return nil, error_of.wrap(err, "fs.tempdir") end
  return setmetatable({ path = path, closed = false }, Tempdir)
end

return M
