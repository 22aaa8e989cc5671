-- SPDX-License-Identifier: Apache-2.0
-- Parity's files against what others publish: the Compose specification's schema, the schema of
-- GitHub's workflow files, and what `docker compose config` makes of the same input.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local compose = require "std.compose"
local compose_program = dofile(here .. "/../tools/compose_program.lua")
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
      ["a/drift.yaml"] = fifteen.DRIFT:gsub("!reset null", "'no'") }
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
      { true, "on: {push: {branches: [main]}, workflow_dispatch: }\nenv: {A: 1}\n"
        .. "concurrency: {group: g}\njobs: {a: {runs-on: [x, y], timeout-minutes: '${{ 3 }}', "
        .. "container: {image: z, env: {A: b}, ports: [80]}, continue-on-error: true, "
        .. "defaults: {run: {shell: sh}}, outputs: {o: '${{ steps.s.outputs.o }}'}, "
        .. "environment: p, permissions: read-all, strategy: {fail-fast: false, max-parallel: 2, "
        .. "matrix: {n: [1], include: [{n: 2}]}}, steps: [{id: s, run: y, shell: 'perl {0}', "
        .. "working-directory: w, continue-on-error: false, timeout-minutes: 1}]}}" },
      { false, "on: push\njobs: {a: {runs-on: [], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, env: [b], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, env: {A: [b]}, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, environment: [p], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, services: {d: {ports: [1]}}, "
        .. "steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, container: {env: {A: b}}, steps: [{run: y}]}}" },
      { false, "on: push\nconcurrency: 5\njobs: {a: {runs-on: x, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {uses: ./x.yml, steps: [{run: y}]}}" },
    }
    for i, case in ipairs(cases) do
      lab:write { ["ci.yml"] = case[2] }
      assert.equal(case[1], (validate(assert(yaml.decode(case[2])))), "schema, case " .. i)
      assert.equal(case[1], workflows.read(lab:path "ci.yml") ~= nil, "reader, case " .. i)
    end
  end)

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
    local command = service.command ~= json.null and service.command or nil
    return { command = command, image = service.image, environment = service.environment,
      ports = port_texts(service.ports), volumes = mount_texts(service.volumes),
      restart = service.restart, cap_add = sorted(service.cap_add), labels = service.labels,
      tmpfs = sorted(service.tmpfs), networks = table_of.sorted_keys(service.networks or {}),
      depends = table_of.sorted_keys(service.depends_on or {}),
      memory = math.tointeger(tonumber(limits.memory or service.mem_limit)),
      cpus = tonumber(limits.cpus), test = check and check.test,
      interval = check and (seconds(check.interval) or check.interval),
      start = check and (seconds(check.start_period) or check.start_period) }
  end

  -- Each with files a.yaml, b.yaml … in this order, `env` as .env, `profiles`.
  local CASES <const> = {
    { name = "merge", a = "services: {s: {image: x:1, command: a b, dns: [1.1.1.1], "
      .. "labels: {k: v}, environment: {A: 1, B: 2}, ports: ['80:80'], volumes: ['./x:/x'], "
      .. "cap_add: [A]}}",
      b = "services: {s: {image: x:2, command: [c], dns: 8.8.8.8, labels: [k=w, n=o], "
      .. "environment: [B=3, C], ports: ['80:80', '81:81'], volumes: ['./y:/x:ro'], "
      .. "cap_add: [B]}}" },
    { name = "override and reset", a = "services: {s: {image: x, ports: ['1:1'], command: a, "
      .. "environment: {A: 1, B: 2}, cap_add: [A], labels: {k: v}}}",
      b = "services:\n  s:\n    ports: !override ['2:2']\n    environment: {A: !reset null}\n"
      .. "    cap_add: !reset []\n    labels: !override {z: y}\n    command: !reset null\n" },
    { name = "interpolation", env = "A=one\nB='single $A'\nC=\"double ${A}\"\nD=\nE=x#y # z\n",
      a = "services: {s: {image: 'i:${A}', environment: {B: $B, C: '${C}', D: '${D:-dd}', "
      .. "D2: '${D-dd}', E: '${E}', F: '${F:-${A:-no}}', G: '${A:+set}', H: '$$A', I: '${N-}'}}}" },
    { name = "extends", a = "services: {base: {image: b, environment: {A: 1}, ports: ['1:1'], "
      .. "healthcheck: {test: [CMD, t], interval: 1m}}, s: {extends: base, environment: {A: 2, "
      .. "B: 1}, ports: ['2:2'], healthcheck: {interval: 2m}}}" },
    { name = "profiles", profiles = "p1", a = "services: {a: {image: a}, b: {image: b, profiles: "
      .. "[p1]}, c: {image: c, profiles: [p2]}}" },
    { name = "kinds", a = "services: {s: {image: x, environment: {T: true, F: 1.5, N: 10, E: '', "
      .. "L: 0o17}, labels: {n: 1, b: true}, ports: [3000, '53:53/udp', '7000-7002:70-72'], "
      .. "mem_limit: 1.5g, cpus: 0.25, tmpfs: [/a, /b], command: 'sh -c \"a  b\" c\\ d'}}" },
    { name = "anchors", a = "x-c: &c {restart: always, environment: &e {A: 1}}\nservices:\n"
      .. "  s: {<<: *c, image: x, environment: {<<: *e, B: 2}}\n" },
  }

  local function config_of(argv, case)
    local words = table_of.copy(argv)
    local files = {}
    for _, name in ipairs { "a", "b" } do
      if case[name] then
        lab:write { [name .. ".yaml"] = "name: case\n" .. case[name] }
        files[#files + 1] = lab:path(name .. ".yaml")
        table_of.append(words, { "-f", name .. ".yaml" })
      end
    end
    if case.env then lab:write { [".env"] = case.env } end
    if case.profiles then table_of.append(words, { "--profile", case.profiles }) end
    table_of.append(words, { "config", "--format", "json" })
    local result = assert(process.run { argv = words, cwd = lab.dir.path, timeout = 60 })
    assert.equal(0, result.code, result.stderr)
    return assert(json.decode(result.stdout)), files
  end

  -- Its output is Compose again: a dollar is two, and variables that nothing sets are null.
  local function plain(service)
    local text = json.encode(service):gsub("%$%$", "$")
    local value = json.decode(text)
    value.environment = value.environment or {}
    for key, item in pairs(value.environment) do
      if item == json.null then value.environment[key] = nil end
    end
    return value
  end

  local function assert_same(theirs, project)
    assert.same(table_of.sorted_keys(theirs.services), table_of.sorted_keys(project.services))
    for name, service in pairs(theirs.services) do
      assert.same(cut(plain(service)), cut(project.services[name]), name)
    end
    assert.equal(theirs.name, project.name)
  end

  for _, case in ipairs(CASES) do
    it("reads what `docker compose config` reads: " .. case.name, function()
      local argv = compose_program()
      if not argv then pending("no docker compose 2 (make setup-test)") return end
      local theirs, files = config_of(argv, case)
      local project, err = compose.load { files = files, profiles = { case.profiles },
        getenv = function() end }
      assert(project, err and error_of.format(err))
      assert_same(theirs, project)
    end)
  end

  it("reads what `docker compose config` reads: include, override file, env_file", function()
    local argv = compose_program()
    if not argv then pending("no docker compose 2 (make setup-test)") return end
    local project = load()
    assert_same((config_of(argv, {})), project)
  end)
end)
