-- SPDX-License-Identifier: Apache-2.0
-- Jobs of `lsqm parity ci`: what runs after what, matrices from expressions, stopping the others,
-- workflows that call workflows, and what started a run.

local event_of = require "pipelines.parity.ci.event"
local filters = require "pipelines.parity.ci.filters"
local fs = require "std.fs"
local docker = require "std.docker"
local error_of = require "std.error"
local json = require "std.json"
local services = require "pipelines.parity.ci.services"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")

describe("parity ci jobs", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  it("know how all went that came before, also through others", function()
    local _, stages = lab:ci [[
on: push
jobs:
  a: {runs-on: x, steps: [{run: exit 1}]}
  b: {runs-on: x, needs: a, steps: [{run: "true"}]}
  c: {runs-on: x, needs: b, if: failure(), steps: [{run: 'echo ${{ needs.b.result }}'}]}
  d: {runs-on: x, if: false, steps: [{run: "true"}]}
  e: {runs-on: x, needs: d, if: always(), steps: [{run: "true"}]}
  f: {runs-on: x, needs: e, steps: [{run: "true"}]}
  g: {runs-on: x, needs: e, if: '!failure() && !cancelled()', steps: [{run: "true"}]}
  h: {runs-on: x, continue-on-error: true, steps: [{run: exit 1}]}
  i: {runs-on: x, needs: h, steps: [{run: 'echo ${{ needs.h.result }}'}]}
  j: {runs-on: x, if: "fromJSON('{')", steps: [{run: "true"}]}
  k: {runs-on: x, timeout-minutes: "${{ 'x' }}", steps: [{run: "true"}]}
  l: {runs-on: x, outputs: {o: "${{ fromJSON('{') }}"}, steps: [{run: "true"}]}
]]
    local got = {}
    for name, stage in pairs(stages) do got[name] = stage.status end
    assert.same({ a = "failed", b = "skipped", c = "passed", d = "skipped", e = "passed",
      f = "skipped", g = "passed", h = "passed", i = "passed", j = "failed", k = "failed",
      l = "failed" }, got)
    assert.contains(stages.c.logs.stdout, "skipped\n")
    assert.contains(stages.i.logs.stdout, "success\n")
    assert.contains(stages.k.logs.stderr, "timeout-minutes: 'x' is no number of minutes")
    assert.contains(stages.l.logs.stderr, "outputs: ")
  end)

  it("for another system are left out, unless they are asked for", function()
    local text = [[
on: push
jobs:
  a:
    strategy: {matrix: {os: [ubuntu-latest, windows-latest, macos-14]}}
    runs-on: ${{ matrix.os }}
    steps: [{if: "!env.ACT", run: exit 1}, {run: 'echo ran on ${{ runner.os }}'}]
  b: {runs-on: x, needs: a, steps: [{run: 'echo ${{ needs.a.result }}'}]}
]]
    local run, stages = lab:ci(text)
    assert.same({ "passed", "passed", "skipped", "skipped" }, { run.status,
      stages["a (ubuntu-latest)"].status, stages["a (windows-latest)"].status,
      stages["a (macos-14)"].status })
    assert.contains(stages["a (macos-14)"].logs.stdout, "runs-on macos-14: this machine is Linux")
    assert.contains(stages.b.logs.stdout, "success\n")
    stages = select(2, lab:ci(text, { "--any-system" }))
    assert.equal("passed", stages["a (windows-latest)"].status)
    assert.contains(stages["a (windows-latest)"].logs.stdout, "ran on Linux")
  end)

  it("fill the environment from the outside to the inside", function()
    local _, stages = lab:ci [[
on: push
env: {A: "a-${{ github.ref_name }}", B: outer}
jobs:
  a:
    runs-on: x
    env: {B: inner, C: "${{ matrix.n }}", GITHUB_ACTOR: forged}
    strategy: {matrix: {n: [7]}}
    steps:
      - run: 'echo "$A|$B|$C|$D|$GITHUB_ACTOR|$RUNNER_OS"'
        env: {D: "${{ env.B }}+${{ env.C }}"}
]]
    assert.contains(stages["a (7)"].logs.stdout, "a-(none)|inner|7|inner+7|ryan|Linux")
  end)

  it("spread a matrix that another job has written, in its order", function()
    local run, stages = lab:ci [[
on: push
jobs:
  make:
    runs-on: x
    outputs: {list: "${{ steps.l.outputs.list }}"}
    steps: [{id: l, run: "echo 'list=[\"y\",\"x\"]' >> $GITHUB_OUTPUT"}]
  use:
    needs: make
    runs-on: x
    strategy:
      max-parallel: 1
      matrix: {z: "${{ fromJSON(needs.make.outputs.list) }}", a: [1]}
    steps: [{run: 'echo "${{ strategy.job-index }} of ${{ strategy.job-total }} ${{ matrix.z }}"'}]
  none:
    needs: make
    runs-on: x
    strategy: {matrix: "${{ fromJSON('{\"a\":[]}') }}"}
    steps: [{run: "true"}]
]]
    local names = {}
    for i, stage in ipairs(run.stages) do names[i] = stage.name end
    table.sort(names)
    assert.same({ "make", "none", "use (x, 1)", "use (y, 1)" }, names)
    assert.contains(stages["use (x, 1)"].logs.stdout, "1 of 2 x")
    assert.equal("failed", stages.none.status)
    assert.contains(stages.none.logs.stderr, "the matrix's a has no values")
  end)

  it("stop the other combinations where one fails, unless they may go on", function()
    local text = [[
on: push
jobs:
  a:
    runs-on: x
    strategy:
      fail-fast: %s
      matrix: {n: [1, 2, 3]}
    steps:
      - run: |
          case ${{ matrix.n }} in
          1) until test -e "$FLAG"; do sleep 0.02; done; exit 1;;
          2) touch "$FLAG"; sleep %s;;
          esac
        env: {FLAG: "%s"}
      - {if: cancelled(), run: echo was stopped}
  b: {runs-on: x, needs: a, if: always(), steps: [{run: 'echo ${{ needs.a.result }}'}]}
]]
    local run, stages = lab:ci(text:format("true", "60", lab:path "flag"))
    assert.same({ "failed", "skipped" }, { stages["a (1)"].status, stages["a (2)"].status })
    assert.contains(stages["a (2)"].logs.stdout, "was stopped",
      "##[warning]cancelled: a (1) failed")
    assert.contains(stages.b.logs.stdout, "failure\n")
    assert.equal("failed", run.status)
    stages = select(2, lab:ci(text:format("false", "0.1", lab:path "flag2")))
    assert.same({ "failed", "passed", "passed" }, { stages["a (1)"].status,
      stages["a (2)"].status, stages["a (3)"].status })
  end)

  it("call other workflows of the project", function()
    lab:write { [".secrets"] = "KEY=the-secret-key\n", ["app/.github/workflows/called.yml"] = [[
on:
  workflow_call:
    inputs: {who: {type: string, required: true}, loud: {type: boolean}, n: {type: number,
      default: 3}}
    secrets: {key: {required: true}}
    outputs: {said: {value: "${{ jobs.say.outputs.said }}"}}
env: {FROM: called}
jobs:
  say:
    runs-on: x
    outputs: {said: "${{ steps.s.outputs.said }}"}
    steps:
      - id: s
        run: |
          echo "said=${{ inputs.who }}${{ inputs.loud && '!' || '.' }}" >> "$GITHUB_OUTPUT"
          test "$K" = the-secret-key && echo "n=${{ inputs.n }} from $FROM env=$OUTER"
        env: {K: "${{ secrets.key }}"}
  bad: {runs-on: x, needs: say, if: "inputs.who == 'bad'", steps: [{run: exit 1}]}
]] }
    lab:write { ["app/.github/workflows/ci.yml"] = "" }
    local run, stages, result = lab:ci([[
on: push
env: {OUTER: not passed on}
jobs:
  call:
    uses: ./.github/workflows/called.yml
    strategy: {matrix: {who: [Ada, bad]}, fail-fast: false}
    with: {who: "${{ matrix.who }}", loud: true}
    secrets: {key: "${{ secrets.KEY }}"}
  one:
    uses: ./.github/workflows/called.yml
    with: {who: Bob}
    secrets: inherit
  wrong:
    uses: ./.github/workflows/called.yml
    with: {who: Bob, n: "${{ 'x' }}"}
    secrets: {key: "${{ secrets.KEY }}"}
  after:
    runs-on: x
    needs: [call, one]
    if: always()
    steps: [{run: 'echo "${{ needs.one.outputs.said }} ${{ needs.call.result }}"'}]
]], { "app/.github/workflows/ci.yml", "--secret-file", ".secrets" })
    assert.same({ 1, "failed" }, { result.code, run.status })
    assert.same({ "passed", "skipped", "failed", "skipped", "failed" }, {
      stages["call (Ada) / say"].status, stages["call (Ada) / bad"].status,
      stages["call (bad) / bad"].status, stages["one / bad"].status, stages.wrong.status })
    assert.contains(stages["one / say"].logs.stdout, "n=3 from called env=\n")
    assert.contains(stages.after.logs.stdout, "Bob. failure\n")
    assert.contains(stages.wrong.logs.stderr, "inputs.n: 'x' is no number")
  end)

  it("end with 3 where there is no engine for their services, and the run is cancelled", function()
    lab:write { ["app/.github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: x, services: "
      .. "{db: {image: y}}, steps: [{run: 'true'}]}}\n" }
    local result = lab:run { "ci", "-C", "app" }
    assert.equal(3, result.code, result.stdout)
    assert.contains(result.stderr, "/nowhere/docker.sock")
    local run = json.read(lab:path("ci/runs", fs.list(lab:path "ci/runs")[1].name))
    assert.same({ "cancelled", "skipped" }, { run.status, run.stages[1].status })
  end)

  it("get the event that was asked for, its payload and its inputs", function()
    lab:write { ["event.json"] = '{"head_commit": {"message": "say `hi`"}, "n": 3}' }
    local _, stages = lab:ci([[
on: {push: {branches: [main]}, workflow_dispatch: {inputs: {level: {type: choice,
  options: [low, high], default: low}, dry: {type: boolean}}}, pull_request: {}}
jobs:
  a:
    runs-on: x
    steps:
      - run: 'echo "$M|${{ github.event.n }}|${{ github.ref }}|$GITHUB_EVENT_NAME"'
        env: {M: "${{ github.event.head_commit.message }}"}
      - run: 'grep -c head_commit "$GITHUB_EVENT_PATH"'
]], { "--event", "push", "--branch", "main", "--event-file", "event.json" })
    assert.contains(stages.a.logs.stdout, "say `hi`|3|refs/heads/main|push", "\n1\n")
  end)

  it("check the inputs of a workflow that is started by hand", function()
    local text = "on: {workflow_dispatch: {inputs: {level: {type: choice, options: [low, high], "
      .. "default: low}, n: {type: number, required: true}}}}\njobs: {a: {runs-on: x, steps: "
      .. "[{run: 'echo ${{ inputs.level }} ${{ inputs.n + 0 }}'}]}}\n"
    text = text:gsub(" %+ 0", "")
    local run, stages = lab:ci(text, { "--input", "n=4", "--input", "level=high" })
    assert.equal("manual", run.trigger)
    assert.contains(stages.a.logs.stdout, "high 4")
    for _, case in ipairs { { "needs --input n=" }, { "must be a number", "--input", "n=x" },
      { "must be one of low, high", "--input", "n=1", "--input", "level=mid" },
      { "no input 'nn', did you mean \"n\"?", "--input", "nn=1" } } do
      local result = lab:run { "ci", "-C", "app", table.unpack(case, 2) }
      assert.equal(2, result.code, result.stdout)
      assert.contains(result.stderr, case[1])
    end
  end)

  it("do not begin where GitHub would not, if they are asked for an event", function()
    lab:write { ["app/.github/workflows/ci.yml"] = "on:\n  push:\n    branches: [main, 'rel/**']\n"
      .. "    paths: [src/**]\n  schedule: [{cron: '0 0 * * *'}]\n"
      .. "jobs: {a: {runs-on: x, steps: [{run: 'true'}]}}\n" }
    local refused = lab:run { "ci", "-C", "app", "--event", "push", "--branch", "topic" }
    assert.equal(2, refused.code)
    assert.contains(lab:short(refused.stderr),
      "ci.yml:3:5: GitHub would not start it on push: topic is none of main, rel/**")
    assert.equal(0, lab:run({ "ci", "-C", "app", "--event", "push", "--branch", "rel/1/x" }).code)
    local noted = lab:run { "ci", "-C", "app", "--branch", "topic" }
    assert.equal(0, noted.code, noted.stderr)
    assert.contains(noted.stderr, "note: ", "topic is none of main",
      "on.push.paths is not looked at")
    assert.contains(lab:run({ "ci", "-C", "app", "--event", "push", "--tag", "v1" }).stderr,
      "v1 is of another kind than branches")
    assert.contains(lab:run({ "ci", "-C", "app", "--event", "pull_request" }).stderr,
      "does not run on pull_request, only on push, schedule")
    local run = lab:json { "ci", "-C", "app", "--json", "--event", "schedule" }
    assert.equal("scheduled", run.trigger)
  end)

  it("are run by act with all that was said", function()
    lab:write { ["bin/act"] = [[#!/bin/sh
echo '{"job":"a","jobID":"a","msg":"'"$*"'"}'
test "$TOP" = of-the-environment
]], [".secrets"] = "A=b\n", ["e.json"] = "{}" }
    require("luv").fs_chmod(lab:path "bin/act", 493)
    local env = { PATH = lab:path "bin" .. ":/usr/bin:/bin", TOP = "of-the-environment" }
    local run, stages = lab:ci("on: push\njobs: {a: {runs-on: x, steps: [{uses: o/r@v1}]}}\n",
      { "--secret-file", ".secrets", "--secret", "TOP", "-j", "a", "--var", "V=1",
        "--event-file", "e.json" }, { env = env })
    assert.equal("passed", run.status)
    assert.contains(stages.a.logs.stdout, "push -W",
      "--json --job a --secret-file " .. lab:path ".secrets",
      "--secret TOP", "--var V=1", "--eventpath " .. lab:path "e.json")
    local refused = lab:run({ "ci", "-C", "app", "--keep-home" }, { env = env })
    assert.equal(2, refused.code)
    assert.contains(refused.stderr, "--keep-home needs --builtin")
  end)
end)

