-- SPDX-License-Identifier: Apache-2.0
-- What a validation survives. All is real: containers, engine, terraform, warm providers, pytest.
-- One run without a blow says what is right; then every round breaks one thing in the middle of a
-- run, goes on with `validate --resume` where lsqm is dead, and counts what is left, lost, doubled
-- or judged otherwise. Or the same architectures are only run again and again: nothing may get
-- worse.
--   build/lsqm exec tests/docker/chaos.lua rounds=20 [engine=1] [only="emulator paused"]
--   build/lsqm exec tests/docker/chaos.lua repeats=20
-- engine=1 also restarts the engine that tests/docker/engine.sh started: nobody else may use it.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local docker = require "std.docker"
local fs = require "std.fs"
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local parallel = require "std.parallel"
local process = require "std.process"
local uv = require "luv"
local watch = dofile(here .. "/../corpus/watch.lua")

local M = {}

local IMAGE <const> = "lsqm-test/ministack:1.5.33"
local CONFIG <const> = ([[{ parallel = 2, timeout = 120, test_timeout = 30,
  emulator = { driver = 'docker', image = '%s' } }]]):format(IMAGE)
local DEADLINE <const> = 300 -- seconds that anything may take on a busy machine

-- Verdicts of three kinds, and one without a resource that waits.
local SAMPLES <const> = { "claims-workflow", "session-store/template" }

-- No emulator in use knows this one: FAILED.
local REFUSED <const> = [[
resource "aws_db_event_subscription" "events" {
  name      = "chaos"
  sns_topic = "arn:aws:sns:us-east-1:000000000000:chaos"
}
]]

local function wait_for(what, fn)
  local began = uv.hrtime()
  while (uv.hrtime() - began) / 1e9 < DEADLINE do
    local found = fn()
    if found then return found end
    parallel.sleep(0.02)
  end
  error("chaos: no " .. what, 0)
end

-- --- the moments ------------------------------------------------------------------------------

local function running(engine, run_id)
  local labels = { ["lsqm.run"] = run_id }
  for _, one in ipairs(engine:containers { labels = labels } or {}) do
    if one.State == "running" then return one end
  end
end

local function program(...)
  local words = { ... }
  return function(scene)
    return running(scene.engine, scene.run_id) and watch.find(scene.lab.path, words)[1]
  end
end

M.MOMENTS = {
  boot = function(scene) return running(scene.engine, scene.run_id) end,
  apply = program("terraform\0", "apply\0"),
  tests = program "pytest\0",
}

-- --- the blows --------------------------------------------------------------------------------

-- One that does not land would make the round pass for nothing.
local function strike(scene, argv)
  local result = assert(process.run { argv = argv, timeout = DEADLINE,
    env = { DOCKER_HOST = "unix://" .. scene.engine.socket, PATH = os.getenv "PATH",
      HOME = os.getenv "HOME", LSQM_CACHE = os.getenv "LSQM_CACHE" } })
  if result.code ~= 0 then
    error(("chaos: %s: %s"):format(table.concat(argv, " "), result.stderr), 0)
  end
end

local function on_container(word)
  return function(scene)
    strike(scene, { "docker", word, running(scene.engine, scene.run_id).Id })
  end
end

-- The provider itself and not the sandbox around it, which it must not take with it.
local function kill_provider(scene)
  local pids = watch.find(scene.lab.path, { "terraform-provider-aws" }, "terraform-provi")
  if #pids == 0 then error("chaos: no provider runs", 0) end
  for _, pid in ipairs(pids) do assert(uv.kill(pid, "sigkill")) end
end

local BLOWS <const> = {
  ["lsqm killed"] = function(scene) assert(uv.kill(scene.handle.pid, "sigkill")) end,
  ["provider killed"] = kill_provider,
  ["emulator paused"] = on_container "pause",
  ["emulator killed"] = on_container "kill",
  ["engine restarted"] = function(scene)
    strike(scene, { "bash", here .. "/engine.sh", "restart" })
  end,
}

--- What is broken, and when.
M.KINDS = {
  { "lsqm killed", "apply" }, { "engine restarted", "apply", engine = true },
  { "provider killed", "apply" }, { "emulator paused", "apply" },
  { "lsqm killed", "tests" }, { "engine restarted", "tests", engine = true },
  { "emulator killed", "apply" }, { "emulator paused", "tests" },
  { "lsqm killed", "boot" }, { "engine restarted", "boot", engine = true },
}

-- --- the lab ----------------------------------------------------------------------------------

