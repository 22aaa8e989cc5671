-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local program = require "lsqm.program"
local stage = require "std.stage"

local function base(extra)
  local def = { api = 1, name = "x", help = "h", run = function() end }
  for key, value in pairs(extra or {}) do def[key] = value end
  return def
end

describe("stage", function()
  it("takes a whole definition and gives arguments their keys", function()
    local s = stage(base { args = { { name = "--dry-it", kind = "flag" }, { name = "files" } } })
    assert.is_true(stage.is(s))
    assert.equal("dry_it", s.args[1].key)
    assert.equal("positional", s.args[2].kind)
  end)

  it("leaves what it is given as it is, so that stages can share arguments", function()
    local shared = { name = "--dry-it" }
    for _ = 1, 2 do
      assert.same({ key = "dry_it", kind = "option", name = "--dry-it", type = "string" },
        stage(base { args = { shared } }).args[1])
    end
    assert.same({ name = "--dry-it" }, shared)
  end)

  it("refuses what it does not know, with a suggestion and the file's line", function()
    local dir <close> = assert(fs.tempdir("stage-"))
    local path = dir.path .. "/bad.lua"
    assert(fs.write(path, [[
return require "std.stage" {
  api = 1, name = "bad", help = "h",
  rnu = function() end,
}
]]))
    local ok, err = pcall(program.run_file, path)
    assert.is_false(ok)
    assert.equal(path .. ":3: stage 'bad': unknown key 'rnu', did you mean 'run'?", tostring(err))
  end)

  it("names what is missing, of the wrong type or too old", function()
    local function message(def) return tostring(select(2, pcall(stage, def))) end
    local no_run = base()
    no_run.run = nil
    assert.matches("'run' is missing", message(no_run))
    assert.matches("'help' must be a string, not a number", message(base { help = 1 }))
    assert.matches("written for api 2, this program has api 1", message(base { api = 2 }))
    local odd = base { args = { { name = "a", kind = "opton" } } }
    assert.matches("kind 'opton' must be", message(odd))
  end)
end)
