-- SPDX-License-Identifier: Apache-2.0
-- Mutation check: apps by rules must be green on a good deployment, twice in fresh emulators, red
-- where their resource was deleted, and never green on an empty emulator.
--   lsqm exec tests/pipelines/mutation.lua NAME...             samples, or roots of mutation_roots/
--   lsqm exec tests/pipelines/mutation.lua samples|families
--   lsqm exec tests/pipelines/mutation.lua corpus COUNT CONFIG [FROM]
--       mined by this configuration, from the FROMth on: the first COUNT that can be deployed
--   lsqm exec tests/pipelines/mutation.lua all COUNT CONFIG [FROM]    samples and corpus
-- e.g.  lsqm exec tests/pipelines/mutation.lua all 30 tests/corpus/weekly_config.lua
-- One line of JSON per root, then the figures; exit 1 when one is missed. Half a minute per root.
local archive = require "std.archive"
local emulators = require "std.emulator"
local error_of = require "std.error"
local fs = require "std.fs"
local generate = require "std.generate"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"
local program = require "lsqm.program"
local python_of = require "std.python"
local resolve = require "std.resolve"
local store_of = require "std.store"
local tables = require "std.table"
local terraform = require "std.terraform"
local uv = require "luv"
local warm = require "std.terraform.warm"

local HERE = uv.fs_realpath(debug.getinfo(1, "S").source:match "^@(.*)/[^/]+$" or ".")
local ROOTS <const> = HERE .. "/mutation_roots"
local AT_ONCE <const> = 2
local DEPLOY_TIMEOUT <const> = 240
local PYTHON_TIMEOUT <const> = 900
local ROUNDS <const> = 4 -- deployments for deleting: each deletion may break what others need
local ENOUGH <const> = { red = 0.95, green = 0.80 }

-- roots ------------------------------------------------------------------------------------------

