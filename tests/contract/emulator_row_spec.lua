-- SPDX-License-Identifier: Apache-2.0
-- An emulator that the project does not know, added by a row in a folder of the user's own: real
-- terraform deploys to it, the tests run, and it stands beside the others. It is a program, and
-- once more an image under another name.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local docker = require "std.docker"
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local program = require "lsqm.program"

local FAKES <const> = program.share .. "/tests/fakes"
local MOTO <const> = "lsqm-test/moto"

local ROWS <const> = ([[
return {
  tinycloud = {
    health = "/up", version_field = "release",
    process = { argv = { "{python}", "%s/tinycloud.py", "{port}" }, readable = { "%s" } },
  },
  othercloud = { image = "%s", version = "5.2.5", port = 5000, health = "/moto-api/",
    version_command = { "python3", "-c", "import moto; print(moto.__version__)" } },
  ministack = { image = "lsqm-test/ministack", version = "1.5.33" },
  floci = false,
}
]]):format(FAKES, FAKES, MOTO)

local function missing()
  if not (process.which "terraform" or process.which "tofu") then return "no terraform" end
  local python = require("std.python").find(nil)
  local stock = process.run { argv = { python, "-c", "import pytest, boto3" } }
  return (not stock or stock.code ~= 0) and "the stock Python environment is not set up" or nil
end

-- A folder as `lsqm init` makes it, with the rows above.
local function own_folder(lab)
  local own = lab.path .. "/own"
  assert.equal(0, lab:run({ "init", own }).code)
  assert(fs.write(own .. "/pipelines/weekly/rules/emulators.lua", ROWS))
  return own
end

local function validate(lab, own, emulator)
  return lab:run({ "validate", "--emulator", emulator }, { cwd = own, timeout = 400,
    config = "{ destroy = false, convergence = false }" })
end

describe("a row of the user's", function()
  local lab, own
  before_each(function()
    lab = lab_of.new { real = true }
    own = own_folder(lab)
    lab:put_parameter_app "a"
  end)
  after_each(function() lab:close() end)

  -- One run for both: a deployment by real terraform takes most of this spec's time.
  it("makes unknown programs and images emulators, which say their versions", function()
    local reason = missing()
    if reason then pending(reason) return end
    local engine = docker.connect {}
    local image = engine and engine:image(MOTO .. ":5.2.5")
    if image then lab.env.DOCKER_HOST = "unix://" .. engine.socket end
    local result = validate(lab, own, image and "tinycloud,othercloud" or "tinycloud")
    assert.equal(0, result.code, result.stderr)
    local out = json.decode(lab:run({ "compare", "--by", "emulator", "--json" }).stdout)
    local column = out.columns[1]
    assert.same({ "tinycloud", "0.3.1" }, { column.name, column.version })
    assert.equal("PARTIAL", out.rows[1].cells[1].status)
    local record = assert(lab:store():run(column.run_id))
    local r = record:results()[lab_of.hash "a"]
    assert.equal("1 of 3 tests failed", r.reason)
    assert.equal("process", record.config.emulator.driver)
    assert.matches("^%d+%.%d+%.%d+", r.provider_version)
    assert.equal(r.provider_version, record.config.provider_version)
    assert.same({}, (lab:check_contracts()))
    assert.same({}, lab:running())
    if not image then pending("no image " .. MOTO) return end
    column = out.columns[2]
    assert.same({ "othercloud", "5.2.5" }, { column.name, column.version })
    assert.matches("^sha256:", column.image_id)
    assert.equal("PARTIAL", out.rows[1].cells[2].status)
  end)

  it("adds to the stock rows, field by field, and takes away what is false", function()
    local result = validate(lab, own, "tinyclout")
    assert.matches("did you mean 'tinycloud'", result.stderr)
    result = lab:run({ "exec", "-e",
      "local r = require('std.resolve').load_rows('weekly', 'rules.emulators');"
      .. "print(r.ministack.image, r.ministack.health, r.moto.port, r.floci)" }, { cwd = own })
    assert.equal("lsqm-test/ministack\t/_localstack/health\t5000\tnil\n", result.stdout)
  end)

  it("says what a row lacks", function()
    local rows = { a = "neither image nor process", b = "no port", c = "no health path",
      d = "neither module nor argv" }
    assert(fs.write(own .. "/pipelines/weekly/rules/emulators.lua",
      "return { a = { health = '/' }, b = { image = 'x/y', health = '/' }, c = { port = 1 },"
      .. "d = { health = '/', process = { env = {} } } }"))
    for name, words in pairs(rows) do
      local result = validate(lab, own, name)
      assert.equal(2, result.code)
      assert.is_truthy(result.stderr:find(words, 1, true), result.stderr)
    end
    assert(fs.write(own .. "/pipelines/weekly/rules/emulators.lua", "return { a = 'x/y' }"))
    assert.matches("'a' must be a table", validate(lab, own, "a").stderr)
  end)
end)
