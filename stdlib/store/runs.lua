-- SPDX-License-Identifier: Apache-2.0
-- Runs. The result files are the journal: one is written, atomically, as each architecture ends,
-- so a run that was killed knows what is done. summary.json appears when the run is finished.

local errors = require "std.error"
local files = require "std.store.files"
local fs = require "std.fs"
local index = require "std.store.index"
local kept = require "std.store.outcomes"
local snapshot = require "std.store.snapshot"
local tables = require "std.table"
local time = require "std.time"
local trends = require "std.store.trends"
local uuid = require "std.uuid"

local M = {}

---@class lsqm.Run
---@field run_id string
---@field config table as in config.json
---@field dir string|nil the folder of a part, see M.new; its run_id names this part's containers
local Run = {}
Run.__index = Run

local function is_uuid(id)
  return type(id) == "string" and id:find("^[%x-]+$") ~= nil and #id == 36
end

---A path inside the run's folder.
function Run:path(...)
  if self.dir then return fs.join(self.dir, ...) end
  return self.store:path("runs", self.run_id, ...)
end

local function write_config(run)
  local ok, err = files.write(run.store, run:path("config.json"), "config", run.config)
  if not ok then return nil, err end
  return fs.write(run:path("localstack_version.txt"), run.config.localstack_version .. "\n")
end

