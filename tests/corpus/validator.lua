-- SPDX-License-Identifier: Apache-2.0
-- `lsqm validator` on the samples and public templates in emulators: run, one template broken, run
-- again, and the broken one once more, so that its issue is due; then mended. Issues go to a fake
-- GitHub behind Prism. Exit 1 where tracker, site or issue are not as the document has them. A
-- WORKSPACE that has one or two whole runs already is gone on with.
--   build/lsqm exec tests/corpus/validator.lua WORKSPACE [templates=20] [corpus=DIR]
--     [driver=docker] [image=lsqm-test/ministack:1.5.33]
-- With driver=docker the containers are those of the engine that DOCKER_HOST names.
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
    LSQM_CACHE = require("std.python").cache_dir(), DOCKER_HOST = os.getenv "DOCKER_HOST" }
  local argv, began = { uv.exepath(), "--config", root .. "/config/lsqm.lua", "validator", (...),
    "--root", root }, time.monotonic()
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

-- Ids of what is ready: all of ours, and so many of the public ones, evenly spread.
local function ready()
  local ids, public = {}, {}
  for _, path in ipairs(assert(fs.walk(root .. "/cache/architectures"))) do
    local id = path:match "^(.*)/metadata%.json$"
    local arch = id and read("cache/architectures/" .. path)
    if arch and arch.status == "ready" then
      table.insert(arch.source_id == "public" and public or ids, id)
    end
  end
  for i = 1, math.min(wanted, #public) do
    ids[#ids + 1] = public[(i - 1) * #public // wanted + 1]
  end
  return ids
end

-- The results of the whole runs that there are, oldest first: id → status.
local function whole_runs()
  local list = {}
  for _, entry in ipairs(fs.list(root .. "/docs/data/runs") or {}) do
    local run = entry.name:find "%.json$" and read("docs/data/runs/" .. entry.name)
    if run and run.status == "completed" and #run.results > 1 then
      local statuses = {}
      for _, id in ipairs(run.results) do
        statuses[id:sub(#run.id + 2)] = read("docs/data/runs/" .. id .. ".json").status
      end
      list[#list + 1] = statuses
    end
  end
  return list
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
assert(fs.write(root .. "/config/lsqm.lua", ("return { issue_limit = 100,\n"
  .. "  emulator = { name = 'ministack', driver = %q, image = %q } }\n"):format(
  options.driver or "docker", options.image or "lsqm-test/ministack:1.5.33")))

local OWN <const> = "own-src/queue-yaml"
local known = whole_runs()
if #known == 0 then
  copy_templates()
  breakable "QueueName: good"
  mine_and_generate()
end
local ids = known[1] and tables.sorted_keys(known[1]) or ready()
local public = #tables.filter(ids, function(id) return id:find "^public/" ~= nil end)
print(("        %d architectures, %d of them public templates"):format(#ids, public))
is_true(public == wanted, wanted .. " public templates are ready")

local function filed() return #(github.issues[REPO] or {}) end

-- The run with this number, unless it is there already; then report and issues.
local function run(number, list)
  if not known[number] then validator("run", table.unpack(list)) end
  validator "report"
  validator "issues"
  return read("docs/data/latest.json"), read("docs/data/failure_tracker.json").entries
end

local function row_of(latest, id)
  return tables.filter(latest.results, function(row) return row.architecture_id == id end)[1]
end

local function is_failure(status) return status ~= "passed" and status ~= "skipped" end

if not known[2] then
  run(1, ids)
  is_true(filed() == 0, "no issue after the first run")
  -- A value that no queue takes: it converts, and cannot be deployed.
  breakable "QueueName: good, DelaySeconds: 99999"
  mine_and_generate()
end
local latest, entries = run(2, ids)
local both = whole_runs()
local n, twice = latest.run.statistics, 0
is_true(n.total_architectures == #ids, "each has a result")
is_true(math.abs(n.pass_rate - n.passed / (n.passed + n.partial + n.failed)) < 1e-9, "pass rate")
is_true(entries[OWN].consecutive_failures == 1 and not entries[OWN].issue_number,
  "the broken one fails once, without an issue")
for id, status in pairs(both[1]) do
  local again = is_failure(status) and is_failure(both[2][id])
  twice = twice + (again and 1 or 0)
  if again ~= (entries[id] ~= nil and entries[id].issue_number ~= nil) then
    is_true(false, "an issue exactly where both runs failed: " .. id)
  end
end
is_true(filed() == twice, ("an issue exactly where both runs failed: %d"):format(twice))
latest, entries = run(3, { OWN })
is_true(entries[OWN].issue_number ~= nil, "the second failure has its issue")
is_true(row_of(latest, OWN).issue_number == entries[OWN].issue_number, "the site shows it")
run(4, { OWN })
is_true(filed() == twice + 1, "the third makes no second one")
breakable "QueueName: good"
mine_and_generate()
latest, entries = run(5, { OWN })
is_true(entries[OWN] == nil and row_of(latest, OWN).status == "passed", "mended: forgotten")
is_true(#github.violations == 0, "all requests keep GitHub's description")
print(table.concat(github:counts(), "\n"))
print(("services covered: %d"):format(#latest.service_coverage))
print("failing: " .. table.concat(tables.sorted_keys(entries), ", "))
