-- SPDX-License-Identifier: Apache-2.0
-- `lsqm parity` with containers of a real engine: fifteen services up and healthy, drifted in eight
-- ways, diffed, fixed, diffed clean; what may start when; and that down removes only its own.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local bed_of = dofile(here .. "/parity_bed.lua")
local fifteen = dofile(here .. "/../pipelines/parity_fifteen.lua")
local fs = require "std.fs"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local watch = require "pipelines.parity.engine.watch"

local engine, missing = bed_of.engine, bed_of.missing

local contains = assert.contains

describe("parity in containers", function()
  local bed, lab, project

  before_each(function()
    bed = bed_of.new()
    lab, project = bed.lab, bed.project
  end)
  after_each(function() bed:close() end)

  local function run(words) return bed:run(words) end
  local function must(words) return bed:must(words) end
  local function containers() return bed:containers() end
  local function write(services) bed:write(services) end

  local HEALTH = "healthcheck: {test: [CMD, /bin/check, '80'], interval: 1s, timeout: 1s, "
    .. "retries: %d}"
  local function healthy(retries) return HEALTH:format(retries or 20) end

  -- Fields of a printed report as {service, field, severity}, in order.
  local function fields(words)
    local report = bed:json(words)
    local list = {}
    for _, diff in ipairs(report.service_diffs) do
      for _, d in ipairs(diff.differences) do
        list[#list + 1] = ("%s %s %s"):format(diff.service_name, d.field_path, d.severity)
      end
    end
    table.sort(list)
    return list, report
  end

  local function wanted()
    local list = {}
    for i, row in ipairs(fifteen.DRIFTED) do list[i] = table.concat(row, " ") end
    table.sort(list)
    return list
  end

  it("fifteen services come up healthy, drift in eight ways, and are brought back", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:write { ["compose.yaml"] = fifteen.compose { name = project },
      ["drift.yaml"] = fifteen.DRIFT }
    contains(must { "up", "-f", "compose.yaml", "-f", "drift.yaml", "--id", "local" },
      "local is healthy: 15 services")
    for name, row in pairs(containers()) do
      assert.same({ "running", "healthy" }, { row.State, watch.health_of(row) }, name)
    end

    assert.same(wanted(), (fields { "diff", "compose.yaml,drift.yaml", "compose.yaml", "--json" }))
    local running, report = fields { "diff", "engine:" .. project, "compose.yaml", "--json" }
    assert.same(wanted(), running)
    assert.equal("runtime", report.metadata.comparison_mode)

    contains(must { "fix", "compose.yaml,drift.yaml", "compose.yaml", "--fail-on", "info" },
      "second diff: 0 differences left")
    must { "diff", "compose.yaml,drift.yaml,compose.parity.yaml", "compose.yaml", "--fail-on",
      "info" }
    local before = containers()
    must { "up", "-f", "compose.yaml", "-f", "drift.yaml", "-f", "compose.parity.yaml", "--id",
      "local" }
    local after, kept = containers(), 0
    for name, row in pairs(after) do if before[name].Id == row.Id then kept = kept + 1 end end
    assert.equal(9, kept, "six services drifted, nine did not")
    must { "diff", "engine:" .. project, "compose.yaml", "--fail-on", "info" }

    contains(must { "down", "-f", "compose.yaml", "--id", "local", "--volumes" },
      "15 containers, 1 networks, 9 volumes")
    assert.same({}, containers())
  end)

  it("names a container that was edited by hand, and files that were changed since", function()
    local reason = missing()
    if reason then pending(reason) return end
    local text = "  a: {image: 'lsqm-test/backend:1.4', command: [/bin/service, a, '80'], "
      .. "mem_limit: %s}\n"
    write(text:format "64M")
    must { "up" }
    local id = containers().a.Id
    assert(engine:call("docker update", { method = "POST", path = "/containers/" .. id .. "/update",
      value = { Memory = 96 * 2 ^ 20, MemorySwap = -1 } }))
    local _, report = fields { "diff", "engine:" .. project, "compose.yaml", "--json" }
    local d = report.service_diffs[1].differences[1]
    assert.same({ "resource_limits.memory_limit", "96M", "64M", "edited-by-hand" },
      { d.field_path, d.source_value, d.target_value, d.metadata.drift })
    contains(d.metadata.source_at, "container " .. project .. "-a-1")
    write(text:format "80M")
    _, report = fields { "diff", "engine:" .. project, "compose.yaml", "--json" }
    assert.equal("not-applied", report.service_diffs[1].differences[1].metadata.drift)
  end)

  it("starts in order: healthy and completed gates hold", function()
    local reason = missing()
    if reason then pending(reason) return end
    write(([[
  db: {image: "lsqm-test/patroni:15.2", command: [/bin/service, db, "80"], %s}
  job: {image: "lsqm-test/backend:1.4", command: [/bin/sh, -c, "exit 0"],
    depends_on: {db: {condition: service_healthy}}}
  api: {image: "lsqm-test/backend:1.4", command: [/bin/service, api, "80"],
    depends_on: {job: {condition: service_completed_successfully}}}
]]):format(healthy()))
    must { "up" }
    local started = {}
    for name, row in pairs(containers()) do
      started[name] = assert(engine:inspect(row.Id)).State.StartedAt
    end
    assert.is_true(started.db < started.job and started.job < started.api)
    must { "diff", "engine:" .. project, "compose.yaml", "--fail-on", "info" }
  end)

  it("fails by name where a dependency fails, and says it in the session", function()
    local reason = missing()
    if reason then pending(reason) return end
    write([[
  job: {image: "lsqm-test/backend:1.4", command: [/bin/sh, -c, "exit 7"]}
  api: {image: "lsqm-test/backend:1.4", command: [/bin/service, api, "80"],
    depends_on: {job: {condition: service_completed_successfully}}}
]])
    local result = run { "up" }
    assert.equal(3, result.code)
    contains(result.stderr, "service job: ended with code 7")
    assert.is_nil(containers().api)
    contains(fs.read(lab:path "contexts/sessions/ryan/current-session.yml"),
      "current_stage: failed")
    contains(fs.read(lab:path("environments/local-" .. project .. ".json")),
      '"state": "failed"')
  end)

  it("goes on without an optional dependency, degraded, exit 1", function()
    local reason = missing()
    if reason then pending(reason) return end
    write(([[
  sick: {image: "lsqm-test/backend:1.4", command: [/bin/service, sick, "81"], %s}
  api: {image: "lsqm-test/backend:1.4", command: [/bin/service, api, "80"],
    depends_on: {sick: {condition: service_healthy, required: false}}}
]]):format(healthy(1)))
    local result = run { "up", "--no-wait" }
    assert.equal(1, result.code, result.stderr)
    contains(result.stdout, "is degraded")
    contains(result.stderr, "api starts without sick")
    assert.equal("running", containers().api.State)
  end)

  it("sets limits, mounts, networks, labels and variables as written", function()
    local reason = missing()
    if reason then pending(reason) return end
    write [[
  a:
    image: lsqm-test/backend:1.4
    command: [/bin/service, a, "80"]
    deploy: {resources: {limits: {cpus: 0.5, memory: 48M, pids: 50}, reservations: {memory: 16M}}}
    volumes: ["data:/data", "./made/here:/host:ro"]
    tmpfs: ["/scratch:size=1m"]
    networks: {one: {aliases: [other]}, two: {}}
    environment: {A: "x y"}
    labels: {k: v}
    cap_drop: [NET_RAW]
    ports: ["127.0.0.1::80"]
volumes: {data: {labels: {lsqm.purpose: test}}}
networks: {one: {}, two: {internal: true}}
]]
    must { "up" }
    local info = assert(engine:inspect(containers().a.Id))
    local host = info.HostConfig
    assert.same({ 500000000, 48 * 2 ^ 20, 16 * 2 ^ 20, 50 }, { host.NanoCpus, host.Memory,
      host.MemoryReservation, host.PidsLimit })
    assert.same({ "NET_RAW" }, { table.unpack(host.CapDrop) })
    assert.equal("v", info.Config.Labels.k)
    assert.equal(project, info.Config.Labels[labels_of.PROJECT])
    contains(json.encode(info.Config.Env), '"A=x y"')
    assert.is_truthy(info.NetworkSettings.Networks[project .. "_one"])
    assert.is_truthy(info.NetworkSettings.Networks[project .. "_two"])
    contains(json.encode(info.NetworkSettings.Networks[project .. "_one"].Aliases), '"other"')
    assert.equal("127.0.0.1", info.NetworkSettings.Ports["80/tcp"][1].HostIp)
    assert.is_true(fs.is_dir(lab:path "made/here"))
    assert.equal(2, #info.Mounts)
    must { "diff", "engine:" .. project, "compose.yaml", "--fail-on", "info" }
  end)

  it("down removes only what it made, and keeps volumes unless asked", function()
    local reason = missing()
    if reason then pending(reason) return end
    write [[
  a: {image: "lsqm-test/backend:1.4", command: [/bin/service, a, "80"], volumes: ["d:/d"]}
volumes: {d: {}}
]]
    must { "up" }
    local other <close> = assert(engine:container({ Image = "lsqm-test/backend:1.4",
      Cmd = { "/bin/service", "x", "80" } }, { name = project .. "-b-1" }))
    assert(other:start())
    must { "down" }
    assert.is_true(assert(other:inspect()).State.Running)
    local labels = { labels = { [labels_of.PROJECT] = project } }
    assert.same({ 0, 1 }, { #assert(engine:networks(labels)), #assert(engine:volumes(labels)) })
    must { "down", "--volumes" }
    assert.equal(0, #assert(engine:volumes(labels)))
  end)

  it("pauses and resumes, and keeps stopped containers where asked", function()
    local reason = missing()
    if reason then pending(reason) return end
    write [[
  a: {image: "lsqm-test/backend:1.4", command: [/bin/service, a, "80"]}
]]
    must { "up" }
    must { "pause" }
    assert.equal("paused", containers().a.State)
    contains(run({ "pause" }).stderr, "from paused one cannot go to paused")
    must { "pause", "--resume" }
    assert.equal("running", containers().a.State)
    must { "down", "--keep" }
    assert.equal("exited", containers().a.State)
    must { "up" }
    assert.equal("running", containers().a.State)
    contains(fs.read(lab:path "contexts/sessions/ryan/current-session.yml"), "total_restarts: 1")
  end)

  it("checks health by command, endpoint and the engine's log, and keeps the series", function()
    local reason = missing()
    if reason then pending(reason) return end
    write(([[
  good:
    image: lsqm-test/backend:1.4
    command: [/bin/service, good, "80"]
    ports: ["127.0.0.1::80"]
    %s
    x-health: {endpoints: [{url: /health}], expected_response: {body_pattern: "heal.hy",
      json_path: "$$.peers[-1] == 3"}}
  sick:
    image: lsqm-test/backend:1.4
    command: [/bin/service, sick, "80"]
    environment: {STATUS: broken}
    x-health: {endpoints: [{url: /health}]}
    healthcheck: {test: [CMD, /bin/check, '80'], interval: 30s, timeout: 3s}
]]):format(healthy()))
    must { "up", "--no-wait" }
    assert(watch.new(engine, project):wait("good", "service_healthy",
      require("std.time").monotonic() + 30))
    local good = run { "health", "--service", "good", "--watch", "0.1", "--count", "3" }
    assert.equal(0, good.code, good.stdout .. good.stderr)
    local list, all = bed:json { "health", "--json" }
    assert.equal(1, all.code)
    assert.same({ "healthy", "unhealthy" }, { list[1].status, list[2].status })
    contains(list[2].details.error_message, "publishes no port")
    local sqlite = require "std.sqlite"
    local db <close> = assert(sqlite.open(lab:path "health/health.sqlite"))
    local kinds = {}
    for _, row in ipairs(assert(db:rows([[SELECT check_type, triggered_by, count(*) AS n
        FROM health_check_results WHERE service_id LIKE '%/good' GROUP BY 1, 2]]))) do
      kinds[row.check_type .. " " .. row.triggered_by] = row.n
    end
    assert.same({ 3, 1, 3, 1 }, { kinds["script automated_script"], kinds["script manual"],
      kinds["endpoint automated_script"], kinds["endpoint manual"] })
    assert.is_true(kinds["docker_healthcheck docker"] >= 1)
    contains(must { "history" }, "good ")
    contains(must { "status" }, "degraded")
  end)

  it("gives a CI job its services on Docker and removes them", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:write { [".github/workflows/ci.yml"] = [[
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      web:
        image: lsqm-test/backend:1.4
        ports: ["80"]
        env: {WARM_UP: "0.1"}
        options: --entrypoint /bin/warm --health-cmd "/bin/check 80" --health-interval 1s
          --health-retries 20
    steps:
      - run: 'curl -sf "http://127.0.0.1:${{ job.services.web.ports[80] }}/health"'
]] }
    local value, result = bed:json { "ci", "--json" }
    assert.equal(0, result.code, result.stdout)
    contains(value.stages[1].logs.stdout, '"status": "healthy"')
    assert.same({ "web" }, value.stages[1].metadata.service_dependencies)
    assert.equal(0, #assert(engine:containers { labels = { ["lsqm.parity.ci"] = value.id },
      all = true }))
  end)

  it("restarts what wants to be restarted with what it depends on", function()
    local reason = missing()
    if reason then pending(reason) return end
    local text = [[
  one: {image: "lsqm-test/backend:1.4", command: [/bin/service, %s, "80"]}
  with: {image: "lsqm-test/backend:1.4", command: [/bin/service, a, "80"],
    depends_on: {one: {condition: service_started, restart: true}}}
  without: {image: "lsqm-test/backend:1.4", command: [/bin/service, a, "80"],
    depends_on: {one: {condition: service_started}}}
]]
    local function started(name)
      return assert(engine:inspect(containers()[name].Id)).State.StartedAt
    end
    write(text:format "one")
    must { "up" }
    local with, without = started "with", started "without"
    write(text:format "two")
    must { "up" }
    assert.is_true(started "with" > with)
    assert.equal(without, started "without")
  end)

  it("refuses by name what it cannot do, before anything is made", function()
    local reason = missing()
    if reason then pending(reason) return end
    for key, text in pairs { ["blkio_config"] = "blkio_config: {weight: 300}",
      ["port 8080 for 2 containers"] = "scale: 2, ports: ['8080:80']" } do
      write("  a: {image: 'lsqm-test/backend:1.4', " .. text .. "}\n")
      local result = run { "up" }
      assert.equal(3, result.code)
      contains(result.stderr, key)
      contains(result.stderr, "compose.yaml:3")
    end
    assert.equal(0, #assert(engine:networks { labels = { [labels_of.PROJECT] = project } }))
  end)

  it("refuses to start without an external network, naming it", function()
    local reason = missing()
    if reason then pending(reason) return end
    write [[
  a: {image: "lsqm-test/backend:1.4", command: [/bin/service, a, "80"], networks: [outer]}
networks: {outer: {external: true, name: no-such-network}}
]]
    local result = run { "up" }
    assert.equal(3, result.code)
    contains(result.stderr, "the external network no-such-network is not there")
  end)
end)
