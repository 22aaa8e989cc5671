-- SPDX-License-Identifier: Apache-2.0
-- engine: the three jobs against golden files, against what the schedulers' own tools and schemas
-- say, and with options and templates of one's own. After a wanted change write the golden files
-- anew and look at their diff:
--   LSQM_GOLDEN=write build/lsqm exec tests/busted.lua tests/pipelines/engine_spec.lua

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lab_of = dofile(here .. "/lab.lua")
local process = require "std.process"
local uv = require "luv"
local yaml = require "std.yaml"

local GOLDEN = here .. "/../golden/engine"
local CONTRACTS = here .. "/../../../shared/contracts/"
local CACHE = (os.getenv "LSQM_CACHE" or (os.getenv "XDG_CACHE_HOME"
  or (os.getenv "HOME" or "") .. "/.cache") .. "/lsqm")

local KINDS = {
  slurm = { "prepare.sbatch", "shards.sbatch", "merge.sbatch", "submit.sh" },
  ["github-actions"] = { "lsqm.yml" },
  argo = { "workflow-template.yaml", "cron-workflow.yaml" },
}

describe("lsqm engine", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function engine(kind, ...)
    local result = lab:run { "engine", kind, "--output", lab.path .. "/out", ... }
    assert.equal(0, result.code, result.stderr)
    return function(name) return assert(fs.read(lab.path .. "/out/" .. name)) end
  end

  local function plain(text)
    text = text:gsub(lab.path:gsub("%p", "%%%0"), "/LAB")
    return (text:gsub(uv.exepath():gsub("%p", "%%%0"), "/usr/bin/lsqm"))
  end

  for kind, names in pairs(KINDS) do
    it("writes for " .. kind .. " what the golden files say", function()
      local text_of = engine(kind, "--shards", "6")
      for _, name in ipairs(names) do
        assert.golden(plain(text_of(name)), ("%s/%s/%s"):format(GOLDEN, kind, name))
      end
    end)
  end

  it("writes scripts that a shell accepts and that can be run", function()
    for _, more in ipairs { {}, { "--prepared" } } do
      engine("slurm", table.unpack(more))
      for _, name in ipairs { "shards.sbatch", "merge.sbatch", "submit.sh" } do
        local path = lab.path .. "/out/" .. name
        assert.equal(493, fs.stat(path).mode & 511)
        local result = assert(process.run { argv = { "shellcheck", path } })
        assert.equal(0, result.code, result.stdout)
      end
    end
  end)

  it("writes a workflow that actionlint accepts, also one of 256 shards", function()
    local tool = CACHE .. "/actionlint/actionlint"
    if not fs.exists(tool) then return pending("no actionlint in the cache (make setup-test)") end
    for _, count in ipairs { "1", "256" } do
      engine("github-actions", "--shards", count, "--option", "partial=--partial")
      local result = assert(process.run {
        argv = { tool, "-no-color", lab.path .. "/out/lsqm.yml" } })
      assert.equal(0, result.code, result.stdout .. result.stderr)
    end
  end)

  local function schema_accepts(schema, kind, names)
    local path = CONTRACTS .. schema
    if not fs.exists(path) then return pending("no " .. schema .. " in ../shared/contracts") end
    local text_of = engine(kind, "--option", "partial=--partial")
    local validate = assert(jsonschema.compile(assert(json.read(path))))
    for _, name in ipairs(names) do
      local value = assert(yaml.decode(text_of(name)))
      local ok, why = validate(value)
      assert.is_true(ok, not ok and jsonschema.describe(why))
      value.jobs, value.spec = nil, nil
      assert.is_false((validate(value)))
    end
  end

  it("writes a workflow that GitHub's schema accepts", function()
    return schema_accepts("github-workflow.schema.json", "github-actions", { "lsqm.yml" })
  end)

  it("writes what Argo's schema accepts", function()
    return schema_accepts("argo-workflows.schema.json", "argo", KINDS.argo)
  end)

  it("fills in options, and leaves out lines whose options are empty", function()
    local text_of = engine("slurm", "--option", "partition=batch", "--option", "at_once=4")
    local text = text_of "shards.sbatch"
    assert.matches("\n#SBATCH %-%-partition=batch\n", text)
    assert.matches("\n#SBATCH %-%-array=1%-8%%4\n", text)
    assert.is_nil(text:find("account", 1, true))
  end)

  it("refuses options that are none, values that would be code, and too many shards", function()
    for _, case in ipairs {
      { "did you mean 'partition'", "slurm", "--option", "partitoin=x" },
      { "cannot be the value of partition", "slurm", "--option", "partition=x; rm -rf /" },
      { "cannot be the value of cron", "github-actions", "--option", 'cron=0" evil: "1' },
      { "takes 1 to 256 shards, not 257", "github-actions", "--shards", "257" },
      { "are for slurm", "argo", "--submit" },
    } do
      local result = lab:run { "engine", table.unpack(case, 2) }
      assert.equal(2, result.code, case[1])
      assert.is_truthy(result.stderr:find(case[1], 1, true), result.stderr)
    end
  end)

  it("uses a template of the user in place of the stock one", function()
    lab:shadow("engines/argo.lua", [[return { help = "x", max_shards = 2, options = {
      colour = { default = "red", help = "x" } }, files = { { name = "job", text =
      "run @shards@ in @colour@\n" } } }]])
    assert.equal("run 2 in blue\n", engine("argo", "--shards", "2", "--option",
      "colour=blue")("job"))
  end)

  it("prints instead, and writes nothing in a dry run", function()
    local result = lab:run { "engine", "argo", "--print" }
    assert.matches("# cron%-workflow.yaml\napiVersion", result.stdout)
    result = lab:run { "--dry-run", "engine", "slurm", "--submit" }
    assert.equal(0, result.code, result.stderr)
    assert.matches("would write", result.stdout)
    assert.is_false(fs.exists(lab.workspace .. "/engine"))
  end)
end)
