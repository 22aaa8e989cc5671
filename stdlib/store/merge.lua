-- SPDX-License-Identifier: Apache-2.0
-- Makes one run of the shards of a run. Doing it again, with a shard that ran twice or one that
-- died and ran again, changes nothing.
--
-- The rule where two shards have a result of one architecture:
--   1. a verdict goes before an ERROR, which says that the harness failed;
--   2. of two verdicts the one that was there first stays;
--   3. of two at the same time the one with the lower hash of what it says (std.store.digest);
--      where they say the same, the one that was found first.
-- Where their statuses differ it is listed as a conflict, whichever was kept.
--
-- Shards know the id of the run they are parts of, so their files are linked, not written anew.

local digest = require "std.store.digest"
local errors = require "std.error"
local files = require "std.store.files"
local fs = require "std.fs"
local json = require "std.json"
local runs = require "std.store.runs"
local shard_of = require "std.shard"
local tables = require "std.table"
local time = require "std.time"
local uv = require "luv"

local M = {}

-- Finding shards -----------------------------------------------------------------------------

-- A shard's folder belongs to somebody else: nothing in it is set aside.
local function reader() return { readonly = true, _problems = {} } end

local function problem(look, path, message)
  table.insert(look._problems, errors.new { op = "merge", code = "invalid", file = path,
    message = path .. " " .. message })
end

local function part_at(look, dir)
  local path = fs.join(dir, "config.json")
  local config = files.read(look, path, "config")
  if not config or not config.shard then return nil end
  -- Otherwise a folder could name any run of the repository as its own.
  if config.run_id ~= shard_of.run_id(config.shard.set) then
    return problem(look, path, "names a run that its set is not part of")
  end
  local summary = fs.join(dir, "summary.json")
  return { dir = dir, config = config, shard = config.shard,
    summary = fs.exists(summary) and files.read(look, summary, "summary") or nil }
end