describe("parity ci filters", function()
  local cases = {
    { "main", { "main" }, true }, { "main", { "mai" }, false }, { "a/b", { "a/*" }, true },
    { "a/b/c", { "a/*" }, false }, { "a/b/c", { "a/**" }, true }, { "x", { "**" }, true },
    { "v1.2", { "v[12].[0-9]+" }, true }, { "v1x2", { "v1.2" }, false },
    { "colour", { "colou?r" }, true }, { "color", { "colou?r" }, true },
    { "rel/1-a", { "rel/**", "!rel/**-a" }, false }, { "rel/1", { "rel/**", "!rel/**-a" }, true },
    { "rel/1-a", { "!rel/**", "rel/1-a" }, true }, { "a(b", { "a(b" }, true },
  }
  for _, case in ipairs(cases) do
    it(("%s against %s"):format(case[1], table.concat(case[2], ", ")), function()
      assert.equal(case[3], filters.fits(case[2], case[1]))
    end)
  end

  it("say which of them stands in the way", function()
    assert.is_nil(filters.refusal({}, "branches", "x"))
    assert.equal("branches-ignore", filters.refusal({ ["branches-ignore"] = { "x" } }, "branches",
      "x"))
    assert.is_nil(filters.refusal({ tags = { "v*" } }, "tags", "v1"))
    assert.equal("tags", filters.refusal({ tags = { "v*" } }, "branches", "main"))
    local key, text = filters.refusal({ branches = { "[" } }, "branches", "main")
    assert.equal("branches", key)
    assert.is_truthy(text:find("main is none of [", 1, true) or text:find("regex", 1, true), text)
  end)

  it("know pull requests by their base", function()
    local notes = {}
    local workflow = { file = "ci.yml", events = { "pull_request" }, marks = {},
      on = { pull_request = {} }, settings = { pull_request = { branches = { "main" } } } }
    local event = assert(event_of.choose(workflow, { trigger = "pr_validation" }))
    local function note(text) notes[#notes + 1] = text end
    assert.is_true(event_of.filter(workflow, event, { branch = "x", payload = {} }, note))
    assert.equal(1, #notes)
    local base = { pull_request = { base = { ref = "dev" } } }
    local ok, err = event_of.filter(workflow, event, { branch = "x", payload = base }, note)
    assert.is_nil(ok)
    assert.is_truthy(tostring(err):find("dev is none of main", 1, true))
  end)
end)

describe("parity ci services", function()
  it("say what is wrong with what an expression gave", function()
    local scope = { contexts = {} }
    for key, wanted in pairs { env = "a mapping of plain values",
      ports = "a list of plain values" } do
      local ok, err = pcall(services.spec, "db", { image = "x",
        [key] = "${{ fromJSON('\"text\"') }}" }, scope, { labels = {} })
      assert.is_false(ok)
      assert.equal(("service db: %s of db must be %s"):format(key, wanted), tostring(err))
    end
  end)

  it("are removed although one of them cannot be", function()
    local removed, connect = {}, docker.connect
    local engine = {}
    function engine.network_create() return true end
    function engine.containers() return { { Id = "stuck" }, { Id = "other" } } end
    function engine.networks() return { { Id = "net" } } end
    function engine.network_remove(_, id) removed[#removed + 1] = id return true end
    function engine.remove(_, id)
      if id == "stuck" then return nil, error_of.new { op = "docker", code = "conflict" } end
      removed[#removed + 1] = id
      return true
    end
    docker.connect = function() return engine end
    local ok, held = pcall(services.start, nil, {}, { id = "j", run_id = "r", network = true,
      control = { deadline = math.huge } })
    docker.connect = connect
    assert.is_true(ok, tostring(held))
    local closed, err = pcall(function() local _ <close> = held end)
    assert.same({ false, "conflict" }, { closed, err.code })
    assert.same({ "other", "net" }, removed)
  end)
end)
