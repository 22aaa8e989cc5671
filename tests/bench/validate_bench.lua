-- SPDX-License-Identifier: Apache-2.0
-- Validation by hand (validate_by_hand.sh) against `lsqm validate`: the same architectures, the
-- same emulator, which runs as a process on both sides.
--   lsqm exec tests/bench/validate_bench.lua [PARALLEL [BY_HAND [NAME...]]]
-- Takes all samples, and some of the corpus that lies beside the checkout. CPU seconds are those of
-- a control group, which counts also what was killed and what ended in a sandbox. Both sides
-- destroy what they deployed; what lsqm takes without that (`destroy = false`) is told besides.

local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"
local python_of = require "std.python"
local store_of = require "std.store"
local terraform = require "std.terraform"
local time = require "std.time"
local uv = require "luv"

local STEPS <const> = { "boot", "init", "apply", "plan", "tests", "destroy" }
local CORPUS <const> = program.share .. "/../shared/corpus"
local FROM_CORPUS <const> = "localstack-samples+localstack-terraform-samples"
local MOST_OF_CORPUS <const> = 6
local LIMIT <const> = 7200

-- --- CPU seconds ------------------------------------------------------------------------------

local GROUPS <const> = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" } -- version 2 only

local function new_group()
  for _, root in ipairs(GROUPS) do
    local path = ("%s/lsqm-bench-%d"):format(root, uv.os_getpid())
    if fs.exists(root .. "/cgroup.procs") and uv.fs_mkdir(path, 493) then -- octal 755
      return setmetatable({ path = path }, { __close = function() uv.fs_rmdir(path) end })
    end
  end
  return nil
end

local function cpu_of(group)
  return tonumber(fs.read(group.path .. "/cpu.stat"):match("usage_usec (%d+)")) / 1e6
end

local function load_average() return (fs.read("/proc/loadavg"):match("^%S+ %S+ %S+")) end

-- Runs a command inside the group: {wall =, cpu =}.
local function measure(group, argv, env)
  local began, before, load = time.monotonic(), cpu_of(group), load_average()
  local command = { "sh", "-c", 'echo $$ >"$0" && exec "$@"', group.path .. "/cgroup.procs",
    table.unpack(argv) }
  local result = assert(process.run { argv = command, env = env, inherit = { "HOME",
    "LSQM_CACHE", "LSQM_PYTHON", "LSQM_PROVIDER_MIRROR" }, timeout = LIMIT, max_output = 1 << 20 })
  assert(result.code == 0, result.stderr .. result.stdout)
  return { wall = time.monotonic() - began, cpu = cpu_of(group) - before,
    load = load .. " before, " .. load_average() .. " after" }
end

-- --- architectures ----------------------------------------------------------------------------

local function config_of(home)
  local sources = { '{ type = "dir", path = "pipelines/weekly/samples", '
    .. 'base_url = "lsqm://samples" }' }
  if fs.exists(CORPUS .. "/" .. FROM_CORPUS) then
    sources[2] = ('{ type = "dir", path = %q, base_url = "https://corpus.invalid", '
      .. 'include = { "**/*.tf" } }'):format(fs.realpath(CORPUS) .. "/" .. FROM_CORPUS)
  end
  local path = home .. "/config.lua"
  assert(fs.write(path, ("return { workspace = %q, generator = \"rules\", sources = { %s }, "
    .. "emulator = { name = \"ministack\", driver = \"process\" } }"):format(home .. "/workspace",
    table.concat(sources, ", "))))
  return path
end

local function config_with(home, config, name, value)
  local path = ("%s/%s.lua"):format(home, name)
  assert(fs.write(path, ("local config = dofile(%q)\nconfig.%s = %s\nreturn config\n"):format(
    config, name, tostring(value))))
  return path
end

local function lsqm(config, ...)
  return { uv.exepath(), "--config", config, ... }
end

local function mine(config)
  for _, stage in ipairs { "mine", "generate" } do
    local result = assert(process.run { argv = lsqm(config, stage), cwd = program.share,
      inherit = { "HOME", "LSQM_CACHE", "LSQM_PYTHON" }, timeout = 600 })
    assert(result.code == 0, stage .. ": " .. result.stderr)
  end
end

local function is_wanted(names, name)
  if #names == 0 then return true end
  for _, one in ipairs(names) do
    if name:match("^[^/]*") == one or name == one then return true end
  end
  return false
end

local function usable(store, one, names)
  return not one.skipped and not one.superseded_by and not one.source_error
    and store:app(one.hash) ~= nil and is_wanted(names, one.name)
end

