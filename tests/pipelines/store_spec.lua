-- SPDX-License-Identifier: Apache-2.0
-- The artifact repository: what is written, what survives damage, what a resumed run knows.

local fs = require "std.fs"
local json = require "std.json"
local store_of = require "std.store"

local HASH_A, HASH_B = "a1b2c3d4e5f67890", "b1b2c3d4e5f67890"

local function arch(hash, extra)
  local meta = {
    hash = hash, source_url = "https://example.org/" .. hash, source_type = "github",
    discovered_at = "2026-01-10T00:00:00Z", services = { "s3", "sqs" }, resource_count = 2,
    name = "arch-" .. hash:sub(1, 1),
  }
  for key, value in pairs(extra or {}) do meta[key] = value end
  return meta
end

local function result(hash, status, extra)
  local out = {
    arch_hash = hash, status = status, duration_seconds = 1.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:01:00Z",
    pytest_results = { total = 1, passed = 1, failed = 0, skipped = 0 },
    error_message = status == "ERROR" and "no socket" or nil,
  }
  for key, value in pairs(extra or {}) do out[key] = value end
  return out
end

local APP = { ["conftest.py"] = "", ["app.py"] = "", ["test_app.py"] = "",
  ["requirements.txt"] = "boto3\npytest\n" }

