-- SPDX-License-Identifier: Apache-2.0
local config = require "std.config"
local fs = require "std.fs"

local function no_env() return nil end

local function load_with(text, extra)
  local dir = assert(fs.tempdir("config-"))
  local path = dir.path .. "/lsqm.lua"
  assert(fs.write(path, text))
  local options = { path = path, getenv = no_env }
  for key, value in pairs(extra or {}) do options[key] = value end
  local loaded, err = config.load(options)
  dir:close()
  return loaded, err
end

describe("config", function()
  it("has the documents' defaults", function()
    local c = assert(config.load { getenv = no_env })
    assert.equal(4, c.parallel)
    assert.equal(300, c.timeout)
    assert.equal(60, c.test_timeout)
    assert.equal(500000, c.token_budget)
    assert.equal("latest", c.localstack_version)
    assert.equal("localstack/localstack", c.issue_repo)
    assert.equal(52, c.retention)
  end)

  it("lets a flag win over the environment, and that over the file", function()
    local function env(name) return ({ LSQM_PARALLEL = "7", LSQM_TIMEOUT = "11" })[name] end
    local c = assert(load_with("return { parallel = 2, timeout = 3, deployer = 'tflocal' }",
      { getenv = env, flags = { parallel = 9 } }))
    assert.equal(9, c.parallel)
    assert.equal(11, c.timeout)
    assert.equal("tflocal", c.deployer)
  end)

  it("takes 'auto' for parallel, from a flag, the environment and the file", function()
    local function env(name) return ({ LSQM_PARALLEL = "auto" })[name] end
    assert.equal("auto", assert(config.load { getenv = env }).parallel)
    assert.equal("auto", assert(load_with("return { parallel = 'auto' }")).parallel)
    assert.equal("auto", assert(config.load { getenv = no_env, flags = { parallel = "auto" } })
      .parallel)
  end)

  it("suggests the key that was meant", function()
    local c, err = load_with("return { paralel = 2 }")
    assert.is_nil(c)
    assert.equal("invalid", err.code)
    assert.matches("unknown key 'paralel'", err.message)
    assert.equal("did you mean 'parallel'?", err.hint)
  end)

  it("checks nested keys, types, choices and bounds", function()
    local cases = {
      ["return { emulator = { nmae = 'x' } }"] = "unknown key 'emulator.nmae'",
      ["return { parallel = 'two' }"] = "'parallel' must be an integer or 'auto', not 'two'",
      ["return { parallel = 0 }"] = "'parallel' must be at least 1",
      ["return { deployer = 'teraform' }"] = "'deployer' must be one of terraform, tflocal",
      ["return { emulator = { driver = 'dokcer' } }"] = "'emulator.driver' must be one of auto",
      ["return { emulator = { memory_mb = true } }"] = "'emulator.memory_mb' must be an integer",
      ["return { workspace = '' }"] = "'workspace' must not be empty",
      ["return { sources = { type = 'dir' } }"] = "'sources' must be a list",
      ["return 7"] = "must return a table",
    }
    for text, want in pairs(cases) do
      local _, err = load_with(text)
      assert.matches(want, tostring(err), 1, true)
    end
  end)

  it("takes an empty repository for issues: none are filed", function()
    assert.equal("", assert(load_with("return { issue_repo = '' }")).issue_repo)
  end)

  it("names the line of the file, past comments and parts of other words", function()
    local _, err = load_with([[
-- parallel = 2
return {
  boot_parallel_ = nil, -- parallel = 3
  emulator = { name = "moto",
    ["memory_mb"] = 1 },
  parallel = "two",
}]])
    assert.is_true(err.line == 5 or err.line == 6, tostring(err)) -- pairs() has no order
    _, err = load_with("return {\n  emulator = {\n    nmae = 'x' } }")
    assert.matches("^config: .*/lsqm%.lua:3: unknown key 'emulator%.nmae'$", tostring(err))
    assert.equal("did you mean 'name'?", err.hint)
    _, err = load_with("return { ['a('] = 1 }")
    assert.matches("unknown key 'a('", tostring(err), 1, true)
  end)

  it("keeps secrets out of files and out of snapshots", function()
    local _, err = load_with("return { github_token = 'x' }")
    assert.matches("set GITHUB_TOKEN in the environment", tostring(err))
    local c = assert(config.load { getenv = function(name)
      return name == "GITHUB_TOKEN" and "ghp_secret" or nil
    end })
    assert.equal("ghp_secret", c.github_token)
    for key, value in pairs(c) do
      assert.is_not.equal("ghp_secret", value, key)
    end
    assert.same({ "ghp_secret" }, config.secrets(c))
  end)

  it("is read-only and strict", function()
    local c = assert(config.load { getenv = no_env })
    assert.error_matches(function() c.other = 1 end, "read%-only")
    assert.error_matches(function() return c.paralel end, "no key 'paralel'")
  end)
end)
