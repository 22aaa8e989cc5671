-- SPDX-License-Identifier: Apache-2.0
-- A share of a run: which architectures it holds, and the folder in which it keeps its results
-- until std.store.merge makes one run of all shares.
--
-- Who owns an architecture depends on its hash and on the last finished run only, never on what
-- else is there. So shards that mined by themselves, at different times, still overlap nowhere.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local runs = require "std.store.runs"
local sha256 = require "std.sha256"

local M = {}

local MAX <const> = require("std.meta.records").MAX_SHARDS

local function usage(message)
  return error_of.new { op = "shard", code = "usage", message = message,
    hint = "write --shard 3/24: the third of 24" }
end

---@param text string|nil "3/24"
---@return {index: integer, count: integer}|nil nil without an error where there is no text
---@return lsqm.Error|nil err code "usage"
function M.parse(text)
  if text == nil then return nil end
  local index, count = text:match("^(%d+)/(%d+)$")
  index, count = math.tointeger(tonumber(index)), math.tointeger(tonumber(count))
  if not index or not count then return nil, usage(("'%s' is no shard"):format(text)) end
  if count < 1 or count > MAX or index < 1 or index > count then
    return nil, usage(("there is no shard %d of %d"):format(index, count))
  end
  return { index = index, count = count }
end

-- The last finished run, but none that waits for shards still: theirs is the cut of the others.
-- Nor one of the same name: a task that a scheduler repeats belongs to the job that it began in.
local function last_run(store, name)
  for _, record in ipairs(store:runs { finished = true }) do
    local merged = record.merged
    local own = merged and (#merged.shards < merged.count or name ~= nil and merged.name == name)
    if not own then return record end
  end
end

-- Seconds that each architecture took then; none before the first run.
local function history(store, name)
  local record = last_run(store, name)
  local run = record and store:open_run(record.run_id)
  local seconds = {}
  for hash, result in pairs(run and run:results() or {}) do
    seconds[hash] = result.duration_seconds
  end
  return seconds, record and record.run_id
end

-- The longest first, each to the shard that has least to do so far.
local function balance(seconds, count)
  local hashes, load, owner = {}, {}, {}
  for hash in pairs(seconds) do hashes[#hashes + 1] = hash end
  table.sort(hashes, function(a, b)
    if seconds[a] ~= seconds[b] then return seconds[a] > seconds[b] end
    return a < b
  end)
  for i = 1, count do load[i] = 0 end
  for _, hash in ipairs(hashes) do
    local least = 1
    for i = 2, count do if load[i] < load[least] then least = i end end
    owner[hash], load[least] = least, load[least] + seconds[hash]
  end
  return owner
end

---@class lsqm.Cut
---@field index integer
---@field count integer
---@field history string|nil the run whose durations balance the shards
---@field name string|nil of the job that the shards belong to
local Cut = {}
Cut.__index = Cut

---@param hash string
---@return integer shard
function Cut:owner(hash)
  return self.known[hash] or tonumber(sha256.string(hash):sub(1, 12), 16) % self.count + 1
end

---@param list table[] architectures
---@return table[] those of this shard, in the same order
function Cut:own(list)
  local own = {}
  for _, one in ipairs(list) do
    if self:owner(one.hash) == self.index then own[#own + 1] = one end
  end
  return own
end

---@param store lsqm.Store
---@param spec {index: integer, count: integer}
---@param name string|nil the same for all shards of one job, and for no other job
---@return lsqm.Cut
function M.cut(store, spec, name)
  local seconds, run_id = history(store, name)
  return setmetatable({ index = spec.index, count = spec.count, history = run_id, name = name,
    known = balance(seconds, spec.count) }, Cut)
end

-- Shards of one set become one run: same cut, same emulator, same name that the caller gave.
local function set_of(cut, emulator, matrix)
  return sha256.string(json.encode { cut.count, cut.history or "", cut.name or "", matrix or "",
    emulator.name or "", emulator.driver or "", emulator.image or "", emulator.image_id or "",
    emulator.version or "" }):sub(1, 16)
end

local function uuid_of(text)
  local hex = sha256.string(text)
  return ("%s-%s-4%s-a%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12), hex:sub(13, 15),
    hex:sub(16, 18), hex:sub(19, 30))
end

---The run that the shards of a set are parts of: each of them finds its id by itself.
---@param set string
---@return string uuid
function M.run_id(set) return uuid_of("run\n" .. set) end

---An id for the runs of an emulator matrix that all its shards find by themselves.
---@param cut lsqm.Cut
---@param words string the emulators as the user wrote them
function M.matrix_id(cut, words)
  return uuid_of(("matrix\n%d\n%s\n%s\n%s"):format(cut.count, cut.history or "", cut.name or "",
    words))
end

---The shard's part of the run: begun, or gone on with where an earlier try was cut off.
---@param store lsqm.Store
---@param cut lsqm.Cut
---@param snapshot table as for store:new_run
---@param emulator table
---@param options {into: string, matrix: string|nil}
---@return lsqm.Run|nil
---@return lsqm.Error|nil
function M.open_run(store, cut, snapshot, emulator, options)
  local set = set_of(cut, emulator, options.matrix)
  local dir = fs.absolute(fs.join(options.into, set, ("%d-of-%d"):format(cut.index, cut.count)))
  if fs.exists(fs.join(dir, "config.json")) then
    local run, err = runs.open_part(store, dir)
    if run or not (err and err.set_aside) then return run, err end
  end
  snapshot.shard = { set = set, index = cut.index, count = cut.count, history = cut.history,
    name = cut.name }
  return runs.new(store, snapshot, emulator, { dir = dir, run_id = M.run_id(set) })
end

return M
