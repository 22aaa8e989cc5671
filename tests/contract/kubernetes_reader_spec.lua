-- SPDX-License-Identifier: Apache-2.0
-- What the generated files of Argo are for Kubernetes' own YAML reader, and what the Sensor's
-- filters are for Go, whose regular expressions Argo Events uses: tests/tools/kube_read.
local dry_run = require "pipelines.aphex.argo.dry_run"
local emit = require "std.yaml.emit"
local event_of = require "pipelines.aphex.model.event"
local events = require "pipelines.aphex.argo.events"
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local program = require "lsqm.program"
local tables = require "std.table"

local CACHE = (os.getenv "LSQM_CACHE" or (os.getenv "XDG_CACHE_HOME"
  or os.getenv "HOME" .. "/.cache") .. "/lsqm")
local TOOL = CACHE .. "/kube_read/kube_read"
local GOLDEN = program.share .. "/tests/golden/aphex/"
local rules = dofile(program.share .. "/pipelines/aphex/rules/argo.lua")

-- What YAML 1.1 takes for something else than text, and characters that it treats in its own way.
local ODD <const> = { "yes", "No", "y", "~", "null", ".inf", ".NaN", "-.INF", "1e3", ".5", "0o7",
  "012", "0x1f", "1_000", "1:20:30", "2026-01-01", "=", "<<", "---", "...", "- a", "a: b", "a #b",
  "'q'", '"dq"', "back\\slash", "%TAG", "@at", "`tick", "!tag", "&anchor", "*alias", "|", ">", "?",
  "{", "[", " x ", "é\u{85}z", "a \u{2028} b", "\u{2029}x", "\u{feff}x", "x\u{9f}", "\u{ffff}",
  "\u{a0}x", "Продакшн", "スタック", "\u{1f600}", ("long "):rep(60) }

-- The tool's answers to requests, or nil where it was not built.
local function ask(requests)
  if not fs.exists(TOOL) then return pending("no kube_read in the cache (make setup-test)") end
  local lines = {}
  for i, request in ipairs(requests) do lines[i] = json.encode(request) end
  local result = assert(process.run { argv = { TOOL }, stdin = table.concat(lines, "\n") })
  assert.equal(0, result.code, result.stderr)
  local answers = {}
  for line in result.stdout:gmatch "[^\n]+" do answers[#answers + 1] = assert(json.decode(line)) end
  assert.equal(#requests, #answers)
  return answers
end

-- The three files and the Workflow that a push starts.
local function all_of(file)
  local files = assert(files_of.of(rules, { file = file, path = "a b/é: #.yaml",
    repo = "acme/shop", url = "https://hooks.example.com/?a=b#c",
    branch = { "main", "1.x", "ü/**" } }))
  local push = assert(json.read(GOLDEN .. "push.json"))
  return { files.template, files.source, files.sensor, assert(dry_run.run(files, push)) }
end

local function reads_the_same(objects)
  local requests = {}
  for i, object in ipairs(objects) do requests[i] = { yaml = files_of.yaml(object) } end
  for i, answer in ipairs(ask(requests) or {}) do
    assert.is_nil(answer.error)
    assert.same(json.decode(json.encode(objects[i])), answer.value)
  end
end

describe("Kubernetes' reader", function()
  for _, name in ipairs { "small", "medium", "large" } do
    it("reads the files and the workflow as they were made: " .. name, function()
      reads_the_same(all_of(("%s%s.yaml"):format(GOLDEN, name)))
    end)
  end

  it("reads odd names as they are", function()
    local dir <close> = assert(fs.tempdir "kube-")
    local environments = json.array {}
    for i, name in ipairs(ODD) do
      environments[i] = { name = name, region = "us-east-1", account = "123456789012",
        stacks = json.array { { name = name, path = "s" } } }
    end
    local file = fs.join(dir.path, "odd.yaml") -- JSON is YAML, and our reader is not the question
    assert(fs.write(file, json.encode { version = "1.0", environments = environments,
      build = { commands = json.array { "make" } } }))
    reads_the_same(all_of(file))
  end)

  it("reads each odd text and key as it is", function()
    local requests = {}
    for i, text in ipairs(ODD) do requests[i] = { yaml = emit.text { [text] = text } } end
    for i, answer in ipairs(ask(requests) or {}) do
      assert.is_nil(answer.error)
      assert.same({ [ODD[i]] = ODD[i] }, answer.value)
    end
  end)
end)

describe("a Sensor's filters in Go", function()
  local PATTERNS <const> = { "main", "release/*", "v?", "a/**", "**/z", "x/**/y", "**", "*.x",
    "a+b", "ü/*", "a$b|c(d)" }
  local NAMES <const> = { "main", "main2", "domain", "main\n", "release/1", "release/1/2",
    "release", "v1", "v12", "a", "a/b", "a/b/c", "z", "q/z", "q/r/z", "qz", "x/y", "x/1/y",
    "x/1/2/y", "xy", "1.x", "1ax", "a/1.x", "a+b", "aab", "ü/1", "a$b|c(d)", "{{workflow.uid}}",
    "a/{{=1}}" }

  it("take the branches that `event` takes, but no braces", function()
    local refs, requests = {}, {}
    for i, name in ipairs(NAMES) do refs[i] = "refs/heads/" .. name end
    for i, pattern in ipairs(PATTERNS) do
      requests[i] = { pattern = assert(events.ref_pattern(pattern)), texts = json.array(refs) }
    end
    for i, answer in ipairs(ask(requests) or {}) do
      assert.is_nil(answer.error)
      for j, ref in ipairs(refs) do
        local wanted = event_of.is_wanted({ branch = ref }, { PATTERNS[i] }) and not ref:find "[{}]"
        assert.equal(wanted, answer.value[j], PATTERNS[i] .. " and " .. ref)
      end
    end
  end)

  it("are all expressions that Go reads", function()
    local requests = {}
    local sensor = all_of(GOLDEN .. "small.yaml")[3]
    for _, filter in ipairs(sensor.spec.dependencies[1].filters.data) do
      for _, value in ipairs(filter.type == "string" and filter.value or {}) do
        tables.append(requests, { { pattern = value, texts = json.array { "", "Acme/Shop" } } })
      end
    end
    for i, answer in ipairs(ask(requests) or {}) do
      assert.is_nil(answer.error)
      assert.same({ false, requests[i].pattern:find "^%(%?i%)" ~= nil }, answer.value)
    end
  end)

  it("are refused by the linter where Go does not read them", function()
    local broken = { "^(a$", "^(?=a)a$", "^(a)\\1$", "^a{2,1}$", "^[b-a]$" }
    local requests = {}
    for i, pattern in ipairs(broken) do
      requests[i] = { pattern = pattern, texts = json.array {} }
    end
    for i, answer in ipairs(ask(requests) or {}) do
      assert.is_string(answer.error, broken[i])
    end
    for _, pattern in ipairs(broken) do
      local files = tables.deep_copy(assert(files_of.of(rules, { file = GOLDEN .. "small.yaml",
        path = "x", repo = "acme/shop", url = "https://x" })))
      files.sensor.spec.dependencies[1].filters.data[1].value[1] = pattern
      assert.is_truthy(table.concat(files_of.problems(files)):find("of Go", 1, true), pattern)
    end
  end)
end)
