-- SPDX-License-Identifier: Apache-2.0
-- `lsqm validator` on the samples and public templates in emulators: run, one template broken, run
-- again, and the broken one once more, so that its issue is due; then mended. Issues go to a fake
-- GitHub behind Prism. Exit 1 where tracker, site or issue are not as the document has them.
--   build/lsqm exec tests/corpus/validator.lua WORKSPACE [templates=20] [corpus=DIR]
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local corpus = dofile(HERE .. "/corpus.lua")
local fs = require "std.fs"
local github_of = dofile(HERE .. "/../fakes/github.lua")
local json = require "std.json"
local process = require "std.process"
local program = require "lsqm.program"
local tables = require "std.table"
local time = require "std.time"
local uv = require "luv"

local REPO <const> = "acme/one"
local COLLECTION <const> = "aws-samples+serverless-patterns"
local TRIED_FOR_EACH <const> = 4
local QUEUE <const> = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n"
  .. "  Queue: {Type: 'AWS::SQS::Queue', Properties: {%s}}\n"

local options = {}
for _, word in ipairs { ... } do
  local key, value = word:match "^(%w+)=(.*)$"
  options[key or 1] = value or word
end
local root = fs.absolute(assert(options[1], "WORKSPACE is missing"))
local public_dir = assert(corpus.find(options.corpus), "no corpus")
local wanted = math.tointeger(tonumber(options.templates or 20))

local function is_true(value, text)
  print((value and "ok      " or "NOT OK  ") .. text)
  if not value then os.exit(1) end
end

local github <close> = assert(github_of.new { prism = true,
  repos = { [REPO] = { sha = ("1"):rep(40) } } })

local function validator(...)
  local env = { PATH = os.getenv "PATH", HOME = os.getenv "HOME", GITHUB_TOKEN = "t",
    GITHUB_API_URL = github.url, ISSUE_REPO = REPO, LSQM_WORKSPACE = root .. "/workspace",
    LSQM_CACHE = require("std.python").cache_dir() }
  local argv, began = { uv.exepath(), "validator", (...), "--root", root }, time.monotonic()
  local more = { select(2, ...) }
  table.move(more, 1, #more, #argv + 1, argv)
  local result = assert(process.run { argv = argv, env = env, timeout = 7200 })
  io.stdout:write(result.stdout)
  if result.code ~= 0 then error(result.stderr:sub(-2000), 0) end
  print(("        %s: %.0f s"):format((...), time.monotonic() - began))
end

local function read(name) return assert(json.read(root .. "/" .. name)) end

-- Every n-th folder of the collection that has a template of its own.
local function copy_templates()
  local from, names = fs.join(public_dir, COLLECTION), {}
  for _, entry in ipairs(assert(fs.list(from))) do
    local template = fs.join(from, entry.name, "template.yaml")
    if fs.is_file(template) then names[#names + 1] = entry.name end
  end
  local step = math.max(1, #names // (wanted * TRIED_FOR_EACH))
  for i = 1, #names, step do
    assert(fs.copy(fs.join(from, names[i]), fs.join(root, "templates", names[i])))
  end
end

local function breakable(text)
  fs.mkdir(root .. "/own")
  assert(fs.write(root .. "/own/queue.yaml", QUEUE:format(text)))
end

local function ready()
  local ids, taken = {}, 0
  for _, path in ipairs(assert(fs.walk(root .. "/cache/architectures", {}))) do
    local id = path:match "^(.*)/metadata%.json$"
    local arch = id and read("cache/architectures/" .. path)
    local is_public = id and arch.source_id == "public"
    if id and arch.status == "ready" and (not is_public or taken < wanted) then
      ids[#ids + 1], taken = id, taken + (is_public and 1 or 0)
    end
  end
  return ids, taken
end

local function mine_and_generate()
  validator "mine"
  validator "generate"
end

fs.mkdir(root .. "/config")
fs.mkdir(root .. "/templates")
assert(fs.write(root .. "/config/sources.yaml", ([[
sources:
- {id: samples, name: Samples, source_type: github_repo, url: "file://%s/pipelines/weekly/samples"}
- {id: public, name: Public, source_type: github_repo, url: "file://%s/templates"}
- {id: own-src, name: Own, source_type: github_repo, url: "file://%s/own"}
]]):format(program.share, root, root)))
copy_templates()
breakable "QueueName: good"
mine_and_generate()
local ids, public = ready()
print(("        %d architectures, %d of them public templates"):format(#ids, public))
is_true(public == wanted, wanted .. " public templates are ready")

local function run(...)
  validator("run", ...)
  validator "report"
  validator "issues"
  return read("docs/data/latest.json"), read("docs/data/failure_tracker.json").entries
end

local OWN <const> = "own-src/queue-yaml"
local latest, first = run(table.unpack(ids))
local n = latest.run.statistics
is_true(n.total_architectures == #ids, "each has a result")
is_true(math.abs(n.pass_rate - n.passed / (n.passed + n.partial + n.failed)) < 1e-9, "pass rate")
is_true(first[OWN] == nil and #(github.issues[REPO] or {}) == 0, "no issue after the first run")
-- A value that no queue takes: it converts, and cannot be deployed.
breakable "QueueName: good, DelaySeconds: 99999"
mine_and_generate()
local second
second = select(2, run(table.unpack(ids)))
is_true(second[OWN].consecutive_failures == 1 and not second[OWN].issue_number,
  "the broken one fails once, without an issue")
local twice = 0
for id in pairs(first) do
  local entry = second[id]
  twice = twice + (entry and 1 or 0)
  is_true(not entry or entry.issue_number ~= nil, "failed in both runs, has its issue: " .. id)
end
is_true(#(github.issues[REPO] or {}) == twice, ("%d issues"):format(twice))
latest, second = run(OWN)
is_true(second[OWN].issue_number ~= nil, "the second failure has its issue")
is_true(latest.results[1].issue_number == second[OWN].issue_number, "the site shows it")
run(OWN)
is_true(#github.issues[REPO] == twice + 1, "the third makes no second one")
breakable "QueueName: good"
mine_and_generate()
latest, second = run(OWN)
is_true(second[OWN] == nil and latest.results[1].status == "passed", "mended: forgotten")
is_true(#github.violations == 0, "all requests keep GitHub's description")
print(table.concat(github:counts(), "\n"))
print(("services covered: %d"):format(#latest.service_coverage))
print("failing: " .. table.concat(tables.sorted_keys(second), ", "))