local function mine(workspace, config)
  local argv = { uv.exepath(), "--workspace", workspace }
  if config then table.move({ "--config", config }, 1, 2, #argv + 1, argv) end
  argv[#argv + 1] = "mine"
  local result = assert(process.run { argv = argv, timeout = 600,
    inherit = { "HOME", "LSQM_CACHE", "LSQM_PYTHON" } })
  if result.code ~= 0 then return {}, result.stderr:match "([^\n]*)%s*$" end
  local store, list = assert(store_of.open(workspace .. "/artifacts")), {}
  for _, meta in ipairs(store:architectures()) do
    if not (meta.skipped or meta.superseded_by or meta.source_error) then
      list[#list + 1] = { name = meta.name, hash = meta.hash, dir = store:arch_dir(meta.hash),
        aliases = meta.provider_aliases }
    end
  end
  return list
end

local function by(field)
  return function(a, b) return a[field] < b[field] end
end

local function samples(dir)
  local list, err = mine(dir .. "/samples")
  if err then error("mine: " .. err, 0) end
  table.sort(list, by "name")
  return list
end

local function families()
  local list = {}
  for _, entry in ipairs(fs.list(ROOTS) or {}) do
    list[#list + 1] = { name = entry.name, dir = fs.join(ROOTS, entry.name) }
  end
  table.sort(list, by "name")
  return list
end

-- By hash: neither the alphabet nor we choose. A corpus that is not there is no failure.
local function corpus(dir, config, from)
  local list, err = mine(dir .. "/corpus", config)
  if #list == 0 then
    print(("corpus skipped: %s finds no architectures%s"):format(config, err and ": " .. err or ""))
  end
  table.sort(list, by "hash")
  return table.move(list, from, #list, 1, {})
end

-- "newsletter/serverless" is also called "newsletter".
local function named(dir, names)
  local known, list = families(), {}
  for _, sample in ipairs(samples(dir)) do known[#known + 1] = sample end
  for _, name in ipairs(names) do
    local found
    for _, root in ipairs(known) do
      if root.name == name or root.name:match "^[^/]*" == name then found = found or root end
    end
    list[#list + 1] = found or error(("no sample and no family '%s'"):format(name), 0)
  end
  return list
end

-- one root ---------------------------------------------------------------------------------------

local Bench = {}
Bench.__index = Bench

local function open_bench(dir)
  local python = assert(python_of.find())
  local tool = assert(terraform.find { home = dir .. "/terraform",
    cache = python_of.cache_dir() })
  local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
  return setmetatable({ dir = dir, python = python, tool = tool,
    rules = assert(resolve.load("weekly", "rules.tests")),
    pool = assert(warm.pool { tool = tool, workdir = dir, size = AT_ONCE }),
    plan = assert(emulators.plan { name = "ministack", spec = spec, driver = "process",
      python = python }) }, Bench)
end

function Bench:python_step(command, app, endpoint, input)
  local result = assert(process.run { argv = { self.python, HERE .. "/mutation.py", command, app,
    endpoint }, timeout = PYTHON_TIMEOUT, stdin = input and json.encode(input) or nil,
    env = { PYTHONDONTWRITEBYTECODE = "1" } })
  local answer = result.code == 0 and json.decode(result.stdout)
  return answer or error(("mutation.py %s: %s"):format(command, result.stderr:sub(-600)), 0)
end

-- Deploys a copy to an emulator; the app then finds the state beside it.
function Bench:deploy(root, app, emulator)
  return self.pool:lease(function(lease)
    assert(fs.copy(root.dir, lease.dir))
    local handler = fs.read(lease.dir .. "/index.py")
    if handler then
      assert(archive.zip(lease.dir .. "/code.zip", { { path = "index.py", data = handler } }))
    end
    fs.remove(fs.join(lease.dir, ".terraform.lock.hcl"))
    assert(lease:use(emulator.endpoint))
    local done = self.tool:deploy { dir = lease.dir, endpoint = emulator.endpoint, lease = lease,
      timeout = DEPLOY_TIMEOUT, aliases = root.aliases }
    if not done.success then
      return nil, done.error or terraform.first_error(done.logs) or done.step
    end
    assert(fs.write(app .. "/state.json", json.encode(done.resources)))
    return true
  end)
end

-- fn(endpoint) with the root deployed to an emulator of its own.
function Bench:deployed(root, app, fn)
  local emulator <close> = assert(emulators.start(self.plan, { workdir = self.dir }))
  local ok, err = self:deploy(root, app, emulator)
  if error_of.is(err) then error(err, 0) end -- no provider: that says nothing about the root
  if not ok then return nil, err end
  return fn(emulator.endpoint)
end

local function nodes_of(outcomes, wanted)
  local list = json.array {}
  for node, test in pairs(outcomes) do
    if test.outcome == wanted then list[#list + 1] = node end
  end
  table.sort(list)
  return list
end

-- Deletes until nothing is left that an earlier deletion of the same round broke.
function Bench:sweep(root, app, figures, endpoint)
  local left, before = figures.left, #figures.left
  local function once(at)
    local found = self:python_step("sweep", app, at, left)
    tables.append(figures.red, found.red or {})
    tables.append(figures.survivors, found.green or {})
    for address, why in pairs(found.kept) do figures.kept[address] = why end
    figures.left = found.broken
    return true
  end
  if endpoint then return once(endpoint) end
  assert(self:deployed(root, app, once))
  return #figures.left < before
end

function Bench:generate(root, app)
  local files = assert(generate.read_dir(root.dir))
  local made, info = generate.generate { files = files, rules = self.rules }
  if not made then return nil, info.message or "no rule covers anything" end
  assert(fs.write_all(app, made))
  return info
end

local function bad_of(figures, outcomes)
  for node, test in pairs(outcomes) do
    if test.outcome ~= "passed" and test.outcome ~= "skipped" then
      figures.bad[node] = test.why ~= "" and test.why or test.outcome
    end
  end
end

function Bench:check(root)
  local dir <close> = assert(fs.tempdir(self.dir .. "/root-"))
  local app = dir.path .. "/app"
  local figures = { root = root.name, red = {}, survivors = {}, kept = {}, bad = {} }
  local info, err = self:generate(root, app)
  if not info then return { root = root.name, no_app = err } end
  local first
  first, err = self:deployed(root, app, function(at) return self:python_step("run", app, at) end)
  if not first then return { root = root.name, not_deployed = err } end
  assert(self:deployed(root, app, function(at)
    local second = self:python_step("run", app, at)
    bad_of(figures, first)
    bad_of(figures, second)
    figures.left = nodes_of(second, "passed")
    figures.passed, figures.skipped = #figures.left, #nodes_of(second, "skipped")
    figures.cases = info.cases
    return self:sweep(root, app, figures, at)
  end))
  for _ = 2, ROUNDS do
    if #figures.left == 0 or not self:sweep(root, app, figures) then break end
  end
  local empty <close> = assert(emulators.start(self.plan, { workdir = self.dir }))
  figures.vacuous = nodes_of(self:python_step("run", app, empty.endpoint), "passed")
  return figures
end

-- figures ----------------------------------------------------------------------------------------

local function count(map)
  local n = 0
  for _ in pairs(map) do n = n + 1 end
  return n
end

local function add_up(total, figures)
  if figures.no_app or figures.not_deployed or figures.error then
    local kind = figures.no_app and "no_app" or figures.error and "error" or "not_deployed"
    total[kind] = total[kind] + 1
    return
  end
  local bad, tried = count(figures.bad), #figures.red + #figures.survivors
  if figures.passed == 0 and bad == 0 then
    total.nothing = total.nothing + 1
    return
  end
  total.files = total.files + 1
  total.green = total.green + (bad == 0 and 1 or 0)
  total.mutated = total.mutated + (tried > 0 and 1 or 0)
  total.red_files = total.red_files + (tried > 0 and #figures.survivors == 0 and 1 or 0)
  total.cases = total.cases + figures.cases
  total.bad = total.bad + bad
  total.skipped = total.skipped + figures.skipped
  total.red = total.red + #figures.red
  total.tried = total.tried + tried
  total.vacuous = total.vacuous + #figures.vacuous
end

local function share(part, whole)
  return ("%d of %d (%.1f %%)"):format(part, whole, whole > 0 and part * 100 / whole or 0)
end

local function print_total(t)
  print(("roots: %d looked at, %d deployed with an app, %d not deployable, %d that make nothing, "
    .. "%d without an app, %d not checked"):format(t.files + t.not_deployed + t.nothing + t.no_app
    + t.error, t.files, t.not_deployed, t.nothing, t.no_app, t.error))
  print("test files green twice in fresh emulators: " .. share(t.green, t.files))
  print(("cases green twice: %s, %d skipped"):format(
    share(t.cases - t.bad - t.skipped, t.cases - t.skipped), t.skipped))
  print("test files red for each deleted resource: " .. share(t.red_files, t.mutated))
  print("cases red when their resource is deleted: " .. share(t.red, t.tried))
  print(("cases whose resource was not deleted: %d"):format(
    t.cases - t.bad - t.skipped - t.tried))
  print(("cases green on an empty emulator: %d"):format(t.vacuous))
end

local function is_good(t)
  return t.files > 0 and t.error == 0 and t.vacuous == 0 and t.red >= ENOUGH.red * t.tried
    and t.red_files >= ENOUGH.red * t.mutated and t.green > ENOUGH.green * t.files
end

-- Until `wanted` roots were deployed; those that cannot be are no defect of the tests.
local function run(bench, total, roots, wanted)
  local deployed = 0
  parallel.map(roots, function(root)
    if deployed >= wanted then return end
    local ok, figures = pcall(bench.check, bench, root)
    if not ok and error_of.is_cancelled(figures) then error(figures, 0) end
    if not ok then figures = { root = root.name, error = tostring(figures):sub(1, 800) } end
    if figures.red then
      if deployed >= wanted then return end -- one more than asked for, by the other of the two
      deployed = deployed + (figures.passed > 0 and 1 or 0)
    end
    add_up(total, figures)
    figures.red = figures.red and #figures.red
    print(json.encode(figures))
    io.stdout:flush()
  end, { limit = AT_ONCE })
end

local function main(arguments)
  local dir <close> = assert(fs.tempdir "mutation-")
  local total = { files = 0, green = 0, mutated = 0, red_files = 0, cases = 0, bad = 0,
    skipped = 0, red = 0, tried = 0, vacuous = 0, no_app = 0, not_deployed = 0, nothing = 0,
    error = 0 }
  local what, amount, config, from = table.unpack(arguments)
  local bench = open_bench(dir.path)
  local pool <close> = bench.pool -- luacheck: ignore pool
  if what == "all" or what == "corpus" then
    local wanted = math.tointeger(tonumber(amount))
    if not (wanted and config) then error("usage: mutation.lua all|corpus COUNT CONFIG", 0) end
    if what == "all" then run(bench, total, samples(dir.path), math.huge) end
    local list = corpus(dir.path, config, math.tointeger(tonumber(from or 1)))
    if #list == 0 and what == "corpus" then return 0 end
    run(bench, total, list, wanted)
  else
    local roots = what == "samples" and samples(dir.path) or what == "families" and families()
      or named(dir.path, arguments)
    run(bench, total, roots, math.huge)
  end
  print_total(total)
  return is_good(total) and 0 or 1
end

return main { ... }