describe("std.store", function()
  local dir, store

  before_each(function()
    dir = fs.tempdir("store")
    store = assert(store_of.open(dir.path))
  end)

  after_each(function() dir:close() end)

  local function run_of(statuses, emulator)
    local run = assert(store:new_run({ parallel = 2 }, emulator or { name = "ministack" }))
    for hash, status in pairs(statuses) do assert(run:put_result(result(hash, status))) end
    assert(run:finish())
    return run
  end

  it("initialises an empty repository", function()
    local index = assert(json.read(fs.join(dir.path, "architectures", "index.json")))
    assert.equal(0, index.count)
    assert.is_true(fs.exists(fs.join(dir.path, "reports", "latest")))
    assert.same({}, store:problems())
  end)

  it("stores an architecture with its files and lists it", function()
    assert(store:put_architecture(arch(HASH_A), { ["main.tf"] = "# a", ["x/y.json"] = "{}" }))
    assert(store:save_index())
    assert.equal("{}", fs.read(fs.join(store:arch_dir(HASH_A), "x", "y.json")))
    local again = assert(store_of.open(dir.path))
    assert.equal("arch-a", again:architectures()[1].name)
    assert.is_false(again:index().architectures[HASH_A].has_app)
  end)

  it("refuses a file name that leaves the folder, writing none", function()
    local ok, err = store:put_architecture(arch(HASH_A), { ["../evil"] = "x" })
    assert.is_nil(ok)
    assert.equal("unsafe", err.code)
    assert.is_false(fs.exists(fs.join(dir.path, "architectures", "evil")))
  end)

  it("refuses a record that breaks the data model, naming the field", function()
    local ok, err = store:put_architecture(arch(HASH_A, { resource_count = 0 }))
    assert.is_nil(ok)
    assert.matches("resource_count must be at least 1", tostring(err))
    ok, err = store:put_architecture(arch(HASH_A, { services = {} }))
    assert.is_nil(ok)
    assert.matches("services must have 1 or more items", tostring(err))
  end)

  it("raises for a hash that could be a path", function()
    assert.has_error(function() store:arch_dir("../../etc") end)
  end)

  it("stores apps only whole", function()
    assert(store:put_architecture(arch(HASH_A)))
    local meta = { arch_hash = HASH_A, generated_at = "2026-01-10T00:00:00Z",
      generator_version = "1.0.0", model_used = "rules", input_tokens = 0, output_tokens = 0 }
    local ok, err = store:put_app(meta, { ["app.py"] = "" })
    assert.is_nil(ok)
    assert.matches("no conftest.py", tostring(err))
    assert(store:put_app(meta, APP))
    assert.equal("rules", store:app(HASH_A).model_used)
    assert.is_true(store:index().architectures[HASH_A].has_app)
    assert(fs.remove(fs.join(store:app_dir(HASH_A), "app.py")))
    assert.is_nil(store:app(HASH_A))
  end)

  describe("runs", function()
    it("keep no secret in the snapshot", function()
      local run = assert(store:new_run({
        github_token = "ghp_x", slack_webhook_url = "https://hooks/x", token_budget = 7,
        anthropic = { api_key = "k", model = "m" }, artifact_repo = "https://me:tok@host/r.git",
      }, { name = "ministack", version = "1.5.33" }))
      local text = assert(fs.read(run:path("config.json")))
      for _, word in ipairs { "ghp_x", "hooks", "tok@", '"k"' } do
        assert.is_nil(text:find(word, 1, true), word)
      end
      assert.equal(7, run.config.token_budget)
      assert.equal("1.5.33\n", fs.read(run:path("localstack_version.txt")))
    end)

    it("know what is done after being cut off", function()
      local run = assert(store:new_run({}, { name = "ministack" }))
      assert(run:put_result(result(HASH_A, "PASSED")))
      local again = assert(assert(store_of.open(dir.path)):open_run(run.run_id))
      assert.same({ [HASH_A] = "PASSED" }, again:done())
      assert.is_false(again:is_finished())
      assert.equal(1, again:summary().passed)
    end)

    it("count a damaged result as not done, keep it and say so", function()
      local run = run_of { [HASH_A] = "PASSED", [HASH_B] = "FAILED" }
      local path = run:path("results", HASH_B .. ".json")
      assert(fs.write(path, '{"arch_hash": "b1'))
      local reader = assert(store_of.open(dir.path))
      assert.same({ [HASH_A] = "PASSED" }, assert(reader:open_run(run.run_id)):done())
      local problem = reader:problems()[1]
      assert.matches("%.corrupt%-%d", problem.set_aside)
      assert.equal('{"arch_hash": "b1', fs.read(problem.set_aside))
    end)

    it("are read one by one, and without their logs where these are not asked for", function()
      local run = assert(store:new_run({}, { name = "ministack" }))
      for _, hash in ipairs { HASH_B, HASH_A } do
        assert(run:put_result(result(hash, "FAILED", { container_logs = "long " .. hash,
          terraform_apply = { success = false, logs = "longer" } })))
      end
      assert(fs.write(run:path("results", "c1b2c3d4e5f67890.json"), "{"))
      local opened, seen = assert(store:open_run(run.run_id)), {}
      for hash, whole in opened:each() do seen[#seen + 1] = hash .. whole.container_logs end
      assert.same({ HASH_A .. "long " .. HASH_A, HASH_B .. "long " .. HASH_B }, seen)
      local outcome = opened:outcomes()[HASH_A]
      assert.same({ "FAILED", false }, { outcome.status, outcome.terraform_apply.success })
      assert.is_nil(outcome.container_logs or outcome.terraform_apply.logs)
      assert.equal("longer", opened:result(HASH_A).terraform_apply.logs)
      assert(opened:put_result(result(HASH_A, "PASSED", { container_logs = "x" })))
      assert.equal("PASSED", opened:outcomes()[HASH_A].status)
      assert.is_nil(opened:outcomes()[HASH_A].container_logs)
      assert.same({ 2, 1 }, { opened:counts().total, opened:counts().passed })
    end)

    it("sum the statuses up, whatever the caller says", function()
      local run = assert(store:new_run({}, { name = "ministack" }))
      assert(run:put_result(result(HASH_A, "PASSED")))
      assert(run:put_result(result(HASH_B, "ERROR")))
      local summary = assert(run:finish { total = 99, passed = 99, tokens_used = 5 })
      assert.equal(2, summary.total)
      assert.equal(1, summary.passed)
      assert.equal(1, summary.error)
      assert.equal(5, summary.tokens_used)
      assert.is_true(summary.completed_at >= summary.started_at)
    end)

    it("need an error message with ERROR and test results with a verdict", function()
      local run = assert(store:new_run({}, { name = "ministack" }))
      local bad = result(HASH_A, "ERROR")
      bad.error_message = nil
      local ok, err = run:put_result(bad)
      assert.is_nil(ok)
      assert.matches("error_message is missing", tostring(err))
      bad = result(HASH_A, "FAILED")
      bad.pytest_results = nil
      ok, err = run:put_result(bad)
      assert.is_nil(ok)
      assert.matches("pytest_results is missing", tostring(err))
    end)

    it("are listed newest first, also within one second", function()
      local first, second = run_of { [HASH_A] = "PASSED" }, run_of { [HASH_A] = "PASSED" }
      local list = store:runs()
      assert.equal(second.run_id, list[1].run_id)
      assert.equal(first.run_id, list[2].run_id)
      assert.equal(1, list[1].summary.passed)
    end)

    it("are pruned oldest first, with the regressions that name them", function()
      local runs = {}
      for i = 1, 4 do
        runs[i] = run_of { [HASH_A] = i % 2 == 1 and "PASSED" or "FAILED" }
        assert(store:update_trends(runs[i]))
      end
      assert.equal(2, #store:regressions())
      local deleted = assert(store:prune(2))
      assert.same({ [runs[1].run_id] = true, [runs[2].run_id] = true },
        { [deleted[1]] = true, [deleted[2]] = true })
      assert.equal(2, #store:runs())
      assert.equal(1, #store:regressions())
      assert.equal(runs[4].run_id, store:regressions()[1].to_run_id)
    end)
  end)

  describe("damage", function()
    it("to the index is set aside, reported, and mended from the metadata", function()
      assert(store:put_architecture(arch(HASH_A)))
      run_of { [HASH_A] = "PARTIAL" }
      local path = fs.join(dir.path, "architectures", "index.json")
      assert(fs.write(path, "{ not json"))
      local again = assert(store_of.open(dir.path))
      assert.equal(1, #again:problems())
      assert.equal("{ not json", fs.read(again:problems()[1].set_aside))
      assert.matches("index.json", tostring(again:problems()[1]))
      assert.equal("PARTIAL", again:index().architectures[HASH_A].last_status)
      assert.equal(1, json.read(path).count)
    end)

    it("is only reported by a read-only store", function()
      local path = fs.join(dir.path, "trends", "regressions.json")
      assert(fs.write(path, "[[["))
      local reader = assert(store_of.open(dir.path, { readonly = true }))
      assert.same({}, reader:regressions())
      assert.equal(1, #reader:problems())
      assert.equal("[[[", fs.read(path))
      local ok, err = reader:put_architecture(arch(HASH_A))
      assert.is_nil(ok)
      assert.equal("denied", err.code)
    end)
  end)
end)
