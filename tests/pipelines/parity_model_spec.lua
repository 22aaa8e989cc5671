-- SPDX-License-Identifier: Apache-2.0
-- The data model of parity: every entity made from Compose files, every validation rule, the
-- schemas of contracts/.

local contracts = require("std.contracts").of "parity"
local environments = require "pipelines.parity.model.environment"
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local graph = require "pipelines.parity.model.graph"
local mask = require "std.mask"
local records = require "pipelines.parity.model.records"
local resolve = require "std.resolve"
local schema = require "std.meta.schema"
local secrets = require "pipelines.parity.model.secrets"
local table_of = require "std.table"
local validate = require "pipelines.parity.model.validate"

local FULL = [[
name: shop
services:
  patroni1:
    image: postgres:15
    platform: linux/amd64
    entrypoint: [/entry]
    command: run --fast
    hostname: p1
    ports: ["127.0.0.1:5432:5432", "53:53/udp", "80"]
    networks: [internal]
    volumes: ["data:/var/lib/pg", "./conf:/etc/conf:ro,rslave", {type: tmpfs, target: /scratch},
      /anonymous]
    tmpfs: /run
    healthcheck: {test: [CMD, pg_isready], interval: 10s, timeout: 5s, retries: 3,
      start_period: 30s}
    deploy: {resources: {limits: {cpus: "2.0", memory: 2G}, reservations: {cpus: 0.5,
      memory: 512M}}}
    environment: {POSTGRES_PASSWORD: hunter2-long, MODE: fast}
    env_file: p.env
    labels: {tier: data}
  backend:
    image: corp/backend:1
    networks: [internal]
    depends_on: {patroni1: {condition: service_healthy, restart: true},
      extra: {condition: service_started, required: false}}
    x-health:
      endpoints: [{url: "http://localhost:8008/health"}]
      expected_response: {status_code: 200, body_pattern: ok, json_path: "$$.status == 'healthy'"}
  extra: {image: prom/prometheus:2}
volumes:
  data: {labels: {lsqm.purpose: "data of patroni1", lsqm.size_gb: "5", lsqm.backup: "true"}}
networks:
  internal: {internal: true, attachable: true, driver_opts: {mtu: "1400"},
    ipam: {config: [{subnet: 172.18.0.0/16, gateway: 172.18.0.1, ip_range: 172.18.1.0/24}]}}
]]

