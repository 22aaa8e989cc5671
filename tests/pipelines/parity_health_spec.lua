-- SPDX-License-Identifier: Apache-2.0
-- Health of parity: assertions on answers, the time series in SQLite and its indexes, figures,
-- `health` and `history` without an engine.

local checks = require "pipelines.parity.health.checks"
local figures = require "pipelines.parity.health.figures"
local fs = require "std.fs"
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/parity_lab.lua")
local server_of = dofile(here .. "/../fakes/server.lua")
local sqlite = require "std.sqlite"
local store = require "pipelines.parity.health.store"
local time = require "std.time"
local uuid = require "std.uuid"

local function result(service, at, status, ms, more)
  local details = more or {}
  details.response_time_ms = ms
  return { id = uuid.v4(), service_id = service, timestamp = time.iso_ms(at), status = status,
    details = details, metadata = { check_type = "script", triggered_by = "manual" } }
end

describe("parity health", function()
  local lab, ctx

  before_each(function()
    lab = lab_of.new()
    ctx = { config = { workspace = lab.dir.path } }
  end)
  after_each(function() lab:close() end)

  describe("an answer", function()
    local endpoint = { method = "GET", url = "/h", expected_status = 200, timeout_ms = 1000 }
    local body = '{"status": "healthy", "peers": [1, 2]}'
    local cases = {
      { {}, 200, nil }, { {}, 503, "status 503 instead of 200" }, { { status_code = 204 }, 204 },
      { { status_code = 204 }, 200, "status 200 instead of 204" },
      { { body_pattern = '"status":\\s*"heal' }, 200 },
      { { body_pattern = "^sick" }, 200, "the body does not match ^sick" },
      { { json_path = "$.status == 'healthy'" }, 200 },
      { { json_path = "$.peers[*] == 2" }, 200 },
      { { json_path = "$.status == 'sick'" }, 200,
        "$.status == 'sick' does not hold: found \"healthy\"" },
      { { json_path = "$.gone" }, 200, "$.gone does not hold: found nothing" },
    }
    for i, case in ipairs(cases) do
      it(("%d: %s"):format(i, case[3] or "is as expected"), function()
        assert.equal(case[3], checks.judge(endpoint, case[1], { status = case[2], body = body }))
      end)
    end

    it("that is no JSON, or patterns that are none, say so", function()
      assert.equal("the body is not JSON", checks.judge(endpoint, { json_path = "$.a" },
        { status = 200, body = "<html>" }))
      assert.is_truthy(checks.judge(endpoint, { body_pattern = "(" },
        { status = 200, body = "" }):find("body_pattern:", 1, true))
    end)
  end)

  it("asks endpoints over HTTP: healthy, wrong, slow, nobody there", function()
    local server <close> = server_of(function(request)
      if request.path == "/ok" then return { status = 200, body = '{"status": "healthy"}' } end
      return { status = 500, body = "broken" }
    end)
    local service = { id = "e/s", health_check = { expected_response = {
      json_path = "$.status == 'healthy'" } } }
    local function ask(url, port)
      return checks.endpoint(service, { url = url, method = "GET", expected_status = 200,
        timeout_ms = 2000 }, port and { NetworkSettings = { Ports = { ["80/tcp"] = {
          { HostIp = "0.0.0.0", HostPort = port } } } } }, "manual")
    end
    local good = ask(server.url .. "/ok")
    assert.same({ "healthy", "endpoint", "manual" }, { good.status, good.metadata.check_type,
      good.metadata.triggered_by })
    assert.is_true(good.details.response_time_ms >= 0)
    assert.equal("status 500 instead of 200", ask(server.url .. "/no").details.error_message)
    assert.equal("healthy", ask("/ok", server.url:match(":(%d+)")).status)
    assert.equal("unhealthy", ask("http://127.0.0.1:1/ok").status)
    assert.is_truthy(ask("/ok").details.error_message:find("publishes no port", 1, true))
  end)

  it("takes the engine's own log as results of docker, with its times", function()
    local list = checks.of_engine({ id = "e/s" }, { State = { Health = { Status = "unhealthy",
      Log = { { Start = "2026-01-01T10:00:00.123456789Z", End = "2026-01-01T10:00:00.323456789Z",
        ExitCode = 0, Output = "fine" }, { Start = "2026-01-01T12:00:05+02:00",
        End = "2026-01-01T12:00:06+02:00", ExitCode = 1, Output = "" } } } } })
    assert.same({ "healthy", 200, "2026-01-01T10:00:00.123Z", "fine", "docker" },
      { list[1].status, list[1].details.response_time_ms, list[1].timestamp,
        list[1].details.output, list[1].metadata.triggered_by })
    assert.same({ "unhealthy", 1, "2026-01-01T10:00:05.000Z", 1000 }, { list[2].status,
      list[2].details.exit_code, list[2].timestamp, list[2].details.response_time_ms })
  end)

  it("a service without a container is unknown", function()
    local list = checks.of({}, { id = "e/s" }, nil, "manual")
    assert.same({ "unknown", "there is no container" },
      { list[1].status, list[1].details.error_message })
  end)

  it("a job that ended well is healthy; what should run, failed or is paused is not", function()
    local function look(state, policy, service)
      local one = checks.of({}, service or { id = "e/s" }, { State = state,
        HostConfig = { RestartPolicy = { Name = policy or "no" } } }, "manual")[1]
      return { one.status, one.details.exit_code, one.details.error_message }
    end
    local function exited(code) return { Running = false, Status = "exited", ExitCode = code } end
    assert.same({ "healthy", 0 }, look(exited(0)))
    assert.same({ "unhealthy", 1, "the container is exited" }, look(exited(1)))
    assert.equal("unhealthy", look(exited(0), "always")[1])
    assert.equal("unhealthy", look(exited(0), "no", { id = "e/s", health_check = {} })[1])
    assert.same({ "unknown", nil, "the container is paused" },
      look { Running = true, Paused = true, Status = "paused" })
  end)

  describe("the time series", function()
    it("keeps results and reads them back by service and by status", function()
      local db <close> = assert(store.open(ctx))
      local now = 1767225600
      assert(store.add(db, { result("e/a", now, "healthy", 5), result("e/a", now + 1, "unhealthy",
        9, { exit_code = 1, output = "x", error_message = "y" }),
        result("e/b", now, "healthy", 1) }))
      local series = assert(store.series(db, "e/a", time.iso_ms(now - 1)))
      assert.same({ 2, "healthy", "unhealthy" }, { #series, series[1].status, series[2].status })
      assert.same({ exit_code = 1, output = "x", error_message = "y", response_time_ms = 9 },
        series[2].details)
      assert.equal(1, #assert(store.series(db, "e/a", time.iso_ms(now + 1))))
      assert.equal("e/a", assert(store.by_status(db, "unhealthy", time.iso_ms(now)))[1].service_id)
    end)

    it("has the two indexes of the document, and its queries use them", function()
      local db <close> = assert(store.open(ctx))
      local function plan(sql) return assert(db:rows("EXPLAIN QUERY PLAN " .. sql))[1].detail end
      local head = "SELECT * FROM health_check_results WHERE "
      assert.is_truthy(plan(head .. "service_id = 'x' AND timestamp >= 'y' ORDER BY timestamp")
        :find("INDEX", 1, true))
      assert.is_truthy(plan(head .. "status = 'x' AND timestamp >= 'y'")
        :find("status_timestamp", 1, true))
      local names = {}
      for _, row in ipairs(assert(db:rows "SELECT name, sql FROM sqlite_master")) do
        names[row.name] = row.sql
      end
      assert.is_truthy(names.service_timestamp:find("(service_id, timestamp)", 1, true))
      assert.is_truthy(names.status_timestamp:find("(status, timestamp)", 1, true))
    end)

    it("takes an observation once, refuses what breaks its schema, and keeps none of it", function()
      local db <close> = assert(store.open(ctx))
      local one = result("e/a", 1767225600, "healthy", 5)
      assert(store.add(db, { one }))
      one.id = uuid.v4()
      assert(store.add(db, { one }))
      assert.equal(1, #assert(store.series(db, "e/a", "")))
      assert.has_error(function()
        store.add(db, { result("e/b", 1767225600, "healthy", 5), result("e/c", 1, "sleepy", 5) })
      end)
      assert.equal(0, #assert(store.series(db, "e/b", "")))
    end)

    it("holds no secret and no endless output", function()
      require("std.mask").add("swordfish-long")
      local db <close> = assert(store.open(ctx))
      assert(store.add(db, { result("e/a", 1767225600, "unhealthy", 5,
        { output = ("x"):rep(9000) .. "password swordfish-long" }) }))
      local row = assert(db:rows "SELECT output FROM health_check_results")[1]
      assert.is_true(#row.output <= 4096)
      assert.is_nil(row.output:find("swordfish", 1, true))
      assert(store.add(db, { result("e/b", 1767225600, "unhealthy", 5,
        { output = "swordfish-long" .. ("x"):rep(4090) }) })) -- the cut goes through it
      row = assert(db:rows "SELECT output FROM health_check_results WHERE service_id = 'e/b'")[1]
      assert.is_nil(row.output:find("long", 1, true))
    end)
  end)

  describe("figures", function()
    local function series(list)
      local out = {}
      for i, ms in ipairs(list) do
        out[i] = result("e/a", 1767225600 + i, ms < 0 and "unhealthy" or "healthy", math.abs(ms))
      end
      return out
    end

    it("are nearest-rank percentiles and availability", function()
      local times = {}
      for i = 1, 100 do times[i] = i end
      local f = figures.of(series(times))
      assert.same({ 50, 90, 95, 99, 100, 1 }, { f.p50, f.p90, f.p95, f.p99, f.max,
        f.availability })
      f = figures.of(series { 1, -2, 3, 4 })
      assert.same({ 4, 3, 0.75, 2 }, { f.count, f.healthy, f.availability, f.p50 })
      assert.is_nil(figures.of({}).p50)
    end)

    it("draw a line that marks where health was missing, however long the series", function()
      assert.equal("▁▄█", figures.sparkline(series { 1, 4, 8 }))
      assert.equal("▁×█", figures.sparkline(series { 1, -4, 8 }))
      local long = {}
      for i = 1, 1000 do long[i] = i end
      assert.equal(40, utf8.len(figures.sparkline(series(long))))
      assert.equal("", figures.sparkline {})
    end)
  end)

  it("the commands say what is missing and show what was seen", function()
    lab:write { ["compose.yaml"] = "name: shop\nservices: {web: {image: nginx}}\n" }
    assert.equal(3, lab:run({ "health" }).code)
    local result_of = lab:run { "health", "--service", "wob" }
    assert.same({ 2, true }, { result_of.code, result_of.stderr:find('did you mean "web"', 1, true)
      ~= nil })
    do
      local db <close> = assert(store.open(ctx))
      local now = time.now()
      for i = 1, 20 do
        assert(store.add(db, { result("local-shop/web", now - i, "healthy", i) }))
      end
    end
    local text = lab:run({ "history" }).stdout
    assert.is_truthy(text:find("web +healthy +20 +100.0%% +10ms +19ms +20ms"), text)
    do
      local db <close> = assert(store.open(ctx))
      assert(store.add(db, { result("local-shop/web", time.now() - 30, "unhealthy", 7,
        { error_message = "no\nanswer" }) }))
    end
    text = lab:run({ "history", "--status", "unhealthy" }).stdout
    assert.is_truthy(text:find("Z local%-shop/web script: no answer\n$"), text)
    local value = lab:json { "history", "--json", "--since", "5s" }
    assert.is_true(value.health[1].count <= 5)
    assert.equal(2, lab:run({ "history", "--since", "yesterday" }).code)
    assert.is_true(fs.exists(lab:path "health/health.sqlite"))
    local db <close> = assert(sqlite.open(lab:path "health/health.sqlite"))
    assert.equal(21, assert(db:rows "SELECT count(*) AS n FROM health_check_results")[1].n)
  end)
end)
