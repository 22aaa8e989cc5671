-- SPDX-License-Identifier: Apache-2.0
-- Parity's files against what others publish: the Compose specification's schema, the schema of
-- GitHub's workflow files, and what `docker compose config` makes of the same input.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local compose = require "std.compose"
local error_of = require "std.error"
local fifteen = dofile(here .. "/../pipelines/parity_fifteen.lua")
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lab_of = dofile(here .. "/../pipelines/parity_lab.lua")
local process = require "std.process"
local table_of = require "std.table"
local workflows = require "pipelines.parity.ci.workflow"
local yaml = require "std.yaml"

local SHARED <const> = here .. "/../../../shared/contracts/"

local function published(name)
  local path = os.getenv "LSQM_CONTRACTS" or SHARED
  if not fs.exists(fs.join(path, name)) then return nil end
  return assert(jsonschema.compile(assert(json.read(fs.join(path, name)))))
end

local FILES = {
  ["compose.yaml"] = [[
name: contract
include: [part/compose.yaml]
x-common: &common {restart: unless-stopped, logging: {driver: json-file, options: {max-size: 1m}}}
services:
  base: {image: "corp/base:${TAG:-1.0}", environment: [A=1, "B=${B:-two words}"], profiles: [never]}
  api:
    <<: *common
    extends: {service: base}
    profiles: !reset []
    command: serve --port 80 "a b"
    ports: ["8080:80", "127.0.0.1:9000-9001:90-91/udp", {target: 5, published: "6"}]
    volumes: ["data:/data", "./conf:/etc/conf:ro", {type: tmpfs, target: /scratch}]
    depends_on: {db: {condition: service_healthy}}
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
    env_file: api.env
    labels: [k=v]
    tmpfs: /run
    networks: {back: {aliases: [other]}}
    ulimits: {nofile: 1024}
    extra_hosts: ["host:10.0.0.1"]
volumes: {data: {}}
networks: {back: {internal: true}}
]],
  ["api.env"] = "FROM_FILE=yes\nA=hidden\n",
  ["compose.override.yaml"] = "services: {api: {environment: {C: '3'}, ports: ['7000:70'], "
    .. "cap_add: [NET_ADMIN]}}\n",
  ["part/compose.yaml"] = [[
services:
  db:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: x}
    healthcheck: {test: pg_isready, interval: 10s, timeout: 5s, retries: 3, start_period: 1m30s}
    mem_limit: 1g
    networks: [back]
]],
}
FILES["part/compose.yaml"] = FILES["part/compose.yaml"] .. "networks: {back: {internal: true}}\n"

describe("parity's contracts", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function load()
    lab:write(FILES)
    local project, err = compose.load { dir = lab.dir.path, getenv = function() end }
    assert(project, err and error_of.format(err))
    return project
  end

  it("Compose files of the specs and overrides of fix keep the published schema", function()
    local validate = published "compose-spec.schema.json"
    if not validate then pending("no compose-spec.schema.json in " .. SHARED) return end
    local function check(text, what)
      local value = assert(yaml.decode(text, { tags = "ignore" }))
      local ok, result = validate(value)
      assert(ok, ok or what .. "\n" .. jsonschema.describe(result))
    end
    load()
    check(FILES["part/compose.yaml"], "part")
    check(fifteen.compose { name = "fifteen" }, "fifteen")
    lab:write { ["a/compose.yaml"] = fifteen.compose { name = "fifteen" },
      ["a/drift.yaml"] = fifteen.DRIFT:gsub("!reset null", "x") }
    local result = lab:run { "fix", "a/compose.yaml,a/drift.yaml", "a/compose.yaml" }
    assert.equal(0, result.code, result.stdout .. result.stderr)
    check(fs.read(lab:path "a/compose.parity.yaml"), "override")
  end)

  it("workflow files of the specs keep GitHub's schema, broken ones do not", function()
    local validate = published "github-workflow.schema.json"
    if not validate then pending("no github-workflow.schema.json in " .. SHARED) return end
    local cases = {
      { true, "on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}" },
      { true, "on: [push]\njobs: {a: {runs-on: x, needs: b, strategy: {matrix: {n: [1]}}, "
        .. "services: {r: {image: z}}, steps: [{uses: actions/checkout@v4}]}, "
        .. "b: {runs-on: x, steps: [{run: y, if: always()}]}}" },
      { false, "on: push\njobs: {a: {steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, steps: [{name: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, neds: b, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {}" },
    }
    for i, case in ipairs(cases) do
      lab:write { ["ci.yml"] = case[2] }
      assert.equal(case[1], (validate(assert(yaml.decode(case[2])))), "schema, case " .. i)
      assert.equal(case[1], workflows.read(lab:path "ci.yml") ~= nil, "reader, case " .. i)
    end
  end)

  -- `docker compose` version 2; version 1 reads another dialect.
  local function compose_program()
    for _, argv in ipairs { { "docker", "compose" }, { "docker-compose" } } do
      local words = table_of.append(table_of.copy(argv), { "version", "--short" })
      local result = process.which(argv[1]) and process.run { argv = words, timeout = 30,
        inherit = { "HOME" } }
      if result and result.code == 0 and result.stdout:find("^v?[2-9]") then return argv end
    end
    return nil
  end

  local function seconds(text)
    return text and require("std.compose.units").duration(text)
  end

  local function sorted(list)
    local out = table_of.map(list or {}, tostring)
    table.sort(out)
    return out
  end

  local function port_texts(list)
    return sorted(table_of.map(list or {}, function(p)
      return ("%s:%s:%s/%s"):format(p.host_ip or "", p.published or "", p.target, p.protocol)
    end))
  end

  local function mount_texts(list)
    return sorted(table_of.map(list or {}, function(m)
      return ("%s %s %s %s"):format(m.type, m.source or "", m.target, m.read_only or false)
    end))
  end

  local function cut(service)
    local check, deploy = service.healthcheck, service.deploy or {}
    local limits = deploy.resources and deploy.resources.limits or {}
    return { image = service.image, command = service.command, environment = service.environment,
      ports = port_texts(service.ports), volumes = mount_texts(service.volumes),
      restart = service.restart, cap_add = sorted(service.cap_add), labels = service.labels,
      tmpfs = sorted(service.tmpfs), networks = table_of.sorted_keys(service.networks or {}),
      depends = table_of.sorted_keys(service.depends_on or {}),
      memory = math.tointeger(tonumber(limits.memory or service.mem_limit)),
      cpus = tonumber(limits.cpus), test = check and check.test,
      interval = check and (seconds(check.interval) or check.interval),
      start = check and (seconds(check.start_period) or check.start_period) }
  end

  it("reads what `docker compose config` reads", function()
    local argv = compose_program()
    if not argv then pending("docker compose 2 is not installed") return end
    local project = load()
    argv = table_of.append(table_of.copy(argv), { "config", "--format", "json" })
    local result = assert(process.run { argv = argv, cwd = lab.dir.path, timeout = 60 })
    assert.equal(0, result.code, result.stderr)
    local theirs = assert(json.decode(result.stdout))
    assert.same(table_of.sorted_keys(theirs.services), table_of.sorted_keys(project.services))
    for name, service in pairs(theirs.services) do
      assert.same(cut(json.decode(json.encode(service))), cut(project.services[name]), name)
    end
    assert.equal(theirs.name, project.name)
  end)
end)
