-- SPDX-License-Identifier: Apache-2.0
-- Services of `lsqm parity ci` in containers of a real engine: what a job sees of them, and that
-- none is left, however the job ends.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local docker = require "std.docker"
local fs = require "std.fs"
local images = dofile(here .. "/../images/parity.lua")
local json = require "std.json"
local lab_of = dofile(here .. "/../pipelines/parity_lab.lua")
local parallel = require "std.parallel"
local process = require "std.process"

local engine, no_engine = docker.connect {}

describe("parity ci with services", function()
  local lab, socket, reason

  before_each(function()
    lab = lab_of.new()
    reason = not engine and "no Docker engine: " .. tostring(no_engine) or nil
    if engine then
      socket = "unix://" .. engine.socket
      local ok, err = images.build(engine)
      reason = not ok and tostring(err) or nil
    end
  end)
  after_each(function() lab:close() end)

  local function left(id)
    return #assert(engine:containers { labels = { ["lsqm.parity.ci"] = id }, all = true })
  end

  local SERVICE <const> = "image: lsqm-test/backend:1.4, ports: ['80'], options: "
    .. "'--entrypoint /bin/warm --health-cmd \"%s\" --health-interval 1s --health-retries %d'"

  local function workflow(check, retries, rest)
    return "on: push\njobs:\n  test:\n    runs-on: x\n    services: {web: {"
      .. SERVICE:format(check, retries) .. "}}\n" .. rest
  end

  it("are there for the steps of a failing job, and gone after each try", function()
    if reason then pending(reason) return end
    local run, stages = lab:ci(workflow("/bin/check 80", 20, [[
    steps:
      - run: 'curl -sf "http://127.0.0.1:${{ job.services.web.ports[80] }}/health"; exit 4'
]]), { "--retries", "1" }, { docker = socket })
    assert.same({ "failed", 4, 1 }, { stages.test.status, stages.test.exit_code,
      stages.test.metadata.retry_count })
    assert.is_truthy(stages.test.logs.stdout:find('"status": "healthy"', 1, true))
    assert.equal(0, left(run.id))
  end)

  it("that do not become healthy fail the job, and are gone", function()
    if reason then pending(reason) return end
    local run, stages = lab:ci(workflow("false", 1, "    steps: [{run: echo reached}]\n"), nil,
      { docker = socket })
    assert.equal("failed", stages.test.status)
    assert.is_truthy(stages.test.logs.stderr:find("service web: did not become healthy", 1, true))
    assert.is_nil(stages.test.logs.stdout:find("reached", 1, true))
    assert.equal(0, left(run.id))
  end)

  it("have no more time than their job", function()
    if reason then pending(reason) return end
    local run, stages = lab:ci(workflow("false", 100, "    timeout-minutes: 0.05\n"
      .. "    steps: [{run: echo reached}]\n"), nil, { docker = socket })
    assert.equal("failed", stages.test.status)
    assert.is_true(stages.test.duration_seconds < 30, stages.test.duration_seconds)
    assert.equal(0, left(run.id))
  end)

  it("are gone after an interrupt", function()
    if reason then pending(reason) return end
    lab:write { ["app/.github/workflows/ci.yml"] = workflow("/bin/check 80", 20,
      "    steps: [{run: 'touch " .. lab:path "begun" .. "; sleep 60'}]\n") }
    local handle <close> = assert(process.start { cwd = lab.dir.path, timeout = 60,
      env = { DOCKER_HOST = socket },
      argv = { lab.program, "--workspace", ".", "parity", "ci", "-C", "app" } })
    while not fs.exists(lab:path "begun") do
      assert(not handle:poll(), "ended too early")
      parallel.sleep(0.05)
    end
    local run = assert(json.read(lab:path("ci/runs", fs.list(lab:path "ci/runs")[1].name)))
    assert.equal(1, left(run.id))
    handle:kill "INT"
    assert.equal(130, handle:wait().code)
    assert.equal(0, left(run.id))
  end)
end)
