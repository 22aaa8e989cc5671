-- SPDX-License-Identifier: Apache-2.0
-- zip and tar: the same bytes for the same content, and unpacking that stays inside its target.

local raw = require "lsqm.raw.archive"

local M = {}

local function create(format, path, source, what)
  if path ~= nil and type(path) ~= "string" then
    error(("archive.%s: path must be a string or nil"):format(what), 3)
  end
  local options = { format = format, path = path }
  if type(source) == "string" then
    options.dir = source
  elseif type(source) == "table" then
    options.entries = source
  else
    error(("archive.%s: entries must be a folder's path or a list"):format(what), 3)
  end
  return raw.create(options)
end

--- Writes a zip of a folder or of entries {path=, data=|file=, mode=}. path nil: the archive
--- itself is returned as a string.
---@return boolean|string|nil
---@return lsqm.Error|nil
function M.zip(path, source) return create("zip", path, source, "zip") end

--- The same as tar; options.gzip packs it.
function M.tar(path, source, options)
  return create(options and options.gzip and "tar.gz" or "tar", path, source, "tar")
end

--- Unpacks a zip, tar or tar.gz into dir. Refuses (code "unsafe") names and links that lead out
--- and devices; stops (code "limit") at max_bytes, max_files, max_ratio.
---@return table|nil totals {files, bytes}
---@return lsqm.Error|nil
function M.extract(path, dir, limits)
  limits = limits or {}
  return raw.extract { path = path, dir = dir, max_bytes = limits.max_bytes,
    max_files = limits.max_files, max_ratio = limits.max_ratio }
end

--- The entries: {path, type = "file|dir|link|hardlink|other", size, mode, link}.
function M.list(path) return raw.list { path = path } end

return M
