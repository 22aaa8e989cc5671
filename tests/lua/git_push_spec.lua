-- SPDX-License-Identifier: Apache-2.0
-- Pushes of several processes at once to one repository on this machine: none may be lost.

local fs = require "std.fs"
local git = require "std.git"
local process = require "std.process"
local uv = require "luv"

local RUNNERS, COMMITS = 4, 25

local RUNNER = [[
local fs, git = require "std.fs", require "std.git"
local path, name, commits = ...
local repo = assert(git.open(path))
for i = 1, tonumber(commits) do
  assert(fs.write(path .. "/" .. name .. "-" .. i, "x"))
  assert(repo:commit { message = name .. i, all = true })
  assert(repo:publish { attempts = 200 })
end
]]

describe("git.publish by several processes at once", function()
  it("loses no commit and leaves no reference behind", function()
    local dir <close> = assert(fs.tempdir("pushes-"))
    local bare, script = fs.join(dir.path, "b.git"), fs.join(dir.path, "runner.lua")
    assert(fs.write(script, RUNNER))
    assert(git.init(bare, { bare = true }))
    local first = assert(git.clone { url = bare, path = fs.join(dir.path, "first") })
    assert(fs.write(fs.join(first.path, "start"), "x"))
    assert(first:commit { message = "start", all = true })
    assert(first:push())
    local running = {}
    for i = 1, RUNNERS do
      local path = fs.join(dir.path, "r" .. i)
      -- the address of the second half is written the other way
      assert(git.clone { url = (i % 2 == 0 and "file://" or "") .. bare, path = path })
      -- Of a listing that fails libgit2 1.5 leaks the references that it has read so far.
      running[i] = assert(process.start { timeout = 120, env = { ASAN_OPTIONS = "detect_leaks=0" },
        argv = { uv.exepath(), "exec", script, path, "r" .. i, tostring(COMMITS) } })
    end
    for i = 1, RUNNERS do
      local result = running[i]:wait()
      assert.equal(0, result.code, result.stderr)
    end
    local check = fs.join(dir.path, "check")
    local all = assert(git.clone { url = bare, path = check }):log(1000)
    assert.equal(RUNNERS * COMMITS + 1, #all)
    assert.equal(RUNNERS * COMMITS + 2, #fs.list(check)) -- and the first one's, and .git
    assert.same({}, fs.list(fs.join(bare, "refs/lsqm")) or {})
  end)
end)
