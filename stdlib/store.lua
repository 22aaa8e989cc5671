-- SPDX-License-Identifier: Apache-2.0
-- The artifact repository on disk: architectures, apps, runs, trends and reports as JSON files.
-- Writes are atomic (std.fs). A file that cannot be read as JSON is set aside under a new name
-- and listed by problems(); it is never replaced without a word.

local apps = require "std.store.apps"
local fs = require "std.fs"
local files = require "std.store.files"
local index = require "std.store.index"
local runs = require "std.store.runs"
local trends = require "std.store.trends"

local M = {}

---@class lsqm.Store
---@field root string
---@field readonly boolean
local Store = {}
Store.__index = Store

local FOLDERS = { "architectures", "apps", "runs", "trends", "reports/latest" }

local function make_folders(root)
  for _, name in ipairs(FOLDERS) do
    local ok, err = fs.mkdir(fs.join(root, name))
    if not ok then return nil, err end
  end
  return true
end

local function has_index(store)
  return fs.exists(store:path("architectures", "index.json"))
end

---Opens a repository's folder. Missing folders and the index are made, unless read only.
---@param dir string
---@param options table|nil {readonly = boolean}
---@return lsqm.Store|nil
---@return lsqm.Error|nil
function M.open(dir, options)
  if type(dir) ~= "string" or dir == "" then error("store.open: dir must be a path", 2) end
  local self = setmetatable({
    root = dir, readonly = (options or {}).readonly or false, _problems = {},
  }, Store)
  if not self.readonly then
    local ok, err = make_folders(dir)
    if not ok then return nil, err end
  end
  local is_new = not has_index(self)
  local ok, err = index.load(self)
  if not ok then return nil, err end
  -- A repository with architectures but without an index was damaged: load() rebuilt it.
  if not self.readonly and (is_new or self._rebuilt) then
    ok, err = index.save(self)
    if not ok then return nil, err end
  end
  return self
end

---A path inside the repository.
function Store:path(...)
  return fs.join(self.root, ...)
end

---Files that could not be read: error objects with `file` and, when moved, `set_aside`.
---@return lsqm.Error[]
function Store:problems()
  return self._problems
end

-- Architectures and the index ----------------------------------------------------------------

---@return table index as in architectures/index.json; the store's own copy
function Store:index() return self._index end

---Writes the index, with last_updated and count set.
---@return boolean|nil
---@return lsqm.Error|nil
function Store:save_index() return index.save(self) end

---@return table[] metadata records sorted by hash
function Store:architectures() return index.architectures(self) end

---Each architecture by its hash; read once, so the records must not be changed.
---@return table hash → metadata
function Store:by_hash() return index.by_hash(self) end

---@param hash string
---@return table|nil metadata
---@return lsqm.Error|nil
function Store:architecture(hash) return index.architecture(self, hash) end

---Stores an architecture: its files first, the metadata last, so that what has metadata is whole.
---@param meta table an architecture record
---@param from string|table|nil a folder, or {path = content}; nil rewrites the metadata only
---@return boolean|nil
---@return lsqm.Error|nil
function Store:put_architecture(meta, from) return index.put(self, meta, from) end

---@param hash string
function Store:arch_dir(hash) return self:path("architectures", files.hash(hash)) end

-- Apps ---------------------------------------------------------------------------------------

---@param hash string
---@return table|nil metadata as in generated_at.json; nil when there is no whole app
function Store:app(hash) return apps.get(self, hash) end

---@param hash string
function Store:app_dir(hash) return self:path("apps", files.hash(hash)) end

---@param meta table a test_app record
---@param content table {["conftest.py"] = text, …}: all four files
---@return boolean|nil
---@return lsqm.Error|nil
function Store:put_app(meta, content) return apps.put(self, meta, content) end

---@return integer
function Store:app_count() return apps.count(self) end

-- Runs ---------------------------------------------------------------------------------------

---Starts a run: its folder, config.json and localstack_version.txt are on disk when it returns.
---@param config table the configuration snapshot; secrets are left out
---@param emulator table {name=, version=, driver=, image=}
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function Store:new_run(config, emulator) return runs.new(self, config, emulator) end

---An existing run, finished or not; run:done() says what a resumed run may skip.
---@param id string
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function Store:open_run(id) return runs.open(self, id) end

Store.run = Store.open_run

---The run that a person means: "latest", "previous", an id, or the beginning of one.
---@param word string
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function Store:find_run(word) return runs.find(self, word) end

---@param options table|nil {finished = true} leaves out runs that were cut off
---@return table[] run records (config fields, summary, finished), newest first
function Store:runs(options) return runs.list(self, options) end

---Deletes all but the newest `keep` runs, and regressions that name a deleted one.
---@param keep integer|nil 52
---@return string[]|nil deleted ids
---@return lsqm.Error|nil
function Store:prune(keep) return runs.prune(self, keep or 52) end

-- Trends -------------------------------------------------------------------------------------

---Brings the three trend files up to date with a finished run. Repeating it changes nothing.
---@param run lsqm.Run
---@return table|nil changes as Store:changes gives them, and `trends` = {services=, architectures=}
---  as they are on disk now
---@return lsqm.Error|nil
function Store:update_trends(run) return trends.update(self, run) end

---Makes index and trends anew from the stored runs: after a merge their lines mean nothing.
---@return boolean|nil
---@return lsqm.Error|nil
function Store:rebuild()
  local ok, err = index.rebuild(self)
  if ok then ok, err = trends.rebuild(self) end
  return ok, err
end

---The finished run to compare a run with: the last one before it with the same emulator.
---@return table|nil run record
function Store:previous(run) return trends.previous(self, run) end

---The finished runs of the matrix that a run belongs to, itself included, oldest first.
---@return lsqm.Run[]
function Store:siblings(run) return trends.siblings(self, run) end

---What changed in a run since the one before it (same emulator).
---@param run lsqm.Run
---@return table {regressions=, fixes=, changes=, templates=, same=, only_a=, only_b=, previous=}
function Store:changes(run) return trends.changes(self, run) end

---@param kind string "services"|"architectures"
---@return table by name or hash
function Store:trends(kind) return trends.get(self, kind) end

---@return table[] regression records, oldest first
function Store:regressions() return trends.regressions(self) end

---@param list table[]
function Store:save_regressions(list) return trends.save_regressions(self, list) end

return M