local function add_parts(look, dir, parts, depth)
  if fs.exists(fs.join(dir, "config.json")) then
    parts[#parts + 1] = part_at(look, dir)
    return
  end
  for _, name in ipairs(depth > 0 and files.folders(dir) or {}) do
    add_parts(look, fs.join(dir, name), parts, depth - 1)
  end
end

-- DIR / artifact / set / shard, and one for a folder that a service puts around it.
local DEPTH <const> = 5

---The shards in some folders, at most a few levels down.
---@param dirs string[]
---@return {dir: string, config: table, shard: table, summary: table|nil}[] parts
---@return lsqm.Error[] problems files that could not be read
function M.scan(dirs)
  local look, parts, seen, unique = reader(), {}, {}, {}
  for _, dir in ipairs(dirs) do add_parts(look, dir, parts, DEPTH) end
  for _, part in ipairs(parts) do
    local real = fs.realpath(part.dir) or part.dir
    if not seen[real] then
      seen[real] = true
      unique[#unique + 1] = part
    end
  end
  return unique, look._problems
end

---Parts by the set that they belong to.
---@param parts table[]
---@return table<string, table[]>
function M.sets(parts)
  local sets = {}
  for _, part in ipairs(parts) do
    local list = sets[part.shard.set] or {}
    sets[part.shard.set] = list
    list[#list + 1] = part
  end
  return sets
end

-- Choosing results ---------------------------------------------------------------------------

local function is_better(a, b)
  local broken_a, broken_b = a.status == "ERROR", b.status == "ERROR"
  if broken_a ~= broken_b then return broken_b end
  if a.completed_at ~= b.completed_at then return a.completed_at < b.completed_at end
  return a.says < b.says
end

local function take(plan, hash, entry)
  local other = plan.chosen[hash]
  if not other or is_better(entry, other) then plan.chosen[hash] = entry end
  local seen = plan.seen[hash] or {}
  plan.seen[hash] = seen
  seen[entry.status] = true
end

-- As the emulator itself answered.
local function emulator_of(result)
  local seen = result.emulator
  if not (seen and seen.version) then return nil end
  return ("%s %s"):format(seen.name or "emulator", seen.version), seen.version
end

local function entry_of(path, result)
  local emulator, version = emulator_of(result)
  return { path = path, says = digest.of_result(result), status = result.status,
    completed_at = result.completed_at, emulator = emulator, version = version }
end

local function read_result(look, path, item, run_id)
  local result = files.read(look, path, "result")
  if not result then return nil end
  local whole = item.type == "file" and result.run_id == run_id
    and item.name == result.arch_hash .. ".json"
  if whole then return result end
  return problem(look, path, "belongs to another run or architecture")
end

-- Every result of a folder; false when one of them cannot be read or does not belong there.
local function take_all(look, dir, run_id, add)
  local whole, count = true, 0
  for _, item in ipairs(fs.list(fs.join(dir, "results")) or {}) do
    local path = fs.join(dir, "results", item.name)
    if item.name:find("^%x+%.json$") then
      local result = read_result(look, path, item, run_id)
      if result then
        count = count + 1
        add(result.arch_hash, entry_of(path, result))
      end
      whole = whole and result ~= nil
    end
  end
  return whole, count
end

local function missing_of(covered, count)
  local missing = {}
  for i = 1, count do if not covered[i] then missing[#missing + 1] = i end end
  return missing
end

-- The run as an earlier merge left it, finished or cut off.
local function existing(store, run_id)
  local dir = store:path("runs", run_id)
  if not fs.exists(fs.join(dir, "config.json")) then return nil end
  return store:open_run(run_id)
end

-- What the earlier merge has: it was there first, and its conflicts stay told.
local function take_existing(plan, look, add)
  local run = plan.run
  if not run then return end
  take_all(look, run:path(), plan.run_id, function(hash, entry)
    entry.stored = true
    add(hash, entry)
  end)
  local merged = run.config.merged or {}
  for _, index in ipairs(run:is_finished() and merged.shards or {}) do
    plan.covered[index] = true
  end
  for _, one in ipairs(merged.conflicts or {}) do
    for _, status in ipairs(one.dropped) do plan.seen[one.arch_hash][status] = true end
  end
end

-- An ERROR that gave way is no other verdict.
local function conflicts_of(plan)
  local list = json.array {}
  for hash, chosen in tables.sorted_pairs(plan.chosen) do
    local kept, dropped = chosen.status, {}
    for status in pairs(plan.seen[hash]) do
      if status ~= kept and status ~= "ERROR" then dropped[status] = true end
    end
    if next(dropped) then
      table.insert(list, { arch_hash = hash, kept = kept,
        dropped = json.array(tables.sorted_keys(dropped)) })
    end
  end
  return list
end

---What a merge of one set's parts would do.
---@param store lsqm.Store
---@param parts table[] of one set, from M.sets, not empty
---@return {run_id: string, chosen: table, conflicts: table[], missing: integer[], covered: table,
---  parts: table[], problems: lsqm.Error[]} plan chosen: by hash; covered: set of complete shards
function M.plan(store, parts)
  local first, look = parts[1], reader()
  local plan = { run_id = first.config.run_id, shard = first.shard, parts = parts, chosen = {},
    seen = {}, covered = {}, problems = look._problems }
  plan.run = existing(store, plan.run_id)
  local function add(hash, entry) take(plan, hash, entry) end
  take_existing(plan, look, add)
  for _, part in ipairs(parts) do
    local whole, count = take_all(look, part.dir, plan.run_id, add)
    -- A summary that promises more than there is was overtaken by damage.
    if whole and part.summary and part.summary.total == count then
      plan.covered[part.shard.index] = true
    end
  end
  plan.missing = missing_of(plan.covered, plan.shard.count)
  plan.conflicts = conflicts_of(plan)
  return plan
end

local function add_once(list, seen, what, text, where)
  if text and not seen[what .. text] then
    seen[what .. text] = true
    table.insert(list, { what = what, text = text, where = where })
  end
end

---The hash of what the plan's run says, as std.store.digest has it of the run on disk.
---@param plan table from M.plan
---@return string hex
function M.digest(plan)
  local hashes = {}
  for hash, entry in pairs(plan.chosen) do hashes[hash] = entry.says end
  return digest.of_all(hashes)
end

---With what the shards got their results: one row for each emulator and each terraform. A run has
---one of each.
---@param plan table from M.plan
---@return {what: string, text: string, where: string}[]
function M.tools(plan)
  local list, seen = {}, {}
  for _, part in ipairs(plan.parts) do
    add_once(list, seen, "terraform", part.config.terraform_version, part.dir)
  end
  for _, entry in tables.sorted_pairs(plan.chosen) do
    add_once(list, seen, "emulator", entry.emulator, entry.path)
  end
  return list
end

-- Writing ------------------------------------------------------------------------------------

-- A link costs nothing and is safe: both sides replace files, they never change them.
local function put_file(from, to)
  if uv.fs_link(from, to) then return true end
  local aside = to .. ".part"
  fs.remove(aside)
  if not uv.fs_link(from, aside) then
    local ok, err = fs.copy(from, aside)
    if not ok then return nil, err end
  end
  return fs.rename(aside, to)
end

local function put_results(plan, dir)
  local ok, err = fs.mkdir(fs.join(dir, "results"))
  if not ok then return nil, err end
  for hash, entry in pairs(plan.chosen) do
    if not entry.stored then
      ok, err = put_file(entry.path, fs.join(dir, "results", hash .. ".json"))
      if not ok then return nil, err end
    end
  end
  return true
end

local function earliest(parts)
  local found = parts[1]
  for _, part in ipairs(parts) do
    if part.config.started_at < found.config.started_at then found = part end
  end
  return found
end

local function snapshot_emulator(plan, from)
  local emulator = {}
  for key, value in pairs(from or {}) do emulator[key] = value end
  for _, entry in pairs(plan.chosen) do
    emulator.version = entry.version or emulator.version
    if entry.version then break end
  end
  return emulator
end

-- The configuration of the shard that began first stands for all.
local function open_target(store, plan)
  if plan.run then return plan.run end
  local from = earliest(plan.parts).config
  local snapshot = {}
  for key, value in pairs(from) do snapshot[key] = value end
  snapshot.shard, snapshot.started_at = nil, nil
  local emulator = snapshot_emulator(plan, from.emulator)
  return runs.new(store, snapshot, emulator, { run_id = plan.run_id,
    started_at = from.started_at })
end

local function last_end(chosen)
  local last = ""
  for _, entry in pairs(chosen) do
    if entry.completed_at > last then last = entry.completed_at end
  end
  return last
end

local function is_unchanged(plan)
  if not plan.run or not plan.run:is_finished() then return false end
  for _, entry in pairs(plan.chosen) do if not entry.stored then return false end end
  local merged = plan.run.config.merged or {}
  return #(merged.shards or {}) == tables.count(plan.covered)
end

local function finish(plan, run, news)
  -- Counts and index need no logs.
  run._results = plan.chosen
  local started = time.parse(run.config.started_at)
  local ended = last_end(plan.chosen)
  local completed = ended ~= "" and math.max(time.parse(ended), started) or started
  local new, tokens = news(run)
  return run:finish { completed_at = time.iso(completed), duration_seconds = completed - started,
    new_architectures = new, tokens_used = tokens }
end

---Writes what a plan says: the whole run, or what there is of it.
---@param store lsqm.Store
---@param plan table from M.plan
---@param news fun(run: lsqm.Run): integer, integer new architectures and tokens of a run
---@return table|nil summary
---@return lsqm.Error|nil err
---@return boolean|nil changed
function M.write(store, plan, news)
  if is_unchanged(plan) then return plan.run:summary(), nil, false end
  local run, err = open_target(store, plan)
  if not run then return nil, err end
  local ok
  ok, err = put_results(plan, run:path())
  if not ok then return nil, err end
  ok, err = run:note { merged = { set = plan.shard.set, count = plan.shard.count,
    name = plan.shard.name, shards = json.array(tables.sorted_keys(plan.covered)),
    conflicts = plan.conflicts } }
  if not ok then return nil, err end
  local summary
  summary, err = finish(plan, run, news)
  return summary, err, true
end

return M
