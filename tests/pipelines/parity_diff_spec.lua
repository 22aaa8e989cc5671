-- SPDX-License-Identifier: Apache-2.0
-- `lsqm parity diff` and `fix`: meaning against spelling, severities, drifts, both source lines,
-- reports, exit codes, and the override that a second diff proves.

local compare = require "pipelines.parity.diff.compare"
local contracts = require("std.contracts").of "parity"
local fs = require "std.fs"
local images = require "pipelines.parity.diff.images"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local yaml = require "std.yaml"

local HEALTH = "{test: [CMD, ok], interval: 10s, timeout: 5s, start_period: 30s}"
local BASE = [[
services:
  db:
    image: postgres:15.2
    healthcheck: ]] .. HEALTH .. [[

    mem_limit: 1G
    ports: ["5432:5432"]
    environment: {MODE: fast, DB_PASSWORD: %s}
    volumes: ["data:/data"]
  api:
    image: corp/api:1.0
    command: serve --port 80
    depends_on: {db: {condition: service_healthy}}
    environment: {LOG: info}
    restart: always
volumes: {data: {}}
]]

describe("parity diff", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function base(secret) return (BASE:format(secret or "local-secret")) end

  local function report(source, target, mode)
    local a = lab:environment({ ["a/compose.yaml"] = source }, { dir = lab:path "a", id = "a" })
    local b = lab:environment({ ["b/compose.yaml"] = target }, { dir = lab:path "b", id = "b" })
    local made = compare.report(a, b, { mode = mode or "semantic" })
    assert(contracts.check("diff_report", made))
    return made
  end

  -- {path = difference} of one service.
  local function found(made, service)
    local out, n = {}, 0
    for _, diff in ipairs(made.service_diffs) do
      if diff.service_name == service then
        for _, d in ipairs(diff.differences) do out[d.field_path], n = d, n + 1 end
        return out, n, diff
      end
    end
    return out, n
  end

  -- The one difference after a replacement in the target.
  local function change(from, to, mode)
    local text = base()
    local at, stop = text:find(from, 1, true)
    assert(at, from)
    local made = report(text, text:sub(1, at - 1) .. to .. text:sub(stop + 1), mode)
    local list = {}
    for _, diff in ipairs(made.service_diffs) do
      for _, d in ipairs(diff.differences) do list[#list + 1] = d end
    end
    return list, made
  end

  it("is identical for the same content in two folders", function()
    local made = report(base(), base())
    assert.equal("identical", made.overall_status)
    assert.same({ total_services = 2, services_identical = 2, services_with_differences = 0,
      services_missing_in_source = 0, services_missing_in_target = 0 }, made.summary)
  end)

  describe("by meaning", function()
    local same = {
      { "1G", "1024M" }, { '["5432:5432"]', "[{target: 5432, published: '5432'}]" },
      { "serve --port 80", "[serve, --port, '80']" }, { "{MODE: fast,", "{'MODE': \"fast\"," },
      { "interval: 10s", "interval: 10000ms" }, { "[\"data:/data\"]",
        "[{type: volume, source: data, target: /data}]" },
      { "image: corp/api:1.0", "image: docker.io/corp/api:1.0" },
      { "{db: {condition: service_healthy}}", "{db: {condition: service_healthy, restart: no}}" },
      { "restart: always", "deploy: {replicas: 1, restart_policy: {condition: any}}" },
    }
    for _, case in ipairs(same) do
      it(("%s is %s, but is not written so"):format(case[1], case[2]), function()
        assert.same({}, (change(case[1], case[2])))
        if not case[2]:find("MODE") and not case[2]:find("restart") then
          assert.is_true(#change(case[1], case[2], "structural") > 0)
        end
      end)
    end
  end)

  it("knows images by repository, tag and digest", function()
    local d1, d2 = "sha256:" .. ("a"):rep(64), "sha256:" .. ("b"):rep(64)
    local cases = {
      { "redis:7", "redis:7", "same" }, { "redis", "redis:latest", "same" },
      { "redis", "docker.io/library/redis", "same" }, { "redis:7", "redis:8", "different" },
      { "redis:7@" .. d1, "redis@" .. d1, "same" }, { "redis@" .. d1, "redis@" .. d2, "different" },
      { "redis:7", "redis@" .. d1, "unknown" }, { "redis:7", "redis:7@" .. d1, "same" },
      { "redis:7", "redis:8@" .. d1, "different" }, { "r.io:5000/x:1", "x:1", "different" },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[3], images.compare(case[1], case[2]), case[1] .. " " .. case[2])
    end
    local function digest_of(reference) return reference == "redis:7" and d1 or nil end
    assert.equal("same", images.compare("redis:7", "redis@" .. d1, digest_of))
    assert.equal("different", images.compare("redis:7", "redis@" .. d2, digest_of))
  end)

  describe("severity", function()
    local cases = {
      { "postgres:15.2", "postgres:16.2", "container.image", "critical" },
      { "postgres:15.2", "postgres:15.3", "container.image", "error" },
      { "postgres:15.2", "corp/postgres:15.2", "container.image", "critical" },
      { "postgres:15.2", "postgres:15.2-alpine", "container.image", "warning" },
      { "mem_limit: 1G", "mem_limit: 2G", "resource_limits.memory_limit", "error" },
      { "mem_limit: 1G", "mem_limit: 1200M", "resource_limits.memory_limit", "warning" },
      { "5432:5432", "5433:5432", "networking.ports[5432/tcp]", "warning" },
      { "LOG: info", "LOG: debug", "environment_variables[LOG]", "warning" },
      { "{LOG: info}", "{LOG: info, NEW: x}", "environment_variables[NEW]", "error" },
      { "{LOG: info}", "{}", "environment_variables[LOG]", "info" },
      { "local-secret", "other-secret", "environment_variables[DB_PASSWORD]", "info" },
      { "condition: service_healthy", "condition: service_started", "dependencies[db].condition",
        "warning" },
      { "restart: always", "restart: 'no'", "compose.restart", "warning" },
      { "restart: always", "privileged: true\n    restart: always", "compose.privileged",
        "critical" },
      { "restart: always", "scale: 2\n    restart: always", "compose.scale", "error" },
      { "restart: always", "devices: [/dev/a]\n    restart: always", "compose.devices", "error" },
      { "data:/data", "data:/data:ro", "storage.volumes[/data]", "warning" },
      { "serve --port 80", "serve --port 81", "container.command", "error" },
      { "interval: 10s", "interval: 20s", "health_check.check.interval", "warning" },
      { "volumes: {data: {}}", "volumes: {data: {driver: nfs}}", "volumes[data].driver",
        "warning" },
    }
    for _, case in ipairs(cases) do
      it(("of %s -> %s is %s"):format(case[1], case[2], case[4]), function()
        local list = change(case[1], case[2])
        assert.same({ 1, case[3], case[4] }, { #list, list[1].field_path, list[1].severity })
        assert.is_truthy(#list[1].metadata.impact_description > 3)
      end)
    end

    it("of the report and the service follows the worst", function()
      local _, made = change("postgres:15.2", "postgres:16")
      assert.equal("incompatible", made.overall_status)
      local _, _, diff = found(made, "db")
      assert.equal("critical", diff.impact_level)
      made = report(base(), (base():gsub("postgres:15.2", "postgres:16"):gsub("5432:", "5433:")))
      assert.equal("critical", select(3, found(made, "db")).impact_level)
      assert.equal("major_differences", select(2, change("15.2", "15.3")).overall_status)
      assert.equal("minor_differences", select(2, change("LOG: info", "LOG: x")).overall_status)
      assert.equal("none", select(3, found(made, "api")).impact_level)
    end)
  end)

  it("counts services that one side lacks, infrastructure as critical", function()
    local only_api = "services: {api: {image: x}}"
    local made = report(only_api, "services: {api: {image: x}, db: {image: postgres}}")
    local _, _, diff = found(made, "db")
    assert.same({ "missing_in_source", "critical" }, { diff.status, diff.impact_level })
    assert.equal(1, made.summary.services_missing_in_source)
    made = report("services: {api: {image: x}, extra: {image: y}}", only_api)
    _, _, diff = found(made, "extra")
    assert.same({ "missing_in_target", "medium" }, { diff.status, diff.impact_level })
  end)

  it("names the type of a difference, also where forms differ", function()
    local list = change('["5432:5432"]', "[{target: 5432, published: 5432}]", "structural")
    assert.equal("type_mismatch", list[1].type)
    assert.equal("value_mismatch", change("LOG: info", "LOG: x")[1].type)
    assert.equal("missing_in_source", change("{LOG: info}", "{LOG: info, N: x}")[1].type)
    assert.equal("missing_in_target", change("{LOG: info}", "{}")[1].type)
  end)

  it("gives file and line of both sides", function()
    local d = change("LOG: info", "LOG: debug")[1]
    assert.same({ "a/compose.yaml:13", "b/compose.yaml:13" },
      { lab:short(d.metadata.source_at), lab:short(d.metadata.target_at) })
    assert.same({ "info", "debug" }, { d.source_value, d.target_value })
  end)

  describe("drift", function()
    it("set-not-wired: a variable is set in .env and the service does not get it", function()
      lab:write { ["a/.env"] = "API_URL=http://x\nUNUSED=1\n" }
      local made = report("services: {api: {image: x}}",
        "services: {api: {image: x, environment: {API_URL: 'http://y'}}}")
      local d = found(made, "api")["environment_variables[API_URL]"]
      assert.equal("set-not-wired", d.metadata.drift)
      assert.is_truthy(d.metadata.impact_description:find("set in .env:1", 1, true))
      local around = found(made, compare.ENVIRONMENT)
      assert.equal("set-not-wired", around["drift.set-not-wired[UNUSED]"].metadata.drift)
    end)

    it("twin-file: a file beside the one that wins", function()
      lab:write { ["a/docker-compose.yml"] = "services: {}", ["a/.env"] = "A=1",
        ["a/.env.local"] = "A=2" }
      local around = found(report("services: {x: {image: 'y:$A'}}",
        "services: {x: {image: 'y:1'}}"), compare.ENVIRONMENT)
      local d = around["drift.twin-file[docker-compose.yml]"]
      assert.is_truthy(d.metadata.impact_description:find("compose.yaml, which wins", 1, true))
      assert.is_truthy(around["drift.twin-file[.env.local]"])
    end)

    it("twin-value: environment wins silently over env_file", function()
      lab:write { ["a/e.env"] = "LEVEL=debug\n" }
      local made = report("services: {x: {image: y, env_file: e.env, environment: {LEVEL: info}}}",
        "services: {x: {image: y, environment: {LEVEL: debug}}}")
      local d = found(made, "x")["environment_variables[LEVEL]"]
      assert.equal("twin-value", d.metadata.drift)
      assert.is_truthy(d.metadata.impact_description:find("e.env:1 sets LEVEL", 1, true))
    end)
  end)

  describe("on the command line", function()
    local function write_pair(target)
      lab:write { ["local/compose.yaml"] = base(), ["staging.yaml"] = target }
    end

    it("exits 1 at or above --fail-on, 0 below, 2 for broken files", function()
      write_pair((base():gsub("LOG: info", "LOG: debug")))
      local words = { "diff", "local", "staging.yaml" }
      assert.equal(1, lab:run(words).code)
      assert.equal(0, lab:run({ "diff", "local", "staging.yaml", "--fail-on", "error" }).code)
      write_pair(base())
      assert.equal(0, lab:run(words).code)
      write_pair "services: {a: {imge: x}}"
      local result = lab:run(words)
      assert.equal(2, result.code)
      assert.is_truthy(result.stderr:find("staging.yaml:1:16: services.a has no key 'imge'", 1,
        true))
      assert.equal(2, lab:run({ "diff", "local", "local", "--mode", "runtime" }).code)
      assert.equal(3, lab:run({ "diff", "engine:x", "local" }).code)
    end)

    it("writes a report that keeps its schema, as JSON and HTML, without secrets", function()
      write_pair((base("other-secret-value"):gsub("15.2", "16.0")))
      local printed, result = lab:json { "diff", "local", "staging.yaml", "--json" }
      assert.equal(1, result.code)
      assert.same({ "local-local", "staging-staging" },
        { printed.source_environment, printed.target_environment })
      local base_path = lab:path("reports", "config-diffs", printed.id)
      assert.same(printed, contracts.read(base_path .. ".json", "diff_report"))
      local page = fs.read(base_path .. ".html")
      assert.is_truthy(page:find("<code>postgres:16.0</code>", 1, true))
      assert.is_truthy(page:find('class="critical"', 1, true))
      local everything = page .. result.stdout .. result.stderr .. fs.read(base_path .. ".json")
        .. lab:run({ "diff", "local", "staging.yaml" }).stdout
      assert.is_nil(everything:find("other-secret", 1, true)
        or everything:find("local-secret", 1, true))
      assert.is_truthy(everything:find("***", 1, true))
    end)

    it("writes nothing in a dry run", function()
      write_pair(base())
      local result = assert(require("std.process").run { cwd = lab.dir.path, argv = { lab.program,
        "--dry-run", "--workspace", ".", "parity", "diff", "local", "staging.yaml" } })
      assert.equal(0, result.code)
      assert.is_false(fs.exists(lab:path "reports"))
    end)
  end)
end)

describe("parity fix", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local SOURCE <const> = "local/compose.yaml,local/old.yaml"
  local TARGET = [[
services:
  db:
    image: postgres:16.1
    healthcheck: {test: [CMD, ok, $$HOME], interval: 20s, timeout: 5s, start_period: 30s}
    deploy: {resources: {limits: {memory: 2G, cpus: 1.5}}}
    ports: ["5433:5432", "9187:9187"]
    environment: {MODE: "slow $$5", DB_PASSWORD: staging-secret, ADDED: "1"}
    volumes: ["data:/data:ro", "wal:/wal"]
    labels: {tier: data}
    networks: {back: {aliases: [pg]}}
  api:
    image: corp/api:1.0
    command: [serve, "--port", "81"]
    depends_on: {db: {condition: service_healthy}}
    environment: {LOG: info}
    deploy: {replicas: 2, restart_policy: {condition: on-failure, max_attempts: 2}}
    devices: [/dev/null]
    extra_hosts: ["h:10.0.0.1", "h:10.0.0.2"]
    networks: [back]
    tmpfs: [/run]
  cache: {image: "redis:7", healthcheck: ]] .. HEALTH .. [[, networks: [back]}
volumes: {data: {}, wal: {}}
networks: {back: {driver: bridge}}
]]

  local function write(target)
    lab:write { ["local/compose.yaml"] = BASE:format("local-secret"):gsub("LOG: info",
      "LOG: info, OLD: x"):gsub("volumes: {data", "  old: {}\n%0"),
      ["local/old.yaml"] = "services: {old: {image: z}}",
      ["staging/compose.yaml"] = target }
  end

  it("closes what can be closed, and the second diff is clean", function()
    write(TARGET)
    local made, result = lab:json { "fix", SOURCE, "staging", "--json" }
    assert.equal(0, result.code, result.stdout)
    assert.equal(0, made.serious)
    assert.is_true(made.closed >= 20)
    for _, line in ipairs(made.left) do
      assert.is_truthy(line:find("DB_PASSWORD", 1, true) or line:find("volumes[old]", 1, true)
        , line)
    end
    local again = lab:run { "diff", "local/compose.yaml,local/old.yaml,local/compose.parity.yaml",
      "staging" }
    assert.equal(0, again.code, again.stdout)
  end)

  it("writes Compose that another reader understands, with resets and no secret", function()
    write(TARGET)
    lab:run { "fix", "local/compose.yaml,local/old.yaml", "staging" }
    local text = fs.read(lab:path "local/compose.parity.yaml")
    assert.is_nil(text:find("secret", 1, true))
    assert.is_truthy(text:find("OLD: !reset null", 1, true))
    assert.is_truthy(text:find("old: !reset null", 1, true))
    local value = assert(yaml.decode(text, { tags = "ignore" }))
    assert.equal("slow $$5", value.services.db.environment.MODE)
    local api = value.services.api
    assert.same({ 2, "on-failure:2", { "h=10.0.0.1", "h=10.0.0.2" } },
      { api.scale, api.restart, api.extra_hosts })
    assert.same({ limits = { memory = "2G", cpus = 1.5 } }, value.services.db.deploy.resources)
  end)

  it("leaves alone what it may not write, says so, and refuses running environments", function()
    write((TARGET:gsub('"wal:/wal"', '"/srv/wal:/wal"')))
    local made, result = lab:json { "fix", SOURCE, "staging", "--json" }
    assert.equal(1, result.code)
    assert.is_truthy(table.concat(made.left, "\n"):find("storage.volumes[/wal]", 1, true))
    assert.equal(2, lab:run({ "fix", "engine:x", "staging" }).code)
  end)

  it("brings no service that needs folders of its host, nor what waits for it", function()
    write((TARGET:gsub('  cache: {image: "redis:7",', '  cache: {image: "redis:7", build: .,')
      :gsub("{db: {condition: service_healthy}}", "%0, cache: {condition: service_started}}")
      :gsub("service_healthy}}, cache", "service_healthy}, cache")))
    local made, result = lab:json { "fix", SOURCE, "staging", "--json" }
    assert.equal(1, result.code)
    local left = table.concat(made.left, "\n")
    assert.is_truthy(left:find("critical cache service", 1, true), left)
    assert.is_truthy(left:find("api dependencies[cache].condition", 1, true), left)
  end)

  it("never writes a secret that stands in a command", function()
    write((TARGET:gsub('%[serve, "%-%-port", "81"%]', "[serve, --password, staging-secret]")))
    local result = lab:run { "fix", "local", "staging" }
    assert.equal(2, result.code)
    assert.is_truthy(result.stderr:find("would hold a secret", 1, true))
    assert.is_false(fs.exists(lab:path "local/compose.parity.yaml"))
    write((TARGET:gsub('%[serve, "%-%-port", "81"%]', "[serve, 'staging$$$$secret']")
      :gsub("staging%-secret", "staging$$$$secret")))
    result = lab:run { "fix", "local", "staging" }
    assert.is_truthy(result.stderr:find("would hold a secret", 1, true))
  end)

  it("overwrites its own file and nobody else's", function()
    write(TARGET)
    assert.equal(0, lab:run({ "fix", SOURCE, "staging" }).code)
    assert.equal(0, lab:run({ "fix", SOURCE, "staging" }).code)
    lab:write { ["own.yaml"] = "services: {}\n" }
    local result = lab:run { "fix", SOURCE, "staging", "-o", "own.yaml" }
    assert.equal(2, result.code)
    assert.is_truthy(result.stderr:find("was not made by fix", 1, true))
    assert.equal("services: {}\n", fs.read(lab:path "own.yaml"))
    fs.mkdir(lab:path "folder")
    result = lab:run { "fix", SOURCE, "staging", "-o", "folder" }
    assert.contains(result.stderr, "was not made by fix")
  end)

  it("says when nothing is to be done", function()
    write(BASE:format "x")
    lab:write { ["local/compose.yaml"] = BASE:format "x" }
    local result = lab:run { "fix", "local", "staging" }
    assert.same({ 0, "nothing that an override could close\n" }, { result.code, result.stdout })
  end)
end)