describe("parity's data model", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function full()
    local env = lab:environment({ ["compose.yaml"] = FULL, ["p.env"] = "FROM_FILE=1\n",
      [".env"] = "TOKEN=abc-token-1\nPLAIN=x\n" }, { id = "local-dev-ryan" })
    local by_name = {}
    for _, service in ipairs(env.services) do by_name[service.name] = service end
    return env, by_name
  end

  local function problems(text, level)
    local list = validate.problems(lab:environment { ["compose.yaml"] = text })
    return table_of.filter(list, function(p) return p.level == (level or "error") end)
  end

  local function rules(text, level)
    return table_of.map(problems(text, level), function(p) return p.rule end)
  end

  describe("EnvironmentConfiguration", function()
    it("holds id, type, version, times, parts and metadata, and keeps its schema", function()
      local env = full()
      assert.same({ "local-dev-ryan", "shop", "local", "uninitialized" },
        { env.id, env.name, env.type, env.state })
      assert.same({ 3, 1, 2, 2 }, { #env.services, #env.volumes, #env.networks,
        #env.environment_variables })
      assert.is_truthy(env.version:find("^%x+$") and #env.version == 16)
      assert.is_true(env.metadata.resource_allocation.cpu_cores >= 1)
      assert(contracts.check("environment", env))
    end)

    it("has a version that changes with the content only", function()
      local one = full()
      assert.equal(one.version, full().version)
      local other = lab:environment({ ["compose.yaml"] = FULL:gsub("postgres:15", "postgres:16") },
        { id = "local-dev-ryan" })
      assert.are_not.equal(one.version, other.version)
    end)
  end)

  it("ServiceDefinition: container, networking, storage, limits, role and type", function()
    local _, s = full()
    local p = s.patroni1
    assert.same({ "local-dev-ryan/patroni1", "infrastructure", "patroni" },
      { p.id, p.type, p.role })
    assert.same({ image = "postgres:15", platform = "linux/amd64", entrypoint = { "/entry" },
      command = { "run", "--fast" } }, p.container)
    assert.same({ "p1", { "internal" } }, { p.networking.hostname, p.networking.networks })
    assert.same({ "/run" }, p.storage.tmpfs)
    assert.same({ cpu_limit = 2, memory_limit = "2G", cpu_reservation = 0.5,
      memory_reservation = "512M" }, p.resource_limits)
    assert.same({ tier = "data" }, p.labels)
    assert.same({ "application", "backend", "monitoring", "auxiliary" },
      { s.backend.type, s.backend.role, s.extra.type, s.extra.role })
  end)

  it("roles follow rules/roles.lua and the labels that win over it", function()
    local wanted = { ["quay.io/coreos/etcd:v3"] = "etcd", ["redis:7"] = "redis",
      ["corp/redis-sentinel:1"] = "redis-sentinel", ["spilo:15"] = "patroni",
      ["corp/frontend@sha256:00"] = "frontend", ["busybox"] = "auxiliary" }
    for image, role in pairs(wanted) do
      local env = lab:environment { ["compose.yaml"] = "services: {x: {image: '" .. image .. "'}}" }
      assert.equal(role, env.services[1].role, image)
    end
    local env = lab:environment { ["compose.yaml"] =
      "services: {x: {image: y, labels: {lsqm.role: backend, lsqm.type: monitoring}}}" }
    assert.same({ "backend", "monitoring" }, { env.services[1].role, env.services[1].type })
  end)

  it("PortMapping: host and container port, protocol, address", function()
    local _, s = full()
    assert.same({ { host_ip = "127.0.0.1", host_port = 5432, container_port = 5432,
      protocol = "tcp" }, { host_port = 53, container_port = 53, protocol = "udp" },
      { host_port = 0, container_port = 80, protocol = "tcp" } }, s.patroni1.networking.ports)
  end)

  it("ServiceDependency: condition, restart, criticality", function()
    local _, s = full()
    assert.same({ { service_id = "local-dev-ryan/backend", restart = false,
      depends_on_service_id = "local-dev-ryan/extra", condition = "service_started",
      metadata = { criticality = "optional" } }, { service_id = "local-dev-ryan/backend",
      depends_on_service_id = "local-dev-ryan/patroni1", condition = "service_healthy",
      restart = true, metadata = { criticality = "required" } } }, s.backend.dependencies)
  end)

  it("HealthCheckDefinition: check, endpoints with defaults, expected response", function()
    local _, s = full()
    assert.same({ test = { "CMD", "pg_isready" }, interval = "10s", timeout = "5s", retries = 3,
      start_period = "30s" }, s.patroni1.health_check.check)
    local health = s.backend.health_check
    assert.same({ { url = "http://localhost:8008/health", method = "GET", expected_status = 200,
      timeout_ms = 5000 } }, health.endpoints)
    assert.same({ status_code = 200, body_pattern = "ok", json_path = "$.status == 'healthy'" },
      health.expected_response)
    assert.is_nil(s.extra.health_check)
  end)

  it("hides a secret also as HTML and JSON write it", function()
    local text = "services: {s: {image: x, command: [run, '$DB_PASSWORD', %s]}}\n"
    lab:write { ["local/compose.yaml"] = text:format "a", ["staging.yaml"] = text:format "b",
      [".env"] = [[DB_PASSWORD='quick<22>&"x\y']],
      ["local/.env"] = [[DB_PASSWORD='other<33>']] }
    local printed = lab:json { "diff", "local", "staging.yaml", "--json" }
    local base_path = lab:path("reports", "config-diffs", printed.id)
    local page = fs.read(base_path .. ".html")
    assert.contains(page, "***")
    assert.not_contains(page .. fs.read(base_path .. ".json"), "quick", "other<", "other&")
  end)

  it("hides what only commands, labels and secret files hold", function()
    lab:write { ["pw.txt"] = "file-word-1234\n", [".env"] = "SMTP_PASS=mail-word-1234\n" }
    lab:environment { ["compose.yaml"] = [[
services: {a: {image: x, command: "run --auth ${SMTP_PASS}", labels: {api_token: lab-word-1234}}}
secrets: {s: {file: ./pw.txt}}
]] }
    assert.equal("*** *** ***", mask.text "file-word-1234 mail-word-1234 lab-word-1234")
  end)

  it("VolumeMount: volume, bind with propagation, tmpfs, anonymous", function()
    local _, s = full()
    local m = s.patroni1.storage.volumes
    assert.same({ "local-dev-ryan/data", nil, "rw", "volume" },
      { m[1].volume_id, m[1].host_path, m[1].mode, m[1].type })
    assert.same({ lab:path "conf", "ro", "bind", "rslave" },
      { m[2].host_path, m[2].mode, m[2].type, m[2].propagation })
    assert.same({ "tmpfs", "/scratch" }, { m[3].type, m[3].container_path })
    assert.is_nil(m[3].volume_id)
    assert.is_truthy(m[4].volume_id:find("anonymous", 1, true))
  end)

  it("VolumeDefinition: name, type, driver, purpose, size, backup", function()
    local env = full()
    assert.same({ id = "local-dev-ryan/data", name = "shop_data", type = "named_volume",
      driver = "local", labels = env.volumes[1].labels, metadata = { purpose = "data of patroni1",
        size_estimate_gb = 5, backup_enabled = true } }, env.volumes[1])
    local other = lab:environment { ["compose.yaml"] = [[
services: {a: {image: x, volumes: ["t:/t", "b:/b"]}}
volumes: {t: {driver_opts: {type: tmpfs, device: tmpfs}},
  b: {driver_opts: {type: none, o: bind, device: /x}}}
]] }
    assert.same({ "bind_mount", "tmpfs", "data of a" }, { other.volumes[1].type,
      other.volumes[2].type, other.volumes[1].metadata.purpose })
  end)

  it("NetworkDefinition and IPAMConfig", function()
    local n = full().networks[2]
    assert.same({ "shop_internal", "bridge", true, true, { mtu = "1400" } },
      { n.name, n.driver, n.internal, n.attachable, n.driver_opts })
    assert.same({ driver = "default", config = { { subnet = "172.18.0.0/16",
      gateway = "172.18.0.1", ip_range = "172.18.1.0/24" } } }, n.ipam)
  end)

  it("EnvironmentVariable: source, and secrets that show nowhere", function()
    local env, s = full()
    local vars = {}
    for _, v in ipairs(s.patroni1.environment_variables) do vars[v.key] = v end
    assert.same({ "fast", false, "inline" }, { vars.MODE.value, vars.MODE.secret,
      vars.MODE.source })
    assert.same({ "1", "file" }, { vars.FROM_FILE.value, vars.FROM_FILE.source })
    assert.same({ "***", true }, { vars.POSTGRES_PASSWORD.value, vars.POSTGRES_PASSWORD.secret })
    assert.equal("hunter2-long", secrets.reveal(vars.POSTGRES_PASSWORD))
    local text = json.encode(env)
    assert.is_nil(text:find("hunter2", 1, true) or text:find("abc-token", 1, true))
    assert.is_true(secrets.is_secret("DATABASE_URL", "postgres://u:p@db/x"))
    assert.is_false(secrets.is_secret("DATABASE_URL", "postgres://db/x"))
    for _, key in ipairs { "SMTP_PASS", "MYSQL_PWD", "KEY_PASSPHRASE", "AWS_CREDENTIALS" } do
      assert.is_true(secrets.is_secret(key, "x"), key)
    end
    assert.is_false(secrets.is_secret("POSTGRES_PASSWORD_FILE", "/run/secrets/pw"))
    assert.is_true(secrets.is_secret("PASSWORD_FILE", "not-a-path"))
    assert.is_false(secrets.is_secret("PWD", "/home/me"))
  end)

  describe("validation rules", function()
    it("unique names", function()
      local env = full()
      env.services[2].name = env.services[1].name
      assert.equal("unique-names", validate.problems(env)[1].rule)
    end)

    it("no circles, named with their path and line", function()
      local found = problems [[
services:
  a: {image: x, depends_on: [b]}
  b: {image: x, depends_on: [c]}
  c: {image: x, depends_on: [b]}
]]
      assert.equal("compose.yaml:3: error: services depend on each other in a circle: "
        .. "b -> c -> b [no-cycles]", lab:short(validate.describe(found)))
    end)

    it("infrastructure needs a health check", function()
      assert.same({ "infrastructure-health" }, rules "services: {db: {image: postgres}}")
      assert.same({}, rules "services: {web: {image: nginx}}")
    end)

    it("service_healthy needs a health check of the other", function()
      local text = [[
services:
  a: {image: x, depends_on: {b: {condition: service_healthy}}}
  b: {image: x%s}
]]
      local found = problems(text:format "")
      assert.same({ "healthy-needs-check", 2 }, { found[1].rule, found[1].place.line })
      assert.same({}, rules(text:format ", healthcheck: {test: 'true', interval: 2s, timeout: 1s}"))
      assert.same({ "healthy-needs-check" },
        rules(text:format ", healthcheck: {disable: true}"))
    end)

    it("interval is not below timeout", function()
      local text = "services: {a: {image: x, healthcheck: {test: x, interval: %s}}}"
      assert.same({ "interval-timeout" }, rules(text:format "5s, timeout: 6s"))
      assert.same({}, rules(text:format "1m, timeout: 60s"))
      assert.same({ "interval-timeout" }, rules(text:format "5s", "warning"))
    end)

    it("start_period covers what the role needs to start", function()
      assert.same({ "start-period" }, rules("services: {db: {image: postgres, healthcheck: "
        .. "{test: x, interval: 5s, timeout: 5s, start_period: 1s}}}", "warning"))
    end)

    it("a health check has a test or endpoints", function()
      assert.same({ "test-or-endpoints" },
        rules "services: {a: {image: x, healthcheck: {interval: 5s, timeout: 5s}}}")
    end)

    it("leaves a check to the image that is only not disabled", function()
      assert.same({}, rules "services: {a: {image: x, healthcheck: {disable: false}}}")
    end)

    it("may be broken where one says so, those that an engine needs may not", function()
      local env = lab:environment { ["compose.yaml"] = "services: {db: {image: postgres}}" }
      local broken = validate.problems(env)
      assert.equal("--allow infrastructure-health", validate.way_out(broken))
      assert.equal("warning", validate.problems(env, { "infrastructure-health" })[1].level)
      table.insert(broken, { rule = "no-cycles" })
      assert.is_nil(validate.way_out(broken))
    end)

    it("mounts: one source, an absolute path, nothing for tmpfs", function()
      local env, s = full()
      local mount = s.patroni1.storage.volumes
      local function first() return validate.problems(env)[1] end
      assert.is_nil(first())
      mount[1].host_path = "/x"
      assert.equal("mount-source", first().rule)
      mount[1].host_path, mount[1].volume_id = nil, nil
      assert.equal("mount-source", first().rule)
      mount[1].volume_id, mount[3].host_path = "v", "/x"
      assert.equal("mount-tmpfs", first().rule)
      mount[3].host_path, mount[2].container_path = nil, "etc/conf"
      assert.equal("mount-absolute", first().rule)
    end)
  end)

  it("the start order puts services after what they need", function()
    assert.same({ { "a", "d" }, { "b" }, { "c" } },
      graph.waves { a = {}, b = { "a" }, c = { "b", "a" }, d = {} })
    assert.same({ a = { "b" }, b = {} }, graph.reversed { a = {}, b = { "a" } })
  end)

  describe("contracts", function()
    it("the schema files are those of model/records.lua, with no field left out", function()
      for _, name in ipairs(records.ENTITIES) do
        local path = resolve.find("parity", "contracts/" .. name:gsub("_", "-") .. ".schema.json")
        assert.same(json.decode(json.encode(schema.of(name, { records = records,
          closed = true }))), json.read(path), name)
      end
    end)

    it("refuse unknown fields, wrong enums and missing fields, and write nothing then", function()
      local env = full()
      local path = lab:path "out/env.json"
      assert(contracts.write(path, "environment", env))
      assert.is_truthy(contracts.read(path, "environment"))
      for key, value in pairs { extra = 1, state = "sleeping", services = json.null } do
        local broken = table_of.copy(env)
        broken[key] = value
        assert.is_nil(contracts.check("environment", broken), key)
      end
      env.type = "moon"
      assert.has_error(function() contracts.write(lab:path "out/no.json", "environment", env) end)
      assert.is_false(fs.exists(lab:path "out/no.json"))
    end)
  end)

  it("keeps the project it was made of", function()
    local env = full()
    assert.equal("shop", environments.project_of(env).name)
  end)
end)