local function open_lab(engine)
  local lab = lab_of.new { real = true }
  lab.env.DOCKER_HOST = "unix://" .. engine.socket
  lab.env.TMPDIR = lab.path .. "/t"
  assert(fs.mkdir(lab.env.TMPDIR))
  for _, stage in ipairs { "mine", "generate" } do
    local result = lab:run({ stage }, { config = "{ generator = 'rules' }" })
    if result.code ~= 0 then error("chaos: " .. stage .. ": " .. result.stderr, 0) end
  end
  lab:put_parameter_app "a" -- PARTIAL
  lab:put("b", { files = { ["main.tf"] = REFUSED } })
  return lab
end

local function command()
  return { "validate", lab_of.hash "a", lab_of.hash "b", table.unpack(SAMPLES) }
end

local COUNT <const> = 2 + #SAMPLES

local function statuses(lab, run_id)
  local found, count = {}, 0
  for hash, result in pairs(lab:store():run(run_id):results()) do
    found[hash] = { status = result.status, reason = result.reason or result.error_message }
    count = count + 1
  end
  return found, count
end

local function runs_of(lab) return lab:store():runs() end

-- A whole run that nobody disturbs: what is right.
local function reference(lab)
  local result = lab:run(command(), { config = CONFIG, timeout = 2 * DEADLINE })
  if result.code ~= 0 then error("chaos: " .. result.stderr, 0) end
  local found, count = statuses(lab, runs_of(lab)[1].run_id)
  local kinds = {}
  for _, one in pairs(found) do kinds[one.status] = true end
  if count ~= COUNT or not (kinds.PASSED and kinds.PARTIAL and kinds.FAILED) then
    error("chaos: the undisturbed run is not as it should be: " .. require("std.inspect")(found), 0)
  end
  return found
end

-- --- the counts -------------------------------------------------------------------------------

local function left_behind(scene, before)
  local after, left = watch.rest(scene.place), 0
  for name, value in pairs(after) do left = left + math.abs(value - before[name]) end
  return left
end

local function regressions(lab)
  local store, count = lab:store(), 0
  local latest = store:runs { finished = true }[1]
  for _, change in ipairs(store:changes(store:run(latest.run_id)).regressions) do
    if change.class == nil or change.class == "regression" then count = count + 1 end
  end
  return count
end

-- Roots that the warm providers left to plain terraform: no fault, but then they were not tried.
local function plain_roots(lab)
  local count = 0
  for _, record in ipairs(lab:log()) do
    if record.msg == "plain terraform is used" then count = count + 1 end
  end
  return count
end

