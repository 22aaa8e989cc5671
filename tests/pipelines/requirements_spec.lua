-- SPDX-License-Identifier: Apache-2.0
-- Requirements of the weekly flow that no other spec shows as a whole. tests/requirements.tsv says
-- for each one which test shows it.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local config_of = require "std.config"
local fs = require "std.fs"
local store_of = require "std.store"
local time = require "std.time"

local COMMANDS <const> = { "sync", "mine", "generate", "validate", "report", "push", "notify",
  "run", "compare", "status", "clean" }

-- variable, key, text, value
local ENVIRONMENT <const> = {
  { "ANTHROPIC_API_KEY", "anthropic_api_key", "k", "k" },
  { "GITHUB_TOKEN", "github_token", "t", "t" },
  { "ARTIFACT_REPO", "artifact_repo", "https://h/r", "https://h/r" },
  { "ANTHROPIC_TOKEN_BUDGET", "token_budget", "77", 77 },
  { "LOCALSTACK_VERSION", "localstack_version", "4.1", "4.1" },
  { "LSQM_PARALLEL", "parallel", "9", 9 },
  { "LSQM_TIMEOUT", "timeout", "12.5", 12.5 },
  { "SLACK_WEBHOOK_URL", "slack_webhook_url", "https://h/x", "https://h/x" },
  { "ISSUE_REPO", "issue_repo", "a/b", "a/b" },
}

describe("the command line", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  it("has the eleven commands, each with help", function()
    local all = lab:run({ "--help" }).stdout
    for _, name in ipairs(COMMANDS) do
      assert.is_truthy(all:find("\n%s+" .. name .. "%s"), name)
      local one = lab:run { name, "--help" }
      assert.equal(0, one.code, name)
      assert.matches("Usage: lsqm " .. name, one.stdout)
    end
  end)

  it("takes the global flags before and after the command", function()
    assert.equal(0, lab:run({ "sync" }).code)
    local flags = { "--verbose", "--dry-run", "--parallel", "2", "--localstack-version", "4.1" }
    local before = table.move(flags, 1, #flags, 1, {})
    before[#before + 1] = "status"
    local after = { "status", "-v", table.unpack(flags, 2) }
    for _, argv in ipairs { before, after } do
      local result = lab:run(argv, { config = "{ retention = 3 }" })
      assert.equal(0, result.code, result.stderr)
    end
  end)

  it("names error type, message and traceback of what broke in the log", function()
    lab:shadow("mine.lua", [[
      return require "std.stage" { api = 1, name = "mine", help = "x", args = {},
        run = function() error "the shaft is flooded" end }]])
    local result = lab:run { "run" }
    assert.is_true(result.code ~= 0)
    local found
    for _, one in ipairs(lab:log()) do found = found or one.msg == "stage failed" and one end
    assert.equal("mine", found.stage)
    assert.equal("raised", found.error_type)
    assert.matches("the shaft is flooded", found.error.message)
    assert.is_truthy(found.error.stack, "no traceback")
  end)
end)

describe("the environment", function()
  for _, row in ipairs(ENVIRONMENT) do
    it("sets " .. row[2] .. " by " .. row[1], function()
      local function getenv(name) if name == row[1] then return row[3] end end
      assert.equal(row[4], assert(config_of.load { getenv = getenv })[row[2]])
    end)
  end
end)

describe("weekly growth", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function put(first, last)
    for i = first, last do
      local dir = ("%s/src/app-%d"):format(lab.path, i)
      assert(fs.mkdir(dir))
      assert(fs.write(dir .. "/main.tf", ('# fake: ok\nresource "aws_ssm_parameter" "p" {\n'
        .. '  name  = "/app/%d"\n  type  = "String"\n  value = "x"\n}\n'):format(i)))
    end
  end

  local function count()
    return #assert(store_of.open(lab.repo, { readonly = true })):architectures()
  end

  local function run(command)
    local result = lab:run({ command }, { timeout = 300,
      config = ("{ sources = { { type = 'dir', path = '%s/src' } } }"):format(lab.path) })
    assert.equal(0, result.code, result.stderr)
  end

  it("finds fifty architectures at first and then adds just what is new", function()
    put(1, 55)
    run "mine"
    assert.is_true(count() >= 50, count() .. " architectures")
    put(56, 67)
    run "mine"
    assert.equal(67, count())
  end)

  it("costs little of the three hours by itself", function()
    put(1, 6)
    local began = time.monotonic()
    run "run"
    -- the tools only pretend here: this is our own cost, and starting them, for each architecture
    assert.is_true((time.monotonic() - began) / 6 * 1000 < 3 * 3600)
  end)
end)
