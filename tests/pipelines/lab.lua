-- SPDX-License-Identifier: Apache-2.0
-- A workspace of its own for the program itself: hand-written architectures, and, unless real
-- tools are wanted, terraform, Python and emulator that only pretend (tests/fakes/).

local fs = require "std.fs"
local json = require "std.json"
local check = require "std.meta.check"
local process = require "std.process"
local program = require "lsqm.program"
local store_of = require "std.store"
local uv = require "luv"

local M = {}

local lsqm = uv.exepath()
local fakes = program.share .. "/tests/fakes/"

local Lab = {}
Lab.__index = Lab

local function install(from, to)
  assert(fs.copy(fakes .. from, to))
  assert(uv.fs_chmod(to, 493)) -- 493 = octal 755
end

--- options: real = true uses the terraform, Python and emulator of this machine
function M.new(options)
  local dir = assert(fs.tempdir("lab-"))
  local lab = setmetatable({ dir = dir, path = dir.path, options = options or {},
    workspace = dir.path .. "/workspace", repo = dir.path .. "/workspace/artifacts" }, Lab)
  lab.env = { PATH = os.getenv "PATH", HOME = dir.path, LSQM_WORKSPACE = lab.workspace,
    LSQM_CACHE = dir.path .. "/cache", DOCKER_HOST = "unix://" .. dir.path .. "/no.sock" }
  if lab.options.real then
    lab.env.LSQM_CACHE = require("std.python").cache_dir()
  else
    assert(fs.mkdir(dir.path .. "/bin"))
    install("terraform.py", dir.path .. "/bin/terraform")
    install("python.py", dir.path .. "/bin/python3")
    lab.env.PATH = dir.path .. "/bin:" .. lab.env.PATH
    lab.env.LSQM_PYTHON = dir.path .. "/bin/python3"
    lab.env.LSQM_TERRAFORM_WARM = "0"
  end
  return lab
end

function Lab:close() self.dir:close() end

Lab.__close = Lab.close

--- The program, with the lab's environment: {code, stdout, stderr}.
---@param args string[]
---@param options table|nil {config = table as Lua text, env =, cwd =, timeout =}
function Lab:run(args, options)
  return assert(process.run(self:command(args, options)))
end

--- The same, started only: a process handle.
function Lab:start(args, options)
  return assert(process.start(self:command(args, options)))
end

