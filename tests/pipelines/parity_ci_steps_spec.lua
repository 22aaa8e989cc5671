-- SPDX-License-Identifier: Apache-2.0
-- Steps of `lsqm parity ci`: time limits, conditions, shells, the files and commands of the runner,
-- secrets, actions that it stands in for, composite actions, and what a step may see and leave.

local commands = require "pipelines.parity.ci.commands"
local fs = require "std.fs"
local log_of = require "pipelines.parity.ci.log"
local mask = require "std.mask"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")

describe("parity ci steps", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  it("end at their own time and at the job's, and always() still runs", function()
    local _, stages, result = lab:ci [[
on: push
jobs:
  step:
    runs-on: x
    steps:
      - {id: slow, run: sleep 60 & sleep 61, timeout-minutes: 0.005, continue-on-error: true}
      - {run: 'echo after ${{ steps.slow.outcome }} ${{ steps.slow.conclusion }}'}
  job:
    runs-on: x
    timeout-minutes: 0.01
    steps:
      - {id: slow, run: sleep 60}
      - {run: echo never}
      - {if: failure(), run: echo wrongly failed}
      - {if: cancelled(), run: 'echo stopped ${{ job.status }} ${{ steps.slow.outcome }}'}
  after: {runs-on: x, needs: job, if: always(), steps: [{run: 'echo ${{ needs.job.result }}'}]}
]]
    assert.equal(1, result.code)
    assert.same({ "passed", "failed" }, { stages.step.status, stages.job.status })
    assert.contains(stages.step.logs.stderr, "the step has run for more than 0.005 minutes")
    assert.contains(stages.step.logs.stdout, "after failure success")
    assert.contains(stages.job.logs.stderr, "the job has run for more than 0.01 minutes")
    assert.contains(stages.job.logs.stdout, "stopped cancelled cancelled")
    assert.not_contains(stages.job.logs.stdout, "\nnever", "\nwrongly")
    assert.contains(stages.after.logs.stdout, "cancelled\n")
  end)

  it("have the shell, the folder and the defaults that they name", function()
    local _, stages = lab:ci [[
on: push
defaults: {run: {shell: sh, working-directory: sub}}
jobs:
  a:
    runs-on: x
    steps:
      - {run: mkdir -p sub other, working-directory: .}
      - run: 'basename "$PWD"; test -z "$BASH_VERSION" && echo plain sh'
      - {run: 'basename "$PWD"', working-directory: other}
      - {run: 'false | true; echo no pipefail', shell: 'bash -e {0}'}
      - {run: 'false | true; echo not reached', shell: bash, continue-on-error: true}
      - {run: 'print("python", 6 * 7)', shell: python}
      - {run: 'echo custom; echo "$0"', shell: 'bash {0}'}
      - {run: pwd, working-directory: nowhere, continue-on-error: true}
  b:
    runs-on: x
    strategy: {matrix: {shell: [python, fish], at: [.]}, fail-fast: false}
    defaults: {run: {working-directory: "${{ matrix.at }}", shell: "${{ matrix.shell }}"}}
    steps:
      - {run: 'test -f hello.txt && echo at the top', shell: bash}
      - run: 'print("by", "default")'
]]
    local out = stages.a.logs.stdout
    assert.contains(out, "sub\nplain sh\n", "other\n", "no pipefail\n", "python 42\n", "custom\n")
    assert.not_contains(out, "\nnot reached")
    assert.contains(stages.a.logs.stderr, "working-directory: nowhere is not there")
    assert.contains(stages["b (python, .)"].logs.stdout, "at the top", "by default")
    assert.contains(stages["b (fish, .)"].logs.stderr, "there is no shell 'fish' here")
  end)

  it("hand on values of several lines, a path, a summary, and fail for what is none", function()
    local _, stages, result = lab:ci [[
on: push
jobs:
  a:
    runs-on: x
    outputs: {text: "${{ steps.w.outputs.text }}", old: "${{ steps.w.outputs.old }}"}
    steps:
      - id: w
        run: |
          { echo 'text<<END'; echo one; echo 'two = 2'; echo END; } >> "$GITHUB_OUTPUT"
          { echo 'BOTH<<X_X'; echo a; echo b; echo X_X; echo CI=mine; } >> "$GITHUB_ENV"
          echo GITHUB_SHA=forged >> "$GITHUB_ENV"
          echo '## All well' >> "$GITHUB_STEP_SUMMARY"
          echo '::set-output name=old::way'
      - run: 'printf "%s|%s|%s\n" "$BOTH" "$CI" "$GITHUB_SHA"'
      - {run: 'echo "no delimiter<<END" >> "$GITHUB_OUTPUT"', id: bad, continue-on-error: true}
      - {run: 'echo plain >> "$GITHUB_ENV"', continue-on-error: true}
      - {run: 'echo "${{ steps.bad.outcome }}"'}
      - {run: 'rm "$GITHUB_ENV"; mkfifo "$GITHUB_ENV"', continue-on-error: true}
      - {run: 'rm "$GITHUB_PATH"; echo "::add-mask::abc"'}
  b:
    runs-on: x
    needs: a
    steps: [{run: 'echo "<${{ needs.a.outputs.text }}> ${{ needs.a.outputs.old }}"'}]
]]
    assert.equal(0, result.code)
    assert.contains(stages.a.logs.stdout, "a\nb|mine|\n", "##[warning]GITHUB_SHA cannot be set",
      "\nfailure\n")
    assert.contains(stages.a.logs.stderr, "the delimiter END is missing",
      "the line 'plain' has no '='",
      "env: is no file any more")
    assert.contains(stages.a.logs.stdout, "##[warning]the value is too short to be hidden")
    assert.contains(stages.b.logs.stdout, "<one\ntwo = 2> way")
    local summary
    for _, one in ipairs(stages.a.artifacts) do
      if one.format == "markdown" then summary = fs.read(one.path) end
    end
    assert.equal("## All well\n", summary)
  end)

  it("speak to the runner in commands", function()
    assert.same({ name = "error", properties = { file = "a,b.c", line = "3" }, text = "50%\nx" },
      commands.parse "::error file=a%2Cb.c,line=3::50%25%0Ax")
    assert.is_nil(commands.parse "text ::error::x")
    assert.is_nil(commands.parse "std::vector<int>::size")
    lab:write { ["app/.github/workflows/ci.yml"] = [[
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: |
          echo '::error file=src/a.c,line=3,col=7,title=Lint::no such thing'
          echo '::warning::careful'
          echo '::stop-commands::Halt.1+x='
          echo '::error::not one'
          echo '::Halt.1+x=::'
          echo '::add-mask::hidden-value-1'
          echo 'now hidden-value-1'
]] }
    local result = lab:run { "ci", "-C", "app" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "error: src/a.c:3:7: Lint: no such thing\n",
      "warning: careful\n")
    assert.not_contains(result.stdout, "error: not one")
    assert.contains(result.stderr, "ci 1/1: a passed")
    local run = lab:json { "ci", "-C", "app", "--json" }
    assert.contains(run.stages[1].logs.stdout, "##[error]src/a.c:3:7: Lint: no such thing\n",
      "now ***\n",
      "::error::not one\n")
  end)

  it("keep secrets out of logs, reports, summaries and the run", function()
    lab:write { [".secrets"] = "TOKEN=t0ken<&>value\nSHORT=abc\n"
      .. 'KEY="first-line-1\\nsecond-line-2"\n',
      [".vars"] = "PLACE=here\n" }
    local _, stages, result = lab:ci([[
on: push
jobs:
  a:
    runs-on: x
    env: {T: "${{ secrets.token }}", K: "${{ secrets.KEY }}", E: "${{ secrets.FROM_ENV }}"}
    steps:
      - run: |
          echo "got $T and $E in ${{ vars.PLACE }} and ${{ vars.WHAT }}"
          echo "$K" | while read -r line; do echo "line $line"; done
          echo "<testcase name=\"t0ken&lt;&amp;&gt;value\"/>" > junit.xml
          echo "summary $T" >> "$GITHUB_STEP_SUMMARY"
          test "$T" = 't0ken<&>value' && test "${#K}" = 26 && echo equal
      - run: 'env | grep -c "^NOT_ASKED_FOR\|^API_TOKEN" || true'
      - run: 'echo "home ${HOME##*/}"; git config --global user.name x; test ! -e ~/.secrets'
]], { "--secret-file", ".secrets", "--secret", "FROM_ENV", "--var-file", ".vars", "--var",
      "WHAT=that" }, { env = { FROM_ENV = "of-the-environment", NOT_ASKED_FOR = "x",
        API_TOKEN = "also-secret" } })
    assert.equal(0, result.code, result.stdout)
    assert.contains(stages.a.logs.stdout, "got *** and *** in here and that",
      "line ***\nline ***\n", "equal\n",
      "\n0\n", "home home\n")
    assert.is_false(fs.exists(lab:path ".gitconfig"))
    local file = fs.list(lab:path "ci/runs")[1].name
    local kept = result.stdout .. fs.read(lab:path("ci", "runs", file))
    for _, one in ipairs(stages.a.artifacts) do kept = kept .. fs.read(one.path) end
    assert.not_contains(kept, "t0ken", "of-the-environment", "first-line-1", "second-line-2")
    local shown = lab:run({ "ci", "-C", "app", "--secret-file", ".secrets", "--secret", "HOME" })
    assert.contains(shown.stderr, "note: the secret SHORT is too short to be hidden in logs")
  end)

  it("refuse secrets on the command line and variables that are not there", function()
    lab:write { ["app/.github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: x, steps: "
      .. "[{run: 'true'}]}}\n" }
    for _, case in ipairs { { "--secret takes the name", "--secret", "A=b" },
      { "the variable NOPE of --secret is not set", "--secret", "NOPE" },
      { "--var takes NAME=VALUE", "--var", "x" },
      { "--input is for workflow_dispatch, not for push", "--input", "a=b" } } do
      local result = lab:run { "ci", "-C", "app", table.unpack(case, 2) }
      assert.equal(2, result.code)
      assert.contains(result.stderr, case[1])
    end
  end)

  it("upload by name and download in a later job", function()
    local _, stages, result = lab:ci [[
on: push
jobs:
  a:
    runs-on: x
    strategy: {matrix: {n: [1, 2]}}
    steps:
      - run: mkdir -p out/deep; echo ${{ matrix.n }} > out/deep/n.txt; echo x > out/skip.tmp
      - uses: actions/upload-artifact@v4
        with: {name: "part-${{ matrix.n }}", path: "out/\n!out/*.tmp"}
      - {uses: actions/upload-artifact@v4, with: {name: none, path: nothing/}}
      - run: echo first > one.txt; echo temp > "$RUNNER_TEMP/t.txt"
      - {uses: actions/upload-artifact@v4, with: {name: "o-${{ matrix.n }}", path: one.txt}}
      - uses: actions/upload-artifact@v4
        with: {name: "o-${{ matrix.n }}", path: "${{ runner.temp }}/*.txt", overwrite: true}
  b:
    runs-on: x
    needs: a
    steps:
      - {uses: actions/download-artifact@v4, with: {name: part-1, path: got}}
      - {uses: actions/download-artifact@v4, with: {pattern: part-*, path: all}}
      - run: cat got/deep/n.txt all/part-2/deep/n.txt; test ! -e got/skip.tmp && echo no tmp
      - {id: lost, uses: actions/download-artifact@v4, with: {name: lost}, continue-on-error: true}
      - {uses: actions/download-artifact@v4, with: {name: part-1, path: ../../out},
        continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {name: part-1, path: got}, continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {name: up, path: ../../x}, continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {name: ../up, path: got}, continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {name: e, path: nope, if-no-files-found: error}}
]]
    assert.equal(1, result.code)
    assert.contains(stages.b.logs.stdout, "1\n2\nno tmp\n")
    assert.contains(stages.b.logs.stderr, "no job of this run has uploaded lost",
      "../../out is outside of the job's folders", "there is an artifact part-1 already",
      "../../x is outside of the job's folders", "'../up' cannot name an artifact",
      "no file fits: nope")
    local paths = {}
    for _, one in ipairs(stages["a (1)"].artifacts) do
      paths[#paths + 1] = one.type .. " " .. one.path:match("[^/]+/[^/]+$")
    end
    table.sort(paths)
    assert.same({ "build_artifact deep/n.txt", "build_artifact o-1/t.txt" },
      { paths[1], paths[2] })
    assert.equal(3, #paths)
    assert.contains(stages["a (1)"].logs.stdout, "##[warning]no file fits: nothing/")
  end)

  it("upload anew when a job is tried again, and each report counts once", function()
    local _, stages, result = lab:ci([[
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: echo '<testsuite/>' > junit.xml
      - {uses: actions/upload-artifact@v4, with: {name: report, path: junit.xml}}
      - {run: 'test -e "$FLAG" || { touch "$FLAG"; exit 1; }', env: {FLAG: "]]
      .. lab:path "flag" .. [["}}
  b:
    runs-on: x
    needs: a
    steps: [{uses: actions/download-artifact@v4, with: {path: in}}, {run: cat in/report/junit.xml}]
]], { "--retries", "1" })
    assert.same({ 0, 1 }, { result.code, stages.a.metadata.retry_count })
    local kinds = {}
    for _, name in ipairs { "a", "b" } do
      for _, one in ipairs(stages[name].artifacts) do
        kinds[#kinds + 1] = name .. " " .. one.type
        assert.is_true(fs.is_file(one.path))
      end
    end
    assert.same({ "a test_results", "a log_file", "b log_file" }, kinds)
    assert.contains(stages.b.logs.stdout, "<testsuite/>")
  end)

  it("use this machine's tools and say which", function()
    local _, stages, result = lab:ci [[
on: push
jobs:
  a:
    runs-on: [self-hosted, linux]
    steps:
      - {uses: actions/checkout@v4, with: {fetch-depth: 0}}
      - {id: py, uses: actions/setup-python@v5, with: {python-version: "2.4"}}
      - {id: cache, uses: actions/cache@v4, with: {path: x, key: y}}
      - run: >-
          echo "hit=${{ steps.cache.outputs.cache-hit }}
          py=${{ steps.py.outputs.python-version }}"
      - {uses: actions/setup-dotnet@v4}
]]
    assert.equal(1, result.code)
    assert.contains(stages.a.logs.stdout, 'runs-on ["self-hosted","linux"]: this machine, Linux',
      "##[warning]actions/setup-python@v5: version 2.4 was asked for", "hit=false py=3.",
      "the job begins without a cache")
    assert.contains(stages.a.logs.stderr, "there is no dotnet on this machine's PATH")
  end)

  it("use composite actions of the project", function()
    lab:write { ["app/actions/greet/action.yml"] = [[
name: greet
inputs:
  who: {required: true}
  sign: {default: "${{ github.actor }}"}
outputs:
  text: {value: "${{ steps.made.outputs.text }}"}
runs:
  using: composite
  steps:
    - id: made
      shell: bash
      run: |
        echo "text=Hello ${{ inputs.who }} from ${{ inputs.sign }}" >> "$GITHUB_OUTPUT"
        echo "LEFT=by-action" >> "$GITHUB_ENV"
        cat "$GITHUB_ACTION_PATH/note.txt"; echo "outer $OUTER"
    - uses: ./actions/inner
]], ["app/actions/greet/note.txt"] = "a note\n", ["app/actions/inner/action.yaml"] = [[
runs:
  using: composite
  steps: [{run: echo inner ran, shell: sh}, {run: "eval \"exit ${FAIL:-0}\"", shell: sh}]
]] }
    local _, stages, result = lab:ci [[
on: push
jobs:
  a:
    runs-on: x
    steps:
      - {id: g, uses: ./actions/greet, with: {who: Ada}, env: {OUTER: seen}}
      - run: 'echo "${{ steps.g.outputs.text }}; $LEFT; made=${{ steps.made.outcome }}"'
      - {id: f, uses: ./actions/inner, env: {FAIL: 3}, continue-on-error: true}
      - run: 'echo "f ${{ steps.f.outcome }}"'
      - {id: s, uses: ./actions/inner, env: {FAIL: "$(sleep 60)"}, timeout-minutes: 0.01,
        continue-on-error: true}
]]
    assert.equal(0, result.code, result.stdout)
    assert.contains(stages.a.logs.stdout, "a note\nouter seen\n", "inner ran", "f failure",
      "Hello Ada from ryan; by-action; made=\n")
    assert.contains(stages.a.logs.stderr, "the step has run for more than 0.0")
  end)

  it("may leave a program running for later steps, but not longer than the job", function()
    local _, stages, result = lab:ci([[
on: push
jobs:
  a:
    runs-on: x
    steps:
      - run: 'nohup sleep 300 > /dev/null 2>&1 & echo $! > pid'
      - run: 'kill -0 "$(cat pid)" && echo still there; cp pid "$KEEP"'
        env: {KEEP: "]] .. lab:path "kept" .. [["}
]])
    assert.equal(0, result.code)
    assert.contains(stages.a.logs.stdout, "still there")
    local pid = fs.read(lab:path "kept"):match("%d+")
    local environment = fs.read("/proc/" .. pid .. "/environ") or ""
    assert.equal("", environment, "the program lives on")
  end)

  it("with much output keep its end, whole and without secrets", function()
    local _, stages = lab:ci([[
on: push
jobs: {a: {runs-on: x, steps: [{run: 'seq 1 80000; printf unfinished', env: {A: b}}]}}
]])
    local out = stages.a.logs.stdout
    assert.contains(out, "(the beginning is left out)\n", "\n80000\nunfinished\n")
    assert.is_true(#out < 270 * 1024)
  end)

  it("have no secret in a line without end, wherever it comes", function()
    assert.is_true(mask.add "across-the-cut")
    for _, before in ipairs { 65530, 65536, 61435 } do
      local log = log_of.new()
      log:write("stdout", ("x"):rep(before) .. "across-")
      log:write("stdout", "the-cut" .. ("y"):rep(70000) .. "\n")
      assert.not_contains(log:text(), "across-", "the-cut")
      assert.contains(log:text(), "x***y")
    end
  end)

  it("do nothing to the terminal by the names of what they leave", function()
    lab:write { ["app/.github/workflows/ci.yml"] = [[
on: push
jobs: {a: {runs-on: x, steps: [{run: 'touch "$(printf "junit-\033]0;x\007.xml")"'}]}}
]] }
    local result = lab:run { "ci", "-C", "app" }
    assert.contains(result.stdout, "junit-?]0;x?.xml")
    assert.not_contains(result.stdout, "\27", "\7")
  end)
end)