---Notes more about the run in config.json (the emulator as it answered, terraform's version, …).
---@param fields table
---@return boolean|nil
---@return lsqm.Error|nil
function Run:note(fields)
  for key, value in pairs(snapshot.clean(fields)) do self.config[key] = value end
  local emulator = self.config.emulator
  if emulator and emulator.version then self.config.localstack_version = emulator.version end
  return write_config(self)
end

local LOGS = { "container_logs" }
local INNER = { terraform_apply = { "logs", "outputs" }, pytest_results = { "output" } }

local function strip_logs(result)
  for _, name in ipairs(LOGS) do result[name] = nil end
  for key, names in pairs(INNER) do
    for _, name in ipairs(names) do
      if result[key] then result[key][name] = nil end
    end
  end
  return result
end

local function copy_without(record, names)
  local copy = tables.copy(record)
  for _, name in ipairs(names) do copy[name] = nil end
  return copy
end

-- Logs are nearly all of a result and seldom asked for.
local function without_logs(result)
  local copy = copy_without(result, LOGS)
  for key, names in pairs(INNER) do
    if copy[key] then copy[key] = copy_without(copy[key], names) end
  end
  return copy
end

---Writes one architecture's result; it survives whatever happens next.
---@param result table a result record; run_id is set here
---@return boolean|nil
---@return lsqm.Error|nil
function Run:put_result(result)
  if type(result) ~= "table" then error("put_result: result must be a table", 2) end
  local hash = files.hash(result.arch_hash)
  result.run_id = self.config.run_id
  local ok, err = files.write(self.store, self:path("results", hash .. ".json"), "result", result)
  if ok and self._results then self._results[hash] = result end
  if ok and self._outcomes then self._outcomes[hash] = without_logs(result) end
  return ok, err
end

local function result_names(run)
  local names = {}
  for _, entry in ipairs(fs.list(run:path("results")) or {}) do
    local hash = entry.name:match("^(%x+)%.json$")
    if hash and #hash == 16 then names[#names + 1] = hash end
  end
  table.sort(names)
  return names
end

---All results on disk. A damaged one is set aside, so its architecture counts as not done.
---@return table hash → result; the run's own copy
function Run:results()
  if not self._results then
    local all = {}
    for _, hash in ipairs(result_names(self)) do
      all[hash] = files.read(self.store, self:path("results", hash .. ".json"), "result")
    end
    self._results = all
  end
  return self._results
end

---The results one after the other in the order of their hashes, logs and all, none of them kept:
---ten thousand results with logs do not fit into memory.
---@return fun(): string|nil, table|nil hash and result
function Run:each()
  local names, at = result_names(self), 0
  return function()
    while at < #names do
      at = at + 1
      local hash = names[at]
      local result = self:result(hash)
      if result then return hash, result end
    end
  end
end

---All results without their logs and outputs.
---@return table hash → result; the run's own copy
function Run:outcomes()
  if not self._outcomes then self._outcomes = kept.load(self) end
  if not self._outcomes then
    local all = {}
    -- What was just read belongs to nobody else and need not be copied.
    local lighten = self._results and without_logs or strip_logs
    for hash, result in self:each() do all[hash] = lighten(result) end
    self._outcomes = all
  end
  return self._outcomes
end

---@param hash string
---@return table|nil result with its logs
function Run:result(hash)
  hash = files.hash(hash)
  if self._results then return self._results[hash] end
  return (files.read(self.store, self:path("results", hash .. ".json"), "result"))
end

---What a resumed run need not repeat.
---@return table set hash → status
function Run:done()
  local set = {}
  for hash, result in pairs(self:outcomes()) do set[hash] = result.status end
  return set
end

function Run:is_finished()
  return fs.exists(self:path("summary.json"))
end

---Counts by status, from the results; total is their sum.
---@return table
function Run:counts()
  local counts = { total = 0, passed = 0, partial = 0, failed = 0, timeout = 0, error = 0 }
  for _, result in pairs(self:outcomes()) do
    local key = result.status:lower()
    counts[key] = counts[key] + 1
    counts.total = counts.total + 1
  end
  return counts
end

---The summary as written, or the counts so far of a run that is not finished.
---@return table
function Run:summary()
  return files.read(self.store, self:path("summary.json"), "summary") or self:counts()
end

local function new_since(store, started_at)
  local n = 0
  for _, entry in pairs(store:index().architectures) do
    if entry.discovered_at >= started_at then n = n + 1 end
  end
  return n
end

local function make_summary(run, extra)
  local summary = run:counts()
  for key, value in pairs(extra or {}) do
    if summary[key] == nil then summary[key] = value end
  end
  local now = time.now()
  local started = time.parse(run.config.started_at) or now
  summary.run_id = run.config.run_id
  summary.started_at = run.config.started_at
  summary.completed_at = summary.completed_at or time.iso(math.max(now, started))
  summary.duration_seconds = summary.duration_seconds or math.max(0, now - started)
  summary.tokens_used = summary.tokens_used or 0
  summary.new_architectures = summary.new_architectures
    or new_since(run.store, run.config.started_at)
  return summary
end

---Ends the run: summary.json and the index. Counts always come from the results. A part of a run is
---no run of the repository yet: the index waits for the whole.
---@param extra table|nil {tokens_used=, new_architectures=, duration_seconds=, …}
---@return table|nil summary
---@return lsqm.Error|nil
function Run:finish(extra)
  local summary = make_summary(self, extra)
  local ok, err = files.write(self.store, self:path("summary.json"), "summary", summary)
  if not ok then return nil, err end
  if self.dir then return summary end
  kept.save(self)
  index.note_results(self.store, self:outcomes())
  ok, err = self.store:save_index()
  if not ok then return nil, err end
  return summary
end

-- The store's side ---------------------------------------------------------------------------

local function read_record(store, id)
  local config = files.read(store, store:path("runs", id, "config.json"), "config")
  if not config then return nil end
  local record = {}
  for key, value in pairs(config) do record[key] = value end
  local path = store:path("runs", id, "summary.json")
  record.summary = fs.exists(path) and files.read(store, path, "summary") or nil
  record.finished = record.summary ~= nil
  record.completed_at = record.summary and record.summary.completed_at
  return record
end

local function is_newer(a, b)
  if a.started_at ~= b.started_at then return a.started_at > b.started_at end
  if (a.sequence or 0) ~= (b.sequence or 0) then return (a.sequence or 0) > (b.sequence or 0) end
  return a.run_id > b.run_id
end

---@param store lsqm.Store
---@param options table|nil
function M.list(store, options)
  local list = {}
  for _, id in ipairs(files.folders(store:path("runs"))) do
    local record = is_uuid(id) and read_record(store, id)
    if record and (record.finished or not (options and options.finished)) then
      list[#list + 1] = record
    end
  end
  table.sort(list, is_newer)
  return list
end

local function next_sequence(store)
  local highest = 0
  for _, run in ipairs(M.list(store)) do highest = math.max(highest, run.sequence or 0) end
  return highest + 1
end

---@param store lsqm.Store
---@param config table
---@param emulator table|nil
---@param as {run_id: string, dir: string|nil, started_at: string|nil}|nil that run; with `dir` a
---  part of it, kept in a folder of its own
function M.new(store, config, emulator, as)
  if type(config) ~= "table" then error("new_run: config must be a table", 3) end
  as = as or { run_id = uuid.v4() }
  local run = setmetatable({ store = store, run_id = as.dir and uuid.v4() or as.run_id,
    _results = {}, dir = as.dir }, Run)
  run.config = snapshot.of(config, emulator)
  run.config.run_id = as.run_id
  run.config.started_at = as.started_at or time.iso()
  run.config.sequence = not as.dir and next_sequence(store) or nil
  if store.readonly then return run end
  local ok, err = fs.mkdir(run:path("results"))
  if ok then ok, err = write_config(run) end
  if not ok then return nil, err end
  return run
end

---@param store lsqm.Store
---@param id string
function M.open(store, id)
  if not is_uuid(id) then
    return nil, errors.new { op = "run " .. tostring(id), code = "invalid",
      message = "not a run id" }
  end
  local config, err = files.read(store, store:path("runs", id, "config.json"), "config")
  if not config then return nil, errors.wrap(err, "run " .. id) end
  return setmetatable({ store = store, run_id = id, config = config }, Run)
end

---A part that M.new made, finished or not.
---@param store lsqm.Store
---@param dir string
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function M.open_part(store, dir)
  local config, err = files.read(store, fs.join(dir, "config.json"), "config")
  if not config then return nil, errors.wrap(err, "run in " .. dir) end
  return setmetatable({ store = store, run_id = uuid.v4(), config = config, dir = dir }, Run)
end

-- "latest" and "previous" count finished runs only.
local WORDS = { latest = 1, previous = 2 }

---The run that a person means: "latest", "previous", an id, or the beginning of one.
---@param store lsqm.Store
---@param word string
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function M.find(store, word)
  local op = "run " .. word
  if WORDS[word] then
    local record = M.list(store, { finished = true })[WORDS[word]]
    if record then return M.open(store, record.run_id) end
    return nil, errors.new { op = op, code = "not_found", message = "there is no such run yet",
      hint = "`lsqm run` or `lsqm validate` makes one" }
  end
  local matches = {}
  for _, id in ipairs(files.folders(store:path("runs"))) do
    if id:sub(1, #word) == word and is_uuid(id) then matches[#matches + 1] = id end
  end
  if #matches == 1 then return M.open(store, matches[1]) end
  return nil, errors.new { op = op, code = "usage",
    message = #matches == 0 and "no such run" or ("%d runs begin so"):format(#matches) }
end

---@param store lsqm.Store
---@param keep integer
function M.prune(store, keep)
  if math.type(keep) ~= "integer" or keep < 1 then error("prune: keep must be 1 or more", 3) end
  if store.readonly then return {} end
  local deleted = {}
  for i, run in ipairs(M.list(store)) do
    if i > keep then
      local ok, err = fs.remove(store:path("runs", run.run_id))
      if not ok then return nil, err end
      kept.forget(store, run.run_id)
      deleted[#deleted + 1] = run.run_id
    end
  end
  local ok, err = trends.forget(store, deleted)
  if not ok then return nil, err end
  return deleted
end

return M
