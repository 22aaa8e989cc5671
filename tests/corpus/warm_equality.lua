-- SPDX-License-Identifier: Apache-2.0
-- Warm and plain terraform on the same roots, each in a fresh emulator process: the states must be
-- equal, but for what tests/corpus/states.lua lists.
--   build/lsqm exec tests/corpus/warm_equality.lua WORKSPACE [COUNT]
-- WORKSPACE: mined and generated (tests/corpus/mixed_config.lua). Goes on, the built-in samples
-- first and then the smallest, until COUNT roots were applied by both (default 20). The states stay
-- in WORKSPACE/equality, and a root whose two states are there is only compared again. Exits 1 on a
-- difference, or when there are fewer than COUNT.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local emulators = require "std.emulator"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local program = require "lsqm.program"
local python = require "std.python"
local states = dofile(here .. "/states.lua")
local store_of = require "std.store"
local terraform = require "std.terraform"
local warm = require "std.terraform.warm"

local TIMEOUT <const> = 600

-- Of one deployment, into a file: {success=, error=, declined=, endpoint=, dir=, state=}.
local function deploy(lab, source, dir, path, lease)
  local emulator <close> = assert(emulators.start(lab.plan, { workdir = lab.home }))
  assert(fs.copy(source, dir))
  fs.remove(fs.join(dir, "metadata.json"))
  fs.remove(fs.join(dir, ".terraform.lock.hcl"))
  if lease then assert(lease:use(emulator.endpoint)) end
  local done = lab.tool:deploy { dir = dir, endpoint = emulator.endpoint, lease = lease,
    timeout = TIMEOUT }
  local text = fs.read(fs.join(dir, "terraform.tfstate"))
  assert(json.write(path, { success = done.success, error = done.error, dir = dir,
    declined = lease and lease.declined or false, served = lease and lease:counts().answered or 0,
    endpoint = lease and lease.endpoint or emulator.endpoint,
    state = text and assert(json.decode(text)) or nil }))
end

local function deploy_both(lab, root)
  if not fs.stat(root.plain) then
    deploy(lab, root.dir, fs.join(lab.home, "plain-" .. root.hash), root.plain)
  end
  if not fs.stat(root.warm) then
    assert(lab.pool:lease(function(lease)
      deploy(lab, root.dir, lease.dir, root.warm, lease)
      return true
    end))
  end
end

local function roots(workspace)
  local store = assert(store_of.open(fs.join(workspace, "artifacts"), { readonly = true }))
  local list, kept = {}, fs.join(workspace, "equality")
  assert(fs.mkdir(kept))
  for _, one in ipairs(store:architectures()) do
    local aliases = one.provider_aliases
    if not one.superseded_by and not one.skipped and not (aliases and #aliases > 0) then
      list[#list + 1] = { name = one.name, hash = one.hash, dir = store:arch_dir(one.hash),
        foreign = one.source_url:find("^lsqm:") and 0 or 1, size = one.resource_count,
        plain = fs.join(kept, one.hash .. ".plain.json"),
        warm = fs.join(kept, one.hash .. ".warm.json") }
    end
  end
  table.sort(list, function(a, b)
    if a.foreign ~= b.foreign then return a.foreign < b.foreign end
    if a.size ~= b.size then return a.size < b.size end
    return a.name < b.name
  end)
  return list
end

-- "equal", "different", "failed" (by both, nothing to compare) or "plain" (warm was not)
local function judge(root)
  local plain, seen = assert(json.read(root.plain)), assert(json.read(root.warm))
  if seen.declined or seen.served == 0 then return "plain" end
  if plain.success ~= seen.success then
    return "different", ("plain %s / warm %s"):format(plain.error or "applies",
      seen.error or "applies")
  end
  if not plain.success then return "failed", plain.error end
  local same, why, excused = states.compare(plain, seen)
  return same and "equal" or "different", why, excused, #plain.state.resources
end

local function print_row(root, verdict, why, excused, count)
  local reasons = {}
  for reason, times in pairs(excused or {}) do reasons[#reasons + 1] = reason .. " " .. times end
  table.sort(reasons)
  print(("%-40s %-9s %3d resources  %s%s"):format(root.name:sub(-40), verdict, count or 0,
    table.concat(reasons, ", "), why and "  " .. why:sub(1, 300) or ""))
end

local function tally(lab, list, count)
  local result = { compared = 0, equal = 0, different = 0, resources = 0 }
  parallel.map(list, function(root)
    if result.compared >= count then return end
    deploy_both(lab, root)
    local verdict, why, excused, resources = judge(root)
    print_row(root, verdict, why, excused, resources)
    if verdict == "equal" or verdict == "different" then
      result.compared = result.compared + 1
      result[verdict] = result[verdict] + 1
      result.resources = result.resources + (resources or 0)
    end
  end, { limit = 2 })
  return result
end

local function open_lab(home)
  local tool = assert(terraform.find { home = home .. "/tool", cache = python.cache_dir() })
  local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
  return { home = home, tool = tool,
    plan = assert(emulators.plan { name = "ministack", spec = spec, driver = "process",
      python = python.find() }),
    pool = assert(warm.pool { tool = tool, workdir = home, size = 1 }) }
end

local workspace, count = ...
if not workspace then error("usage: warm_equality.lua WORKSPACE [COUNT]", 0) end
count = math.tointeger(tonumber(count or 20))
local home <close> = assert(fs.tempdir("equality-"))
local lab = open_lab(home.path)
local pool <close> = lab.pool -- luacheck: ignore pool
local seen = tally(lab, roots(workspace), count)
print(("warm_equality: compared=%d equal=%d different=%d resources=%d"):format(seen.compared,
  seen.equal, seen.different, seen.resources))
return seen.different == 0 and seen.compared >= count and 0 or 1
