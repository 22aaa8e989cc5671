-- SPDX-License-Identifier: Apache-2.0
-- sync, as a user runs it: every kind of artifact repository, and damaged ones.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local git = require "std.git"
local json = require "std.json"

describe("sync", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function sync(remote)
    return lab:run({ "sync" }, { env = { ARTIFACT_REPO = remote } })
  end

  -- A bare repository with one finished run of one architecture in it.
  local function publish()
    local bare = lab.path .. "/remote.git"
    assert(git.init(bare, { bare = true }))
    lab:put("a")
    local result = sync(bare)
    assert.equal(0, result.code, result.stderr)
    assert.equal(0, lab:run({ "validate" }).code)
    result = lab:run({ "push" }, { env = { ARTIFACT_REPO = bare } })
    assert.equal(0, result.code, result.stderr)
    return bare
  end

  -- A second lab that works with the same repository.
  local function colleague()
    local other = lab_of.new()
    finally(function() other:close() end)
    return other
  end

  it("begins a repository where there is none", function()
    local result = sync()
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "began a new repository in " .. lab.repo)
    assert.contains(result.stdout, "0 architectures, baseline run none")
    assert.is_true(fs.is_dir(lab.repo .. "/.git"))
    assert.same({}, (lab:check_contracts()))
    assert.contains(sync().stdout, "using " .. lab.repo)
  end)

  it("clones, then pulls, and names the baseline", function()
    local bare = publish()
    local run_id = lab:latest().run_id
    local other = colleague()
    local env = { ARTIFACT_REPO = bare }
    local result = other:run({ "sync" }, { env = env })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "cloned " .. bare)
    assert.contains(result.stdout, "1 architectures, baseline run " .. run_id)
    lab:put("b")
    assert.equal(0, lab:run({ "validate" }).code)
    assert.equal(0, lab:run({ "push" }, { env = env }).code)
    result = other:run({ "sync" }, { env = env })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "pulled " .. bare)
    assert.contains(result.stdout, "2 architectures, baseline run " .. lab:latest().run_id)
  end)

  it("joins work that was done before the repository was named", function()
    local bare = publish()
    local other = colleague()
    other:put("b")
    local result = other:run({ "sync" }, { env = { ARTIFACT_REPO = bare } })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "2 architectures")
    local index = other:store():index().architectures
    assert.is_truthy(index[lab_of.hash "a"] and index[lab_of.hash "b"])
    assert.same({}, (other:check_contracts()))
  end)

  it("brings two sides together: nobody's run is lost", function()
    local bare = publish()
    local env = { ARTIFACT_REPO = bare }
    local other = colleague()
    assert.equal(0, other:run({ "sync" }, { env = env }).code)
    for i, one in ipairs { lab, other } do
      one:put(i == 1 and "c" or "d")
      assert.equal(0, one:run({ "validate" }).code)
      -- the second push is rejected at first: the remote has moved on
      local result = one:run({ "push" }, { env = env })
      assert.equal(0, result.code, result.stderr)
    end
    local result = sync(bare)
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "3 architectures")
    assert.equal(3, #lab:store():runs { finished = true })
    -- work that was never pushed, and a remote that moved on meanwhile
    lab:put("e")
    assert.equal(0, lab:run({ "validate" }).code)
    local repo = assert(git.open(lab.repo))
    assert(repo:commit { message = "mine", all = true })
    other:put("f")
    assert.equal(0, other:run({ "sync" }, { env = env }).code)
    assert.equal(0, other:run({ "validate" }).code)
    assert.equal(0, other:run({ "push" }, { env = env }).code)
    result = sync(bare)
    assert.equal(0, result.code, result.stderr)
    assert.equal(5, #lab:store():runs { finished = true })
    assert.same({}, (lab:check_contracts()))
    assert.same({}, lab:store():problems())
  end)

  it("uses a local working tree in place, and an empty folder", function()
    local tree = lab.path .. "/tree"
    assert(fs.mkdir(tree))
    assert.contains(sync(tree).stdout, "began a new repository in " .. tree)
    lab.repo = tree
    lab:put("a")
    local result = sync(tree)
    assert.contains(result.stdout, "using " .. tree)
    assert.contains(result.stdout, "1 architectures")
    assert.is_false(fs.exists(lab.workspace .. "/artifacts"))
  end)

  it("sets a damaged index aside, says so, and makes it anew", function()
    assert.equal(0, sync().code)
    lab:put("a")
    local path = lab.repo .. "/architectures/index.json"
    assert(fs.write(path, '{"version": 1, "architectures": {"aaaa'))
    local result = sync()
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stderr, "architectures/index.json:1:")
    assert.contains(result.stderr, "was kept as")
    local aside
    for _, entry in ipairs(fs.list(lab.repo .. "/architectures")) do
      if entry.name:find("^index%.json%.corrupt%-") then aside = entry.name end
    end
    assert.contains(fs.read(lab.repo .. "/architectures/" .. aside), '"aaaa')
    assert.equal(1, assert(json.read(path)).count)
    assert.contains(result.stdout, "1 architectures")
  end)

  it("names what it cannot reach or use", function()
    local result = sync(lab.path .. "/nowhere.git")
    assert.equal(3, result.code)
    assert.contains(result.stderr, "nowhere.git")
    assert(fs.mkdir(lab.path .. "/full"))
    assert(fs.write(lab.path .. "/full/letter.txt", "dear"))
    result = sync(lab.path .. "/full")
    assert.equal(3, result.code)
    assert.contains(result.stderr, "neither empty nor a git repository")
    assert.same({ "letter.txt" }, assert(fs.walk(lab.path .. "/full")))
  end)

  it("says what a dry run would do and touches nothing", function()
    local bare = publish()
    local other = colleague()
    local before = lab_of.snapshot(other.path)
    local result = other:run({ "--dry-run", "sync" }, { env = { ARTIFACT_REPO = bare } })
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "would clone: " .. bare)
    assert.same(before, lab_of.snapshot(other.path))
    assert.is_false(fs.exists(other.workspace))
  end)
end)
