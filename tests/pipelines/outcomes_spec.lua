-- SPDX-License-Identifier: Apache-2.0
-- The outcomes of a large run are kept in one file, which holds as long as the results do.
local fs = require "std.fs"
local git = require "std.git"
local store_of = require "std.store"

local COUNT <const> = 250

describe("a large run's outcomes", function()
  local dir, store, run

  local function hash_of(i) return ("%016x"):format(i * 0x9E3779B97F4A7C15) end

  local function put(i, status)
    assert(run:put_result { arch_hash = hash_of(i), status = status, duration_seconds = 1,
      started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
      reason = "because", container_logs = "log", refused = {},
      terraform_apply = { success = true, resources_created = 1, logs = "log" },
      pytest_results = { total = 1, passed = 1, failed = 0, skipped = 0 } })
  end

  local function again() return assert(store_of.open(dir.path)):find_run("latest") end

  local function kept_path()
    return fs.join(dir.path, ".git", "lsqm", "outcomes", run.run_id .. ".json")
  end

  before_each(function()
    dir = assert(fs.tempdir "outcomes-")
    assert(git.init(dir.path))
    store = assert(store_of.open(dir.path))
    run = assert(store:new_run({ parallel = 1, lsqm_version = "0" }, { name = "ministack" }))
    for i = 1, COUNT do put(i, "PASSED") end
    assert(run:finish { new_architectures = 0 })
  end)
  after_each(function() dir:close() end)

  it("are the same from the file as from the results", function()
    local kept = again()
    function kept.each() error("read one by one") end
    local outcomes = kept:outcomes()
    assert(fs.remove(kept_path()))
    assert.same(again():outcomes(), outcomes)
    assert.is_nil(kept:outcomes()[hash_of(1)].container_logs)
  end)

  it("are read again once a result is another one", function()
    again():outcomes()
    put(7, "FAILED")
    assert.equal("FAILED", again():outcomes()[hash_of(7)].status)
    assert(fs.remove(run:path("results", hash_of(8) .. ".json")))
    assert.is_nil(again():outcomes()[hash_of(8)])
    assert(fs.write(kept_path(), "{ broken"))
    assert.equal("FAILED", again():outcomes()[hash_of(7)].status)
  end)

  it("are no part of what is committed, and go with their run", function()
    again():outcomes()
    local repo = assert(git.open(dir.path))
    assert(repo:commit { message = "x", all = true })
    again():outcomes()
    assert.is_true(repo:status().clean)
    local path = kept_path()
    run = assert(store:new_run({ parallel = 1, lsqm_version = "0" }, { name = "ministack" }))
    put(1, "PASSED")
    assert(run:finish { new_architectures = 0 })
    assert(store:prune(1))
    assert.is_false(fs.exists(path))
  end)
end)