--- The latest run against the undisturbed one: results that are missing, that nobody asked for,
--- that are otherwise (an ERROR and a TIMEOUT, too); runs that nobody asked for.
---@param right table<string, {status: string}> by hash
---@param known integer runs before this one
function M.judge(lab, right, known)
  local row, list = { lost = 0, wrong = 0, doubled = 0, notes = {} }, runs_of(lab)
  row.doubled = math.abs(#list - known - 1)
  local found = statuses(lab, list[1].run_id)
  for hash in pairs(found) do
    if not right[hash] then row.doubled = row.doubled + 1 end
  end
  for hash, one in pairs(right) do
    local got = found[hash]
    if not got then
      row.lost = row.lost + 1
    elseif got.status ~= one.status then
      row.wrong = row.wrong + 1
      row.notes[#row.notes + 1] = ("%s: %s instead of %s (%s)"):format(hash, got.status,
        one.status, tostring(got.reason))
    end
  end
  row.wrong = row.wrong + #lab:store():problems()
  row.unfinished = list[1].finished and 0 or 1
  row.regressions = list[1].finished and regressions(lab) or 0
  return row
end

-- --- the rounds -------------------------------------------------------------------------------

local function finish(scene, row_notes)
  local result = scene.handle:wait()
  local record = runs_of(scene.lab)[1]
  if not record.finished then
    result = scene.lab:run({ "validate", "--resume", table.unpack(command(), 2) },
      { config = CONFIG, timeout = 2 * DEADLINE })
  end
  if result.code ~= 0 then row_notes[#row_notes + 1] = result.stderr:sub(-300) end
  return result.code
end

--- One round: counts of what must be 0, {name=, seconds=, notes=}.
function M.round(engine, lab, right, kind)
  local known, plain, began = #runs_of(lab), plain_roots(lab), uv.hrtime()
  local scene = { engine = engine, lab = lab, place = { dir = lab.path, engine = engine,
    runs = {}, folders = { lab.workspace .. "/tmp", lab.env.TMPDIR } } }
  local before, notes = watch.rest(scene.place), {}
  local handle <close> = lab:start(command(), { config = CONFIG, timeout = 2 * DEADLINE })
  scene.handle = handle
  scene.run_id = wait_for("run", function()
    local list = runs_of(lab)
    return #list > known and list[1].run_id
  end)
  wait_for(kind[2], function() return M.MOMENTS[kind[2]](scene) end)
  BLOWS[kind[1]](scene)
  local code = finish(scene, notes)
  scene.place.runs = { scene.run_id, runs_of(lab)[1].run_id }
  local row = M.judge(lab, right, known)
  row.name, row.code, row.left = table.concat(kind, ", "), code, left_behind(scene, before)
  table.move(row.notes, 1, #row.notes, #notes + 1, notes)
  row.notes, row.seconds = notes, (uv.hrtime() - began) / 1e9
  row.plain = plain_roots(lab) - plain
  return row
end

--- What of a row has to be 0.
M.COUNTS = { "code", "left", "lost", "doubled", "wrong", "unfinished", "regressions" }

local function show(i, row)
  local words = {}
  for _, name in ipairs(M.COUNTS) do words[#words + 1] = name .. " " .. row[name] end
  print(("%2d %-24s %s %6.1f s%s"):format(i, row.name, table.concat(words, " "), row.seconds,
    row.plain > 0 and (", plain terraform %d times"):format(row.plain) or ""))
  for _, note in ipairs(row.notes) do print("     " .. note) end
end

local function open(options)
  local engine, err = docker.connect {}
  local image = engine and engine:image(IMAGE)
  if not image then return nil, tostring(err or "no image " .. IMAGE) end
  local kinds = {}
  for _, kind in ipairs(M.KINDS) do
    local wanted = not options.only or options.only == kind[1]
    if wanted and (not kind.engine or options.engine) then kinds[#kinds + 1] = kind end
  end
  return engine, kinds
end

--- @param options {rounds: integer, engine: boolean|nil, only: string|nil, print: boolean|nil}
---@return table[]|nil rows
---@return string|nil why no engine or image
function M.run(options)
  local engine, kinds = open(options)
  if not engine then return nil, kinds end
  local lab <close> = open_lab(engine)
  local right, rows = reference(lab), {}
  for i = 1, options.rounds do
    rows[i] = M.round(engine, lab, right, kinds[(i - 1) % #kinds + 1])
    if options.print then show(i, rows[i]) end
  end
  return rows
end

--- The same again and again: how often a verdict was another one, and how often that counted.
---@return {runs: integer, differing: integer, regressions: integer}|nil
---@return string|nil why no engine or image
function M.repeated(options)
  local engine, why = open(options)
  if not engine then return nil, why end
  local lab <close> = open_lab(engine)
  local right, sum = reference(lab), { runs = 1, differing = 0, regressions = 0 }
  while sum.runs <= options.repeats do
    local known = #runs_of(lab)
    local result = lab:run(command(), { config = CONFIG, timeout = 2 * DEADLINE })
    local row = M.judge(lab, right, known)
    sum.runs = sum.runs + 1
    sum.differing = sum.differing + row.wrong + row.lost + row.doubled + row.unfinished
    sum.regressions = sum.regressions + row.regressions + (result.code == 0 and 0 or 1)
    if options.print then
      print(("%2d differing %d regressions %d %s"):format(sum.runs, row.wrong, row.regressions,
        table.concat(row.notes, "; ")))
    end
  end
  return sum
end

local function main(...)
  local options = { rounds = 20, print = true }
  for _, word in ipairs { ... } do
    local key, value = word:match("^(%a+)=(.+)$")
    options[key or word] = math.tointeger(tonumber(value)) or value
  end
  local seen, why = (options.repeats and M.repeated or M.run)(options)
  if not seen then
    print(why)
    return 3
  end
  if options.repeats then
    print(("chaos: repeats=%d verdicts=%d differing=%d false_regressions=%d"):format(
      options.repeats, options.repeats * COUNT, seen.differing, seen.regressions))
    return seen.differing + seen.regressions == 0 and 0 or 1
  end
  local sums, bad = {}, 0
  for i, name in ipairs(M.COUNTS) do
    local sum = 0
    for _, row in ipairs(seen) do sum = sum + row[name] end
    sums[i], bad = name .. "=" .. sum, bad + sum
  end
  print(("chaos: rounds=%d %s"):format(#seen, table.concat(sums, " ")))
  return bad == 0 and 0 or 1
end

-- As a script it has words; the spec loads it without.
if ... then os.exit(main(...)) end
return M
