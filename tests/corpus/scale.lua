-- SPDX-License-Identifier: Apache-2.0
-- Many architectures in one run: throughput, what lsqm and its programs hold meanwhile, and what is
-- left at the end.
--   build/lsqm exec tests/corpus/scale.lua WORKSPACE [count=200] [parallel=4] [driver=docker]
--     [image=lsqm-test/ministack:1.5.33] [largest=8] [log=FILE]
-- WORKSPACE: mined and generated (tests/corpus/mixed_config.lua). Its architectures of at most
-- `largest` resources are repeated under other names until there are `count`. Exits 1 when
-- something is left, a result is missing, or descriptors, files or memory grow with the number of
-- architectures.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local parallel = require "std.parallel"
local records = require "std.meta.records"
local store_of = require "std.store"
local uv = require "luv"
local watch = dofile(here .. "/watch.lua")

local M = {}

-- Kilobytes of lsqm's own memory for one more architecture: its result is on disk.
local GROWTH <const> = 64
local PAUSE <const> = 1 -- seconds between two looks

local function chosen(store, largest)
  local list = {}
  for _, one in ipairs(store:architectures()) do
    local aliases = one.provider_aliases
    if not one.skipped and not one.superseded_by and store:app(one.hash)
      and one.resource_count <= largest and not (aliases and #aliases > 0) then
      list[#list + 1] = one
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function repeat_one(from, to, one, i)
  local content = {}
  for _, name in ipairs(records.APP_FILES) do
    content[name] = assert(fs.read(fs.join(from:app_dir(one.hash), name)))
  end
  local app, hash = assert(from:app(one.hash)), ("%016x"):format(i)
  local meta = lab_of.metadata("x", { hash = hash, name = ("%s-%d"):format(one.name, i),
    services = one.services, resource_count = one.resource_count, source_url =
    ("%s#%d"):format(one.source_url, i) })
  assert(to:put_architecture(meta, from:arch_dir(one.hash)))
  app.arch_hash = hash
  assert(to:put_app(app, content))
end

--- Fills the lab's store from another one.
---@return integer different how many architectures are repeated
function M.fill(lab, workspace, count, largest)
  local from = assert(store_of.open(fs.join(workspace, "artifacts"), { readonly = true }))
  local list, to = chosen(from, largest), lab:store()
  if #list == 0 then error("scale: no architecture is small enough", 0) end
  for i = 1, count do repeat_one(from, to, list[(i - 1) % #list + 1], i) end
  assert(to:save_index())
  return math.min(#list, count)
end

local function median(samples, first, last, get)
  local values = {}
  for i = first, last do values[#values + 1] = get(samples[i]) end
  table.sort(values)
  return values[(#values + 1) // 2] or 0
end

-- Of the second quarter of the run and of its last: the first one still starts providers.
local function growth(samples, get)
  local quarter = #samples // 4
  return median(samples, quarter + 1, 2 * quarter, get), median(samples, 3 * quarter + 1,
    #samples, get)
end

local function peak(samples, get)
  local highest = 0
  for _, one in ipairs(samples) do highest = math.max(highest, get(one)) end
  return highest
end

local function run_ids(lab)
  local record = lab:latest()
  return record and { record.run_id } or {}
end

local function place_of(lab, engine)
  return { dir = lab.path, engine = engine, runs = {},
    folders = { lab.workspace .. "/tmp", lab.env.TMPDIR } }
end

local function observe(lab, handle, place)
  local samples = {}
  while not handle:poll() do
    if #place.runs == 0 then place.runs = run_ids(lab) end
    samples[#samples + 1] = watch.sample(handle.pid, place)
    parallel.sleep(PAUSE)
  end
  return samples
end

--- One `lsqm validate` of all that is in the lab.
---@param options {config: string, engine: table|nil, timeout: number}
function M.run(lab, options)
  lab.env.TMPDIR = lab.path .. "/t"
  assert(fs.mkdir(lab.env.TMPDIR))
  local place = place_of(lab, options.engine)
  local before, began = watch.rest(place), uv.hrtime()
  local handle <close> = lab:start({ "validate" }, { config = options.config,
    timeout = options.timeout })
  local samples = observe(lab, handle, place)
  local result = handle:wait()
  local seconds, counts = (uv.hrtime() - began) / 1e9, {}
  place.runs = run_ids(lab)
  local store = lab:store()
  for _, one in pairs(place.runs[1] and store:run(place.runs[1]):results() or {}) do
    counts[one.status] = (counts[one.status] or 0) + 1
    counts.all = (counts.all or 0) + 1
  end
  return { code = result.code, stderr = result.stderr, seconds = seconds, samples = samples,
    before = before, after = watch.rest(place), counts = counts }
end

local READINGS <const> = {
  { "descriptors of lsqm", function(s) return s.fds end },
  { "memory of lsqm, KB", function(s) return s.own.rss end },
  { "memory of its children, KB", function(s) return s.children.rss end },
  { "the same, anonymous pages, KB", function(s) return s.children.anonymous end },
  { "memory of its containers, KB", function(s) return s.emulators.anonymous end },
  { "processes below lsqm", function(s) return s.children.processes end },
  { "containers", function(s) return s.emulators.containers end },
  { "networks", function(s) return s.emulators.networks end },
  { "temporary files and folders", function(s) return s.files end },
}

--- What is wrong with a measured run, as sentences.
---@param seen table of M.run
---@param count integer
---@param at_once integer
---@return string[]
function M.problems(seen, count, at_once)
  local list = {}
  local function check(ok, ...) if not ok then list[#list + 1] = string.format(...) end end
  check(seen.code == 0, "exit %s: %s", seen.code, seen.stderr:sub(-300))
  check(seen.counts.all == count, "%s results of %d", seen.counts.all, count)
  for name, value in pairs(seen.after) do
    check(value == seen.before[name], "%s: %d before, %d after", name, seen.before[name], value)
  end
  -- What comes and goes with an architecture is there for each of those that run at once.
  local early, late = growth(seen.samples, READINGS[1][2])
  check(late <= early + 4 * at_once, "descriptors grow from %d to %d", early, late)
  early, late = growth(seen.samples, READINGS[9][2])
  check(late <= early + 2 * at_once, "files grow from %d to %d", early, late)
  early, late = growth(seen.samples, READINGS[2][2])
  check((late - early) / (count / 2) <= GROWTH, "memory grows from %d to %d KB", early, late)
  table.sort(list)
  return list
end

local function report(seen, count, different)
  for _, row in ipairs(READINGS) do
    local early, late = growth(seen.samples, row[2])
    print(("%-32s peak %9d   second quarter %9d   last quarter %9d"):format(row[1],
      peak(seen.samples, row[2]), early, late))
  end
  for _, name in ipairs { "processes", "files", "containers", "networks" } do
    print(("%-32s at start %3d   at end %3d"):format(name, seen.before[name], seen.after[name]))
  end
  local statuses = {}
  for status, n in pairs(seen.counts) do
    if status ~= "all" then statuses[#statuses + 1] = status .. "=" .. n end
  end
  table.sort(statuses)
  print(table.concat(statuses, " "))
  print(("scale: architectures=%d different=%d seconds=%.0f per_minute=%.1f"):format(count,
    different, seen.seconds, count / seen.seconds * 60))
end

local function main(workspace, ...)
  local options = { count = 200, parallel = 4, driver = "docker", largest = 8,
    image = "lsqm-test/ministack:1.5.33" }
  for _, word in ipairs { ... } do
    local key, value = word:match("^(%a+)=(.+)$")
    options[key or word] = tonumber(value) or value
  end
  local lab <close> = lab_of.new { real = true }
  local engine = options.driver == "docker" and assert(watch.engine()) or nil
  if engine then lab.env.DOCKER_HOST = "unix://" .. engine.socket end
  local different = M.fill(lab, workspace, options.count, options.largest)
  local seen = M.run(lab, { engine = engine, timeout = 3 * 3600, config =
    ("{ parallel = %d, emulator = { driver = '%s', image = '%s' } }"):format(options.parallel,
      options.driver, options.image) })
  report(seen, options.count, different)
  if options.log then fs.copy(lab.workspace, options.log) end
  local problems = M.problems(seen, options.count, options.parallel)
  for _, problem in ipairs(problems) do print("problem: " .. problem) end
  return #problems == 0 and 0 or 1
end

-- As a script it has words; the spec loads it without.
if ... then os.exit(main(...)) end
return M
