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

  it("are known by their names to a job in a container, which sees nothing else of us", function()
    if reason then pending(reason) return end
    local run, stages = lab:ci(workflow("/bin/check 80", 20, [[
    container: {image: "lsqm-test/${{ 'backend:1.4' }}", env: {INSIDE: container}}
    outputs: {o: "${{ steps.s.outputs.o }}"}
    env: {OF_JOB: job}
    steps:
      - uses: actions/setup-python@v5
      - id: s
        run: |
          /bin/busybox wget -q -O - http://web:80/health
          echo "$INSIDE $OF_JOB $GITHUB_JOB ${0##*/}"
          echo hello > made.txt; test ! -e /usr/bin/env && echo isolated
          echo o=said >> "$GITHUB_OUTPUT"; echo '::warning::from inside'
      - run: '/bin/busybox cat made.txt; echo "<testsuite/>" > junit.xml'
        working-directory: .
      - {id: slow, run: /bin/busybox sleep 60, timeout-minutes: 0.02, continue-on-error: true}
      - run: 'echo "${{ steps.slow.outcome }}"; /bin/busybox ps | /bin/busybox grep -c "[s]leep 60"'
        continue-on-error: true
      - run: exit 7
  after: {runs-on: x, needs: test, if: always(), steps: [{run: 'echo ${{ needs.test.outputs.o }}'}]}
]]), nil, { docker = socket })
    local out = stages.test.logs.stdout
    for _, part in ipairs { '"status": "healthy"', "container job test script.sh\n", "isolated\n",
      "##[warning]from inside", "hello\n", "failure\n0\n",
      "what the job's container has is used" } do
      assert.is_truthy(out:find(part, 1, true), part .. " in " .. out .. stages.test.logs.stderr)
    end
    assert.same({ "failed", 7 }, { stages.test.status, stages.test.exit_code })
    assert.is_truthy(stages.after.logs.stdout:find("said\n", 1, true))
    assert.equal("test_results", stages.test.artifacts[1].type)
    assert.equal(0, left(run.id))
    assert.equal(0, #assert(engine:networks { labels = { ["lsqm.parity.ci"] = run.id } }))
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
    fs.mkdir(lab:path "tmp")
    lab:write { ["app/.github/workflows/ci.yml"] = workflow("/bin/check 80", 20,
      "    container: lsqm-test/backend:1.4\n    steps: [{run: 'echo > begun; while :; do "
      .. "echo; done > /dev/null'}]\n") }
    local handle <close> = assert(process.start { cwd = lab.dir.path, timeout = 60,
      env = { DOCKER_HOST = socket, TMPDIR = lab:path "tmp" },
      argv = { lab.program, "--workspace", ".", "parity", "ci", "-C", "app" } })
    local function begun()
      local job = assert(fs.list(lab:path "tmp"))[1]
      return job and fs.exists(lab:path("tmp", job.name, "work", "begun"))
    end
    while not begun() do
      assert(not handle:poll(), "ended too early")
      parallel.sleep(0.05)
    end
    local run = assert(json.read(lab:path("ci/runs", fs.list(lab:path "ci/runs")[1].name)))
    assert.equal(2, left(run.id))
    handle:kill "INT"
    assert.equal(130, handle:wait().code)
    assert.equal(0, left(run.id))
    assert.equal(0, #assert(engine:networks { labels = { ["lsqm.parity.ci"] = run.id } }))
  end)
end)