local function choose(store, names)
  local all, list, of_corpus = store:architectures(), {}, 0
  table.sort(all, function(a, b) return a.source_url < b.source_url end)
  for _, one in ipairs(all) do
    local is_sample = one.source_url:find("^lsqm:") ~= nil
    if usable(store, one, names) and (is_sample or of_corpus < MOST_OF_CORPUS) then
      list[#list + 1] = one
      of_corpus = of_corpus + (is_sample and 0 or 1)
    end
  end
  return list
end

local function count_queues(list)
  local count = 0
  for _, one in ipairs(list) do
    for _, service in ipairs(one.services) do
      if service == "sqs" then count = count + 1 end
    end
  end
  return count
end

-- --- by hand ----------------------------------------------------------------------------------

local function lay_out(store, list, work)
  for _, one in ipairs(list) do
    local dir = fs.join(work, one.hash)
    assert(fs.mkdir(dir))
    assert(fs.copy(store:arch_dir(one.hash), dir .. "/root"))
    assert(fs.copy(store:app_dir(one.hash), dir .. "/app"))
    fs.remove(dir .. "/root/metadata.json")
    fs.remove(dir .. "/root/.terraform.lock.hcl")
  end
end

-- The provider cache is full before the first init: filling it is not measured.
local function provider_cache(tool, work, first)
  assert(fs.mkdir(work .. "/cache"))
  assert(fs.write(work .. "/cli.tfrc", fs.read(tool.cli_config)
    .. ("plugin_cache_dir = %q\nplugin_cache_may_break_dependency_lock_file = true\n"):format(
      work .. "/cache")))
  local dir = work .. "/first"
  assert(fs.copy(first, dir))
  local result = assert(process.run { argv = { tool.path, "init", "-backend=false",
    "-input=false" }, cwd = dir, timeout = 300, env = { TF_CLI_CONFIG_FILE = work .. "/cli.tfrc",
    CHECKPOINT_DISABLE = "1", HOME = work } })
  assert(result.code == 0, result.stderr)
  fs.remove(dir)
end

local function read_by_hand(work, list)
  local statuses, steps = {}, {}
  for _, one in ipairs(list) do
    local dir = fs.join(work, one.hash)
    statuses[one.hash] = (fs.read(dir .. "/status") or ""):match("%u+") or "none"
    for step, wall, user, system in (fs.read(dir .. "/seconds") or ""):gmatch(
      "(%l+) ([%d.]+) ([%d.]+) ([%d.]+)") do
      local sum = steps[step] or { wall = 0, cpu = 0 }
      sum.wall, sum.cpu = sum.wall + wall, sum.cpu + user + system
      steps[step] = sum
    end
  end
  return statuses, steps
end

local function by_hand(group, run)
  local work = run.home .. "/by-hand"
  lay_out(run.store, run.list, work)
  provider_cache(run.tool, work, run.store:arch_dir(run.list[1].hash))
  local seconds = measure(group, { program.share .. "/tests/bench/validate_by_hand.sh", work,
    run.by_hand }, { PYTHON = python_of.find(), PATH = fs.dirname(run.tool.path) .. ":"
    .. os.getenv("PATH") })
  return seconds, read_by_hand(work, run.list)
end

-- --- lsqm -------------------------------------------------------------------------------------

local function by_lsqm(group, run, config)
  local words = {}
  for i, one in ipairs(run.list) do words[i] = one.hash end
  local seconds = measure(group, lsqm(config, "--parallel", run.parallel, "validate",
    table.unpack(words)), { PATH = os.getenv("PATH") })
  local results = assert(run.store:run(run.store:runs()[1].run_id)):results()
  local statuses, steps = {}, {}
  for hash, result in pairs(results) do
    statuses[hash] = result.status
    for step, wall in pairs(result.steps) do
      steps[step] = steps[step] or { wall = 0 }
      steps[step].wall = steps[step].wall + wall
    end
  end
  return seconds, statuses, steps
end

-- --- the comparison ---------------------------------------------------------------------------

local function show(name, run, seconds, steps)
  local parts = {}
  for _, step in ipairs(STEPS) do
    local sum = steps[step]
    if sum then
      parts[#parts + 1] = ("%s %.2f%s"):format(step, sum.wall / #run.list,
        sum.cpu and ("/%.2f"):format(sum.cpu / #run.list) or "")
    end
  end
  print(("%-8s %.1f s wall, %.1f s CPU (load %s)"):format(name, seconds.wall, seconds.cpu,
    seconds.load))
  print(("%-8s for each architecture %.2f/%.2f: %s"):format("", seconds.wall / #run.list,
    seconds.cpu / #run.list, table.concat(parts, "  ")))
end

local function compare(run, hand, own)
  local equal = true
  for _, one in ipairs(run.list) do
    local a, b = hand[one.hash], own[one.hash]
    equal = equal and a == b
    print(("  %-44s %-8s %-8s%s"):format(one.name, a, tostring(b), a == b and "" or "  DIFFERENT"))
  end
  return equal
end

local function prepare(home, parallel, hand_parallel, names)
  local config = config_of(home)
  mine(config)
  local store = assert(store_of.open(home .. "/workspace/artifacts"))
  local run = { home = home, config = config, store = store, list = choose(store, names),
    parallel = parallel, by_hand = hand_parallel,
    tool = assert(terraform.find { home = home .. "/tool", cache = python_of.cache_dir() }) }
  print(("%d architectures, %d of them with a queue; %d processors; by hand -P%s, lsqm "
    .. "--parallel %s; wall/CPU seconds"):format(#run.list, count_queues(run.list),
    uv.available_parallelism(), hand_parallel, parallel))
  return run
end

local function bench(group, ...)
  local home <close> = assert(fs.tempdir("bench-"))
  local run = prepare(home.path, ...)
  local own, own_statuses, own_steps = by_lsqm(group, run, run.config)
  show("lsqm", run, own, own_steps)
  local quick, _, quick_steps = by_lsqm(group, run, config_with(run.home, run.config, "destroy",
    false))
  show("  without destroy", run, quick, quick_steps)
  local hand, hand_statuses, hand_steps = by_hand(group, run)
  show("by hand", run, hand, hand_steps)
  local equal = compare(run, hand_statuses, own_statuses)
  print(("validate: cpu_ratio=%.1f wall_ratio=%.1f statuses=%s"):format(hand.cpu / own.cpu,
    hand.wall / own.wall, equal and "equal" or "different"))
  return equal and 0 or 1
end

local group <close> = new_group()
if not group then
  print("skipped: no control group (version 2) can be made here, which takes root")
  return 0
end
local words = { ... }
local parallel = table.remove(words, 1) or "auto"
local by_hand_parallel = table.remove(words, 1) or tostring(uv.available_parallelism())
return bench(group, parallel, by_hand_parallel, words)
