-- SPDX-License-Identifier: Apache-2.0
-- std.compose against Docker Compose: what `docker compose config` makes of the projects of
-- compose_cases.lua and compose_written.lua, and that it refuses those of compose_refused.lua. Its
-- version is pinned (vendor/compose.txt).

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local compose = require "std.compose"
local error_of = require "std.error"
local fs = require "std.fs"
local graph = require "pipelines.parity.model.graph"
local json = require "std.json"
local process = require "std.process"
local program = dofile(here .. "/../tools/compose_program.lua")()
local refused = dofile(here .. "/compose_refused.lua")
local table_of = require "std.table"
local units = require "std.compose.units"

local alike = table_of.append(dofile(here .. "/compose_cases.lua"),
  dofile(here .. "/compose_written.lua"))

local DURATIONS <const> = table_of.set { "interval", "timeout", "start_period", "start_interval",
  "stop_grace_period", "delay", "window" }
local SIZES <const> = table_of.set { "memory", "mem_limit", "memswap_limit", "mem_reservation",
  "shm_size", "size", "mem_swappiness" }
-- Lists whose order says nothing once two files are merged.
local SETS <const> = table_of.set { "ports", "volumes", "secrets", "configs", "cap_add", "tmpfs",
  "expose", "extra_hosts", "devices" }

describe("Docker Compose", function()
  local dir

  before_each(function() dir = assert(fs.tempdir()) end)
  after_each(function() dir:close() end)

  -- Writes the files of a case; the folder of the project.
  local function write(text, folder)
    local root = fs.join(dir.path, folder or "case")
    local name, lines = "compose.yaml", {}
    local function flush()
      local path = fs.join(root, name)
      assert(fs.mkdir(fs.dirname(path)))
      assert(fs.write(path, table.concat(lines, "\n") .. "\n"))
    end
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
      local next_name = line:match("^%-%-%- (%S+)$")
      if next_name then
        flush()
        name, lines = next_name, {}
      else
        lines[#lines + 1] = line
      end
    end
    flush()
    return root
  end

  local function theirs(one, root)
    local argv = table_of.copy(program)
    for _, name in ipairs(one.files or {}) do table_of.append(argv, { "-f", name }) end
    for _, name in ipairs(one.profiles or {}) do table_of.append(argv, { "--profile", name }) end
    table_of.append(argv, { "config", "--format", "json" })
    return assert(process.run { argv = argv, cwd = root, timeout = 60,
      env = table_of.merge({ HOME = os.getenv "HOME" }, one.env or {}) })
  end

  -- A circle of dependencies is the model's to find: it names the way round.
  local function ours(one, root)
    local files = one.files and table_of.map(one.files, function(name)
      return fs.join(root, name)
    end)
    local project, err = compose.load { dir = not files and root or nil, files = files,
      profiles = one.profiles, getenv = function(name) return (one.env or {})[name] end }
    if not project then return nil, err end
    local edges = {}
    for name, service in pairs(project.services) do
      edges[name] = table_of.sorted_keys(service.depends_on or {})
    end
    return not graph.circle(edges) and project or nil
  end

  local function scalar(value, key)
    if type(value) == "string" and DURATIONS[key] then return units.duration(value) or value end
    if type(value) == "string" and SIZES[key] then return units.bytes(value) or value end
    return math.type(value) == "float" and math.tointeger(value) or value
  end

  -- What both say the same: nulls, empty mappings and `false` are nothing, one limit is both, sets
  -- have an order.
  local function common(value, key)
    if value == json.null or value == false and key ~= "required" then return nil end
    if type(value) ~= "table" then return scalar(value, key) end
    local out = {}
    for name, item in pairs(value) do
      if not tostring(name):find("^x%-") then out[name] = common(item, name) end
    end
    if out.soft and out.soft == out.hard then return out.soft end
    if SETS[key] and #out > 0 then
      table.sort(out, function(a, b) return json.encode(a) < json.encode(b) end)
    end
    return next(out) ~= nil and out or nil
  end

  local function pairs_of_hosts(hosts)
    local list = {}
    for host, addresses in pairs(hosts) do
      for address in addresses:gmatch("[^,]+") do list[#list + 1] = host .. "=" .. address end
    end
    return list
  end

  -- Our project in the words of theirs: its long forms differ in these places only.
  local function reworded(service)
    local out = table_of.copy(service)
    out.env_file, out.extra_hosts = nil, out.extra_hosts and pairs_of_hosts(out.extra_hosts)
    if out.build then out.build = table_of.merge({ dockerfile = "Dockerfile" }, out.build) end
    out.secrets = table_of.map(out.secrets or {}, function(row)
      return table_of.merge({ target = "/run/secrets/" .. row.source }, row)
    end)
    return out
  end

  -- They fill names in, and leave out what no service uses.
  local function resources(list, used, project)
    local out = {}
    for name in pairs(used or {}) do
      local row = list[name]
      local default = row and (row.external and name or project.name .. "_" .. name)
      out[name] = row and table_of.merge({ name = default }, row)
    end
    return out
  end

  local function assert_same(value, project)
    assert.equal(value.name, project.name)
    assert.same(table_of.sorted_keys(value.services), table_of.sorted_keys(project.services))
    for name, service in pairs(value.services) do
      assert.same(common(service), common(reworded(project.services[name])), name)
    end
    for _, section in ipairs { "networks", "volumes", "secrets", "configs" } do
      assert.same(common(value[section] or {}),
        common(resources(project[section], value[section], project)), section)
    end
  end

  -- Its output is Compose again: a dollar is two.
  local function decoded(result)
    return assert(json.decode((result.stdout:gsub("%$%$", "$"))))
  end

  if not program then
    it("and we read the same, refuse the same", function()
      pending("no docker compose 2 (make setup-test)")
    end)
    return
  end

  for _, one in ipairs(alike) do
    it("and we read the same: " .. one[1], function()
      local root = write(one[2], one.dir)
      local result = theirs(one, root)
      assert.equal(0, result.code, result.stderr)
      local project, err = ours(one, root)
      assert(project, err and error_of.format(err))
      assert_same(decoded(result), project)
    end)
  end

  for name, text in table_of.sorted_pairs(refused.both) do
    it("and we refuse " .. name, function()
      local root = write(text)
      assert.are_not.equal(0, theirs({}, root).code, "Docker Compose accepts it")
      assert.is_nil((ours({}, root)), "we accept it")
    end)
  end

  for _, one in ipairs(refused.differ) do
    it("and we differ, for " .. one[1], function()
      local root = write(one[2])
      local result, project = theirs(one, root), ours(one, root)
      assert.equal(one.theirs or false, result.code == 0, result.stderr)
      assert.equal(one.ours or false, project ~= nil)
      if one.theirs and one.ours then
        assert.is_false(pcall(assert_same, decoded(result), project))
      end
    end)
  end
end)