function Lab:command(args, options)
  options = options or {}
  local argv = { lsqm }
  if options.config then
    local path = self.path .. "/config.lua"
    assert(fs.write(path, "return " .. options.config))
    table.move({ "--config", path }, 1, 2, 2, argv)
  end
  table.move(args, 1, #args, #argv + 1, argv)
  local env = {}
  for key, value in pairs(self.env) do env[key] = value end
  for key, value in pairs(options.env or {}) do env[key] = value end
  return { argv = argv, cwd = options.cwd or self.path, env = env,
    timeout = options.timeout or 120 }
end

--- Puts a user's own file of the weekly pipeline before the stock one.
---@param name string "rules/emulators.lua"
---@param text string
function Lab:shadow(name, text)
  assert(fs.write_all(self.path .. "/own", { ["weekly/" .. name] = text }))
  self.env.LSQM_PIPELINES = self.path .. "/own"
end

--- "a" → "aaaaaaaaaaaaaaaa"
function M.hash(letter) return letter:rep(16) end

function Lab:store()
  return assert(store_of.open(self.repo))
end

function M.metadata(letter, extra)
  local meta = { hash = M.hash(letter), source_url = "https://example.org/" .. letter,
    source_type = "github", discovered_at = "2026-01-01T00:00:00Z", services = { "ssm" },
    resource_count = 1, name = "arch-" .. letter, skipped = false }
  for key, value in pairs(extra or {}) do meta[key] = value end
  return meta
end

--- Gives a stored architecture its app; what: {tests =, app =, requirements =}
function Lab:put_app(hash, what, store)
  store = store or self:store()
  assert(store:put_app({ arch_hash = hash, generated_at = "2026-01-01T00:00:00Z",
    generator_version = "1", model_used = "by hand", input_tokens = 0, output_tokens = 0 },
    what.app or { ["conftest.py"] = "", ["app.py"] = "",
      ["test_app.py"] = "# fake: " .. (what.tests or "2 0 0") .. "\n",
      ["requirements.txt"] = what.requirements or "boto3\npytest\n" }))
  assert(store:save_index())
end

--- Stores an architecture. what: {terraform = directive, tests = directive, files =, app =,
--- requirements =, meta =}
function Lab:put(letter, what)
  what = what or {}
  local store = self:store()
  local main = ("# fake: %s\nresource \"aws_ssm_parameter\" \"p\" {}\n"):format(what.terraform
    or "ok")
  assert(store:put_architecture(M.metadata(letter, what.meta),
    what.files or { ["main.tf"] = main }))
  self:put_app(M.hash(letter), what, store)
  assert(store:save_index())
end

--- An architecture and an app for real tools: one SSM parameter, three tests of which one fails.
function Lab:put_parameter_app(letter)
  local from, app = program.share .. "/tests/pipelines/parameter_app/", {}
  for _, name in ipairs { "conftest.py", "app.py", "test_app.py", "requirements.txt" } do
    app[name] = assert(fs.read(from .. name))
  end
  self:put(letter, { app = app, files = { ["main.tf"] = assert(fs.read(from .. "main.tf")) } })
end

--- The newest run, finished or not, and its results by letter (mined ones by hash).
function Lab:latest()
  local store = self:store()
  local record = store:runs()[1]
  if not record then return nil, {} end
  local results = {}
  for hash, result in pairs(store:run(record.run_id):results()) do
    local letter = hash:sub(1, 1)
    results[hash == M.hash(letter) and letter or hash] = result
  end
  return record, results
end

--- The log's records.
function Lab:log()
  local records = {}
  for line in (fs.read(self.workspace .. "/logs/lsqm.jsonl") or ""):gmatch("[^\n]+") do
    records[#records + 1] = assert(json.decode(line))
  end
  return records
end

--- Every file below a folder with its content: equal snapshots mean that nothing was touched.
function M.snapshot(dir)
  local files = {}
  for _, name in ipairs(fs.walk(dir, { links = true }) or {}) do
    local path = fs.join(dir, name)
    files[name] = (fs.read(path) or "") .. "@" .. tostring((fs.stat(path) or {}).mtime)
  end
  return files
end

--- Processes of this machine whose command line or working directory names the lab.
function Lab:running()
  local found = {}
  for _, entry in ipairs(fs.list("/proc")) do
    if entry.name:match("^%d+$") and tonumber(entry.name) ~= uv.os_getpid() then
      local command = fs.read("/proc/" .. entry.name .. "/cmdline") or ""
      if command:find(self.path, 1, true) then
        found[#found + 1] = entry.name .. " " .. command:gsub("%z", " ")
      end
    end
  end
  return found
end

local CONTRACTS = {
  { "architectures/index.json", "index", "index" },
  { "architectures/*/metadata.json", "architecture", "architecture" },
  { "apps/*/generated_at.json", "test-app", "test_app" },
  { "runs/*/config.json", "config", "config" },
  { "runs/*/summary.json", "summary", "summary" },
  { "runs/*/results/*.json", "result", "result" },
  { "trends/services.json", "service-trends", "service_trends" },
  { "trends/architectures.json", "architecture-trends", "architecture_trends" },
  { "trends/regressions.json", "regressions", "regressions" },
}

-- function(value) -> nil or what is wrong: by the schema file, and by the record it is made from
local function contract_of(row)
  local found, jsonschema = pcall(require, "std.jsonschema")
  local schema = assert(json.read(("%s/pipelines/weekly/contracts/%s.schema.json"):format(
    program.share, row[2])))
  local validate = found and assert(jsonschema.compile(schema))
  return function(value)
    if validate then
      local ok, why = validate(value)
      if not ok then return why.errors[1].path .. " " .. why.errors[1].message end
    end
    return check.problem(row[3], value)
  end
end

--- Applies pipelines/weekly/contracts to all that is stored: problems, and how many were checked.
function Lab:check_contracts()
  local problems, checked = {}, 0
  local names = assert(fs.walk(self.repo, { skip = { ".git" } }))
  for _, row in ipairs(CONTRACTS) do
    local contract = contract_of(row)
    for _, name in ipairs(names) do
      if fs.match(row[1], name) then
        checked = checked + 1
        local problem = contract(assert(json.read(fs.join(self.repo, name))))
        if problem then problems[#problems + 1] = name .. ": " .. problem end
      end
    end
  end
  return problems, checked
end

return M
