-- SPDX-License-Identifier: Apache-2.0
-- The mutation check itself, on one sample with rules of our own: it must tell a test that proves
-- something from one that proves nothing. The real figures: mutation.lua, by hand.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local uv = require "luv"

local RULES <const> = [[
return { aws_ssm_parameter = { "ssm.parameter",
  { name = "says_nothing", as = "parameter", body = "assert True" } } }
]]

describe("the mutation check", function()
  it("tells tests that turn red from those that never do", function()
    local dir <close> = assert(fs.tempdir "own-")
    assert(fs.mkdir(dir.path .. "/weekly/rules"))
    assert(fs.write(dir.path .. "/weekly/rules/tests.lua", RULES))
    local result = assert(process.run { argv = { uv.exepath(), "--pipelines", dir.path, "exec",
      HERE .. "/mutation.lua", "config-vault" }, timeout = 300,
      inherit = { "HOME", "LSQM_CACHE", "LSQM_PYTHON", "TF_CLI_CONFIG_FILE" } })
    local figures = assert(json.decode((result.stdout:match "[^\n]+")))
    local quiet = {}
    for i, name in ipairs { "api_token", "log_level" } do
      quiet[i] = ("test_app.py::test_says_nothing[aws_ssm_parameter.%s]"):format(name)
    end
    assert.same({ 1, 2, {}, {} }, { result.code, figures.red, figures.bad, figures.kept })
    assert.same({ quiet, quiet }, { figures.survivors, figures.vacuous })
    assert.matches("cases red when their resource is deleted: 2 of 4", result.stdout, 1, true)
  end)
end)
