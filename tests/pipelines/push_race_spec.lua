-- SPDX-License-Identifier: Apache-2.0
-- Runners that push to one repository at the same moment: processes, clones and a remote on disk.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local git = require "std.git"
local store_of = require "std.store"

local RUNNERS <const>, ROUNDS <const> = 4, 3
local LETTERS <const> = { "a", "b", "c", "d" }
local APP <const> = { ["conftest.py"] = "", ["app.py"] = "", ["test_app.py"] = "#",
  ["requirements.txt"] = "boto3\npytest\n" }

describe("pushes at the same moment", function()
  it("lose no run, architecture, app or trend", function()
    local lab <close> = lab_of.new()
    local bare = lab.path .. "/remote.git"
    assert(git.init(bare, { bare = true }))
    local function folder(i) return lab.path .. "/w" .. i .. "/artifacts" end
    local ids = {}
    for i = 1, RUNNERS do
      assert(fs.mkdir(fs.dirname(folder(i))))
      assert(git.clone { url = bare, path = folder(i) })
    end
    for round = 1, ROUNDS do
      local started = {}
      for i = 1, RUNNERS do
        local store = assert(store_of.open(folder(i)))
        if round == 1 then
          assert(store:put_architecture(fixture.arch(LETTERS[i]), { ["main.tf"] = "" }))
          assert(store:put_app({ arch_hash = fixture.hash(LETTERS[i]), generator_version = "1",
            generated_at = "2026-01-01T00:00:00Z", model_used = "by hand", input_tokens = 0,
            output_tokens = 0 }, APP))
        end
        ids[#ids + 1] = fixture.run(store, { [LETTERS[i]] = "PASSED" },
          { at = 1768000000 + round * 604800 + i }).run_id
      end
      for i = 1, RUNNERS do
        started[i] = lab:start({ "push" }, { env = { ARTIFACT_REPO = bare,
          LSQM_WORKSPACE = fs.dirname(folder(i)) } })
      end
      for i = 1, RUNNERS do
        local result = started[i]:wait()
        assert.equal(0, result.code, result.stderr)
      end
    end
    local path = lab.path .. "/check"
    assert(git.clone { url = bare, path = path })
    local store = assert(store_of.open(path, { readonly = true }))
    assert.same({}, store:problems())
    local kept, points = {}, {}
    for _, run in ipairs(store:runs { finished = true }) do kept[run.run_id] = true end
    for _, point in ipairs(store:trends("services").s3.history) do points[point.run_id] = true end
    for _, id in ipairs(ids) do
      assert.is_true(kept[id], "lost: " .. id)
      assert.is_true(points[id], "no trend of " .. id)
    end
    assert.equal(RUNNERS, store:index().count)
    for i = 1, RUNNERS do
      local hash = fixture.hash(LETTERS[i])
      assert.is_true(store:index().architectures[hash].has_app)
      assert.is_true(fs.is_file(path .. "/apps/" .. hash .. "/test_app.py"))
    end
    -- one whole page about the newest run, not lines of several
    local page = assert(fs.read(path .. "/reports/latest/index.html"))
    assert.matches(store:find_run("latest").run_id, page, 1, true)
    local _, ends = page:gsub("</html>", "")
    assert.equal(1, ends)
  end)
end)
