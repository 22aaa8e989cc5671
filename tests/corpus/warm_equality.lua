-- SPDX-License-Identifier: Apache-2.0
-- Warm and plain terraform on the same roots, each in a fresh emulator process: the states must be
-- equal, ids and timestamps aside.
--   build/lsqm exec tests/corpus/warm_equality.lua WORKSPACE [COUNT]
-- WORKSPACE: of a run of `mine`. Goes on until COUNT roots were applied by both (default 20);
-- exits 1 on a difference, or when there are fewer.

local emulators = require "std.emulator"
local fs = require "std.fs"
local json = require "std.json"
local program = require "lsqm.program"
local python = require "std.python"
local store_of = require "std.store"
local terraform = require "std.terraform"
local warm = require "std.terraform.warm"

local TIMEOUT <const> = 180

-- Names of attributes that hold ids or times.
local VOLATILE <const> = { "lineage", "serial", "timestamp", "_date$", "^date", "time$", "_at$",
  "etag", "id$", "ids$", "^private$", "^terraform_version$", "fingerprint", "sha", "hash" }
-- Ids and times inside of other values (ARNs, URLs).
local PATTERNS <const> = { { "%x+%-%x+%-%x+%-%x+%-%x+", "UUID" }, { "%d+%-%d+%-%d+T[%d:.]+Z?",
  "TIME" }, { "127%.0%.0%.1:%d+", "EMULATOR" }, { "localhost:%d+", "EMULATOR" },
  { "[a-z]+%-%x%x%x%x%x%x%x%x+", "ID" }, { "%f[%w]%w*%d%w*%d%w*%d%w*%d%w*%d%w*", "ID" },
  { "%d%d%d%d%d%d%d%d%d%d+", "NUMBER" } }

local function is_volatile(name)
  for _, pattern in ipairs(VOLATILE) do
    if tostring(name):find(pattern) then return true end
  end
  return false
end

local stable

local function sorted(list)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = json.encode(stable(item)) end
  table.sort(texts)
  return texts
end

function stable(value)
  if type(value) == "string" then
    for _, row in ipairs(PATTERNS) do value = value:gsub(row[1], row[2]) end
    return value
  elseif type(value) ~= "table" then
    return value
  elseif #value > 0 then
    return sorted(value) -- sets come in the order of their hashes
  end
  local copy = {}
  for key, item in pairs(value) do
    if not is_volatile(key) then copy[key] = stable(item) end
  end
  return copy
end

local function difference(a, b, path)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a ~= b and ("%s: %s / %s"):format(path, tostring(a), tostring(b)):sub(1, 400) or nil
  end
  for key in pairs(a) do
    local found = difference(a[key], b[key], path .. "." .. key)
    if found then return found end
  end
  for key in pairs(b) do
    if a[key] == nil then return ("%s.%s: only warm"):format(path, key) end
  end
  return nil
end

-- What is left of one deployment: {success=, count=, state=}.
local function deploy(tool, plan, source, dir, lease)
  local emulator <close> = assert(emulators.start(plan, { workdir = tool.home }))
  assert(fs.copy(source, dir))
  fs.remove(fs.join(dir, ".terraform.lock.hcl"))
  if lease then assert(lease:use(emulator.endpoint)) end
  local done = tool:deploy { dir = dir, endpoint = emulator.endpoint, lease = lease,
    timeout = TIMEOUT }
  local text = fs.read(fs.join(dir, "terraform.tfstate"))
  return { success = done.success, count = done.resources_created or 0, error = done.error,
    declined = lease and lease.declined, state = text and stable(assert(json.decode(text))) or {} }
end

local function compare(tool, plan, pool, home, i, source)
  local plain = deploy(tool, plan, source, fs.join(home, "plain-" .. i))
  local seen
  assert(pool:lease(function(lease)
    seen = deploy(tool, plan, source, lease.dir, lease)
    return true
  end))
  if plain.success ~= seen.success then
    return "different", ("plain %s / warm %s"):format(plain.error or "applies",
      seen.error or "applies"), plain, seen
  end
  local found = difference(plain.state, seen.state, "")
  return found and "different" or "equal", found, plain, seen
end

local function roots(workspace)
  local store = assert(store_of.open(fs.join(workspace, "artifacts"), { readonly = true }))
  local list = {}
  for _, architecture in ipairs(store:architectures()) do
    local aliases = architecture.provider_aliases
    if not architecture.superseded_by and not architecture.skipped
        and not (aliases and #aliases > 0) then
      list[#list + 1] = { name = architecture.name, dir = store:arch_dir(architecture.hash) }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local workspace, count = ...
if not workspace then error("usage: warm_equality.lua WORKSPACE [COUNT]", 0) end
count = math.tointeger(tonumber(count or 20))
local home <close> = assert(fs.tempdir("equality-"))
local tool = assert(terraform.find { home = home.path .. "/tool", cache = python.cache_dir() })
local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
local plan = assert(emulators.plan { name = "ministack", spec = spec, driver = "process",
  python = python.find() })
local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
local equal, applied, different = 0, 0, 0
for i, root in ipairs(roots(workspace)) do
  if applied == count then break end
  local verdict, why, plain, seen = compare(tool, plan, pool, home.path, i, root.dir)
  if plain.success then applied = applied + 1 end
  if verdict == "different" then
    different = different + 1
  elseif plain.success then
    equal = equal + 1
  end
  print(("%-44s %-9s %s %3d resources%s%s"):format(root.name, verdict,
    plain.success and "applied" or "failed ", plain.count,
    seen.declined and " (plain twice)" or "", why and "  " .. why or ""))
end
print(("warm equality: equal=%d of %d applied, different=%d"):format(equal, applied, different))
return different == 0 and applied == count and 0 or 1
