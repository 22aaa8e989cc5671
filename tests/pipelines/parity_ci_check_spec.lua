-- SPDX-License-Identifier: Apache-2.0
-- What `lsqm parity ci` refuses before anything runs, each with its place, and what it notes.

local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local workflows = require "pipelines.parity.ci.workflow"
local yaml = require "std.yaml"

describe("parity ci refuses before anything runs:", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function read(text, options, files)
    lab:write(files or {})
    assert(fs.remove(lab:path "ci.yml")) -- lab:write waits for the disk
    assert(fs.append(lab:path "ci.yml", text))
    return workflows.read(lab:path "ci.yml", options)
  end

  local JOB <const> = "on: push\njobs:\n  a:\n    runs-on: x\n    "
  local STEP <const> = JOB .. "steps:\n      - "

  local cases = {
    { "jobs: {a: {runs-on: x, steps: [{run: y}]}}", "ci.yml:1:1: a workflow needs on:" },
    { "on: push\nnmae: x\njobs: {a: {runs-on: x, steps: [{run: y}]}}",
      "2:1: a workflow has no key 'nmae', did you mean \"name\"?" },
    { JOB .. "env: [a]\n    steps: [{run: y}]", "5:5: env of job a must be a mapping" },
    { JOB .. "env:\n    steps: [{run: y}]", "5:5: env of job a must be a mapping" },
    { JOB .. "timeout-minutes: soon\n    steps: [{run: y}]",
      "5:5: timeout-minutes of job a must be a number above 0" },
    { JOB .. "continue-on-error: 'yes'\n    steps: [{run: y}]",
      "continue-on-error of job a must be true or false" },
    { JOB .. "needs: {b: c}\n    steps: [{run: y}]", "needs of job a must be a text or a list" },
    { JOB .. "strategy: {fail-fats: true}\n    steps: [{run: y}]",
      "5:16: strategy of a has no key 'fail-fats', did you mean \"fail-fast\"?" },
    { JOB .. "strategy: {matrix: {n: []}}\n    steps: [{run: y}]",
      "5:16: the matrix's n has no values" },
    { JOB .. "defaults: {run: {shel: sh}}\n    steps: [{run: y}]",
      "5:22: defaults.run of job a has no key 'shel', did you mean \"shell\"?" },
    { JOB .. "defaults: {run: {shell: fish}}\n    steps: [{run: y}]",
      "5:22: there is no shell 'fish' here" },
    { "on: push\njobs: {'a b': {runs-on: x, steps: [{run: y}]}}",
      "2:9: 'a b' cannot name a job" },
    { STEP .. "just text", "6:9: a step must be a mapping" },
    { STEP .. "{run: y, shell: bsh}", "6:18: there is no shell 'bsh' here, did you mean" },
    { STEP .. "{run: [y]}", "6:10: run of step 1 of a must be a text" },
    { STEP .. "{run: y, id: n}\n      - {run: z, id: n}", "7:18: n is the id of two steps" },
    { STEP .. "run: 'echo ${{ gitub.ref }}'", "6:9: there is no gitub here, did you mean" },
    { STEP .. "run: 'echo ${{ github.ref'", "6:9: the ${{ is not closed" },
    { STEP .. "{run: y, env: {A: '${{ 1 = 2 }}'}}", "6:24: unexpected '='" },
    { STEP .. "{run: y, if: secrets.A != ''}", "6:18: there is no secrets here" },
    { JOB .. "if: matrix.n == 1\n    steps: [{run: y}]", "5:5: there is no matrix here" },
    { JOB .. "env: {A: [b]}\n    steps: [{run: y}]",
      "5:5: env of job a must be a mapping of plain values" },
    { JOB .. "environment: [p]\n    steps: [{run: y}]",
      "5:5: environment of job a must be a text or a mapping" },
    { "on: push\njobs: {a: {runs-on: [], steps: [{run: y}]}}",
      "2:12: runs-on of job a must be a text, a list of texts or a mapping" },
    { JOB .. "runs: y\n    steps: [{run: y}]", "5:5: job a has no key 'runs'" },
    { JOB .. "services: {db: {ports: ['80']}}\n    steps: [{run: y}]",
      "5:16: service db of a has no image" },
    { JOB .. "services: {db: {image: y, options: --privileged}}\n    steps: [{run: y}]",
      "5:31: service db of a: the option --privileged is not supported here" },
    { JOB .. "services: {db: {image: y, credentials: {}}}\n    steps: [{run: y}]",
      "5:31: service db of a: the engine's own credentials are used" },
    { "on: [push, 5]\njobs: {a: {runs-on: x, steps: [{run: y}]}}", "1:1: an event must be a text" },
    { "on: {workflow_call: {inputs: 5}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}",
      "1:22: inputs of workflow_call must be a mapping" },
    { "on: {workflow_call: {outputs: {a: 5}}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}",
      "1:32: a of outputs must be a mapping" },
    { JOB .. "needs: [~]\n    steps: [{run: y}]", "5:5: needs must be a text or a list of texts" },
    { JOB .. "services: '${{ 1 }}'\n    steps: [{run: y}]",
      "5:5: services of job a must be a mapping" },
    { "on: []\njobs: {a: {runs-on: x, steps: [{run: y}]}}", "1:1: on: names no event" },
    { JOB .. "services: {db: {image: y, options: --health-interval soon}}\n    steps: [{run: y}]",
      "5:31: service db of a: the option --health-interval soon is not supported here" },
    { JOB .. "services: {db: {image: y, options: \"--health-cmd 'x\"}}\n    steps: [{run: y}]",
      "5:31: service db of a: the option --health-cmd 'x is not supported here" },
    { JOB .. "container: {env: {A: b}}\n    steps: [{run: y}]",
      "5:5: container of job a has no image" },
    { JOB .. "container: {image: y, options: --gpus all}\n    steps: [{run: y}]",
      "5:27: container of job a: the option --gpus is not supported here" },
    { JOB .. "container: '${{ steps.a }}'\n    steps: [{run: y}]", "5:5: there is no steps here" },
    { STEP .. "uses: docker://alpine", "6:9: step 1 of a uses the action docker://alpine" },
    { STEP .. "uses: actions/chekout@v4", "did you mean \"actions/checkout\"?" },
    { STEP .. "{uses: actions/checkout@v4, with: {repository: a/b}}",
      "6:44: repository of actions/checkout@v4 is not followed here" },
    { STEP .. "uses: ./none", "6:9: there is no action.yml in ./none of the project" },
    { STEP .. "uses: ./../../etc", "there is no action.yml in ./../../etc of the project" },
    { STEP .. "uses: ./js", "6:9: ./js runs with node20, only composite actions run here" },
    { STEP .. "uses: ./bad", "bad/action.yml:4:15: there is no shell 'zz' here" },
    { STEP .. "uses: ./noshell", "noshell/action.yml:3:11: step 1 of ./noshell needs a shell" },
    { STEP .. "uses: ./wants", "6:9: ./wants needs the input who" },
    { STEP .. "uses: ./loop", "actions are nested more than 9 deep" },
    { "on: push\njobs: {a: {uses: ./none.yml}}", "2:12: there is no ./none.yml in the project" },
    { "on: push\njobs: {a: {uses: o/r/.github/workflows/x.yml@v1}}",
      "2:12: o/r/.github/workflows/x.yml@v1 is a workflow of another repository" },
    { "on: push\njobs: {a: {uses: ./ci.yml}}", "workflows call each other more than 4 deep" },
    { "on: push\njobs: {a: {uses: ./plain.yml}}", "./plain.yml is not made to be called" },
    { "on: push\njobs: {a: {uses: ./call.yml, with: {whom: x}}}",
      "2:37: ./call.yml has no input 'whom', did you mean \"who\"?" },
    { "on: push\njobs: {a: {uses: ./call.yml}}", "2:12: ./call.yml needs the input who" },
    { "on: push\njobs: {a: {uses: ./call.yml, with: {who: x}}}",
      "2:12: ./call.yml needs the secret key" },
    { "on: push\njobs: {a: {uses: ./call.yml, with: {who: x}, secrets: all}}",
      "2:46: secrets must be a mapping or inherit" },
    { JOB .. "with: {a: b}\n    steps: [{run: y}]", "5:5: job a has no key 'with'" },
    { STEP .. "{uses: 5}", "6:10: uses of step 1 of a must be a text" },
    { STEP .. "uses: ./default", "default/action.yml:1:16: there is no secrets here" },
    { "on: push\njobs: {a: {uses: ./call.yml, steps: []}}", "2:30: job a has no key 'steps'" },
  }
  local files = {
    ["js/action.yml"] = "name: js\nruns: {using: node20, main: x.js}\n",
    ["bad/action.yml"] = "runs:\n  using: composite\n  steps:\n   - {run: x, shell: zz}\n",
    ["noshell/action.yml"] = "runs:\n  using: composite\n  steps: [{run: x}]\n",
    ["wants/action.yml"] = "inputs: {who: {required: true}}\nruns: {using: composite, steps: []}\n",
    ["default/action.yml"] = "inputs: {who: {default: '${{ secrets.A }}'}}\n"
      .. "runs: {using: composite, steps: []}\n",
    ["loop/action.yml"] = "runs: {using: composite, steps: [{uses: ./loop}]}\n",
    ["plain.yml"] = "on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}\n",
    ["call.yml"] = "on: {workflow_call: {inputs: {who: {type: string, required: true}}, "
      .. "secrets: {key: {required: true}}}}\njobs: {a: {runs-on: x, steps: [{run: y}]}}\n",
  }

  for _, case in ipairs(cases) do
    it(case[2], function()
      local found, err = read(case[1] .. "\n", nil, case[1]:find("./", 1, true) and files)
      assert.is_nil(found)
      local shown = lab:short(tostring(err))
      assert.equal("usage", err.code, shown)
      assert.is_truthy(shown:find(case[2], 1, true), shown)
    end)
  end

  -- Any part of a good file replaced by something else is refused with a place or is good.
  it("whatever is put in the place of something", function()
    local good = "on: {push: {branches: [main]}, workflow_call: {inputs: {a: {type: string}}, "
      .. "outputs: {o: {value: '${{ github.ref }}'}}, secrets: {s: {required: false}}}}\n"
      .. "env: {A: b}\njobs:\n  a:\n    runs-on: [x]\n    needs: [b]\n    if: always()\n"
      .. "    strategy: {matrix: {os: [a], include: [{os: a}]}, max-parallel: 2}\n"
      .. "    defaults: {run: {shell: sh}}\n    services: {db: {image: y, ports: ['80']}}\n"
      .. "    steps: [{id: s, run: y, env: {A: b}}, {uses: actions/checkout@v4, with: {ref: x}}]\n"
      .. "  b: {uses: ./call.yml, with: {who: b}, secrets: inherit}\n"
    local values = { json.null, 5, true, "text", "${{ 1 }}", "${{ x", {}, { json.null }, { a = 1 } }
    local accepted, refused = 0, 0
    local function try(root)
      local found, err = read(json.encode(root))
      if found then accepted = accepted + 1 else refused = refused + 1 end
      assert.is_true(found ~= nil or err.code == "usage" and err.line ~= nil, tostring(err))
    end
    local root = assert(yaml.decode(good))
    lab:write(files)
    local function visit(t)
      for key, old in pairs(t) do
        for _, value in ipairs(values) do
          t[key] = value
          try(root)
        end
        t[key] = old
        if type(old) == "table" then visit(old) end
      end
    end
    visit(root)
    assert.is_true(accepted > 100 and refused > 100, accepted .. " " .. refused)
  end)

  it("actions and workflows that use each other without end", function()
    local steps = ("{uses: ./fan}, "):rep(5)
    local _, err = read(STEP .. "uses: ./fan\n", nil, {
      ["fan/action.yml"] = "runs: {using: composite, steps: [" .. steps .. "]}\n" })
    assert.is_truthy(tostring(err):find("nested more than 9", 1, true))
    local many = {}
    for i = 1, 8 do
      many[("f%d/action.yml"):format(i)] = ("runs: {using: composite, steps: [%s]}\n"):format(
        i < 8 and ("{uses: ./f%d}, "):format(i + 1):rep(9) or "{run: x, shell: sh}")
    end
    _, err = read(STEP .. "uses: ./f1\n", nil, many)
    assert.is_truthy(tostring(err):find("more than 200 actions", 1, true), tostring(err))
  end)

  it("all unknown actions at once", function()
    local _, err = read(STEP .. "uses: a/b@v1\n      - uses: c/d/e@v2\n      - uses: a/b@v2\n")
    assert.equal("--skip-action a/b --skip-action c/d/e leaves them out; `act` can run it where "
      .. "it is installed", err.hint)
  end)

  it("nothing of a job that was not asked for", function()
    local text = "on: push\njobs:\n  a: {runs-on: x, steps: [{run: y}]}\n"
      .. "  b: {runs-on: x, needs: a, steps: [{run: y}]}\n"
      .. "  c: {runs-on: x, steps: [{uses: some/thing@v1}]}\n"
    local found = assert(read(text, { job = "b" }))
    assert.same({ "a", "b" }, { found.jobs[1].id, found.jobs[2].id })
    local _, err = read(text, { job = "d" })
    assert.is_truthy(tostring(err):find("there is no job 'd'", 1, true), tostring(err))
    assert.is_nil(read(text))
  end)

  it("and notes what has no meaning here", function()
    local found = assert(read("on: push\nconcurrency: one\npermissions: read-all\njobs:\n"
      .. "  a:\n    runs-on: x\n    environment: prod\n    steps:\n"
      .. "      - {run: y, if: '${{ true }} && false'}\n"
      .. "      - {uses: actions/checkout@v4, with: {ref: v1}}\n"))
    local notes = lab:short(table.concat(found.notes, "\n"))
    for _, part in ipairs { "ci.yml:2:1: concurrency has no meaning",
      "ci.yml:3:1: permissions bind", "ci.yml:7:5: the environment's own",
      "ci.yml:9:18: always holds",
      "ci.yml:10:44: ref of actions/checkout@v4 is not followed" } do
      assert.is_truthy(notes:find(part, 1, true), notes)
    end
  end)

  it("with the exit code 2, the place and a hint", function()
    lab:write { ["app/.github/workflows/ci.yml"] = STEP .. "uses: docker://x\n" }
    local result = lab:run { "ci", "-C", "app" }
    assert.equal(2, result.code)
    assert.is_truthy(lab:short(result.stderr):find(
      "workflow: app/.github/workflows/ci.yml:6:9: step 1 of a uses the action docker://x", 1,
      true), result.stderr)
    assert.is_truthy(result.stderr:find("\n  hint: --skip-action docker://x leaves", 1, true))
    assert.is_false(fs.exists(lab:path "ci"))
  end)
end)
