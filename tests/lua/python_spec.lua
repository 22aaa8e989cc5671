-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local process = require "std.process"
local python = require "std.python"

describe("pytest", function()
  it("that could not be started is no failed test", function()
    if select(2, process.sandbox { argv = { "true" } }) then return pending "no sandbox here" end
    local dir <close> = assert(fs.tempdir())
    local results, err = python.pytest { python = "/no/such/bin/python3", dir = dir.path,
      env = {}, test_timeout = 10, timeout = 20 }
    assert.is_nil(results)
    assert.matches("bwrap", tostring(err))
  end)
end)
