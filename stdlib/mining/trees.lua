-- SPDX-License-Identifier: Apache-2.0
-- Contents of repositories and modules, unpacked under <workspace>/sources/trees. A tree knows
-- which version it is: one that is here already is not fetched again, and one in which no
-- template was found is remembered as such, without its files.

local fs = require "std.fs"
local json = require "std.json"
local sha256 = require "std.sha256"

local M = {}

-- Counted up when more kinds of templates are found: empty trees are then looked at again.
local FINDERS <const> = 1

--- For std.archive.receive.
M.LIMITS = { max_bytes = 512 << 20, max_files = 50000, max_ratio = 200, max_packed = 256 << 20 }

local Tree = {}
Tree.__index = Tree

local function selection_of(source)
  return sha256.string(json.encode { source.include or json.null, source.exclude or json.null,
    FINDERS }):sub(1, 12)
end

--- The folder's name "owner+name" is how a converter knows where a repository begins.
---@param options {workdir: string}
---@param source table for what is looked for in it
function M.open(options, source, owner, name)
  local dir = fs.join(options.workdir, "sources", "trees", owner .. "+" .. name)
  local self = setmetatable({ dir = dir, file = dir .. ".json",
    tmp = fs.join(options.workdir, "tmp"), selection = selection_of(source) }, Tree)
  self.state = fs.is_file(self.file) and json.read(self.file) or {}
  return self
end

--- Are the files here, of whatever version?
function Tree:is_here() return fs.is_dir(self.dir) end

--- Was this version looked at, without a template in it?
function Tree:is_empty(version)
  return self.state.version == version and self.state.empty == self.selection
end

function Tree:has(version)
  return self.state.version == version and self:is_here()
end

--- Puts a version in place of the one before, whole or not at all.
---@param fill fun(dir: string, work: string): boolean|nil, any fills `dir`, may use `work`
---@return boolean|nil ok
---@return any err
function Tree:replace(version, fill)
  local ok, err = fs.mkdir(fs.dirname(self.dir))
  if ok then ok, err = fs.mkdir(self.tmp) end
  if not ok then return nil, err end
  local work <close>, why = fs.tempdir(fs.join(self.tmp, "mine-"))
  if not work then return nil, why end
  local fresh = fs.join(work.path, "tree")
  ok, err = fill(fresh, work.path)
  if ok and self:is_here() then ok, err = fs.remove(self.dir) end
  if ok then ok, err = fs.rename(fresh, self.dir) end
  if not ok then return nil, err end
  return self:save { version = version }
end

function Tree:save(state)
  self.state = state
  return json.write(self.file, state)
end

--- Remembers more about the version that it is.
function Tree:note(fields)
  for key, value in pairs(fields) do self.state[key] = value end
  return self:save(self.state)
end

--- Nothing was found in it: its files go, the fact stays.
function Tree:forget()
  fs.remove(self.dir)
  self:note { empty = self.selection }
end

--- Puts what an archive was unpacked to in its place: where it has a single folder, that one.
---@return boolean|nil ok
---@return lsqm.Error|nil
function M.settle(unpacked, dir)
  local list, err = fs.list(unpacked)
  if not list then return nil, err end
  local single = #list == 1 and list[1].type == "dir" and fs.join(unpacked, list[1].name)
  return fs.rename(single or unpacked, dir)
end

return M
