-- SPDX-License-Identifier: Apache-2.0
-- Mining GitHub while the network does what networks do: each scripted fault ends as the
-- specification says, and never keeps the other sources from being mined. Nobody sleeps here: the
-- pauses are counted.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local api_of = require "std.github.api"
local archive = require "std.archive"
local fake = dofile(here .. "/../fakes/github.lua")
local fs = require "std.fs"
local log_of = require "std.log"
local mining = require "std.mining"
local store_of = require "std.store"

local TOKEN <const> = "ghp_notarealtoken0123456789"

local function queue(name)
  return ("AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Queue:\n"
    .. "    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: %s\n"):format(name)
end

-- As GitHub packs it: one folder named after owner, repository and commit.
local function tarball(files)
  local entries = {}
  for name, text in pairs(files) do
    entries[#entries + 1] = { path = "acme-one-1111111/" .. name, data = text, mode = 420 }
  end
  table.sort(entries, function(a, b) return a.path < b.path end)
  return archive.tar(nil, entries, { gzip = true })
end

local function repo(letter, files)
  return { sha = letter:rep(40), tarball = tarball(files) }
end

-- A tar entry with a name that no honest tool would write.
local function hostile_tarball(name)
  local function field(text, width) return text .. ("\0"):rep(width - #text) end
  local head = field(name, 100) .. field("0000644", 8) .. field("0000000", 8)
    .. field("0000000", 8) .. field("00000000004", 12) .. field("00000000000", 12)
    .. (" "):rep(8) .. "0" .. ("\0"):rep(100) .. field("ustar", 6) .. "00" .. ("\0"):rep(247)
  local sum = 0
  for i = 1, #head do sum = sum + head:byte(i) end
  head = head:sub(1, 148) .. ("%06o\0 "):format(sum) .. head:sub(157)
  return head .. "evil" .. ("\0"):rep(508 + 1024)
end

describe("mining GitHub", function()
  local dir, github, waits, api

  before_each(function()
    dir = assert(fs.tempdir("mine-github-"))
    waits = {}
    github = assert(fake.new { orgs = { acme = { "acme/one" } },
      repos = { ["acme/one"] = repo("1", { ["queue.yaml"] = queue "one" }) } })
    assert(fs.mkdir(dir.path .. "/local"))
    assert(fs.write(dir.path .. "/local/other.yaml", queue "other"))
  end)

  after_each(function()
    assert.same({}, github.front.mistakes)
    github:__close()
    dir:close()
  end)

  -- Mines the organisation, then a folder. A timeout that a test can wait for.
  local function mine(source)
    api = api_of.new { token = TOKEN, api_url = github.url, cache = dir.path .. "/work/answers",
      timeout = 0.5, sleep = function(seconds) waits[#waits + 1] = seconds end }
    local report = assert(mining.run {
      sources = { source or { type = "github", org = "acme" },
        { type = "dir", path = dir.path .. "/local", base_url = "https://example.org/local" } },
      store = assert(store_of.open(dir.path .. "/store")), log = log_of.new { sinks = {} },
      services = { unsupported_reason = function() return nil end }, emulator = "ministack",
      workdir = dir.path .. "/work", github = api,
      progress = { line = function() end },
    })
    local outcomes = {}
    for _, entry in ipairs(report.entries) do
      outcomes[entry.source_url:match "[^/]+/[^/]+$"] = entry.outcome
    end
    return outcomes, report
  end

  local FAULTS = {
    { "a primary limit that is over soon", function()
      return { status = 403, headers = { ["X-RateLimit-Remaining"] = "0",
        ["X-RateLimit-Reset"] = tostring(os.time() + 20) }, body = "{}" }
    end, mined = true, waits = { 18, 22 } },
    { "a primary limit for the rest of the hour", function()
      return { status = 403, headers = { ["X-RateLimit-Remaining"] = "0",
        ["X-RateLimit-Reset"] = tostring(os.time() + 3000) }, body = "{}" }
    end, mined = false, problem = "primary rate limit is used up for %d+ s", requests = 1 },
    { "a secondary limit with a time", function()
      return { status = 403, headers = { ["Retry-After"] = "7" }, body = "{}" }
    end, mined = true, waits = { 7, 8 } },
    { "a secondary limit without one", function()
      return { status = 403, headers = {},
        body = '{"message":"You have exceeded a secondary rate limit."}' }
    end, mined = true, waits = { 60, 60 } },
    { "429 without a time", function() return { status = 429, headers = {}, body = "" } end,
      mined = true, waits = { 60, 60 } },
    { "a secondary limit that lasts", function()
      return { status = 429, headers = { ["Retry-After"] = "900" }, body = "" }
    end, mined = false, problem = "secondary rate limit", requests = 1 },
    { "one 500", function() return { status = 500, headers = {}, body = "oops" } end,
      mined = true, waits = { 0.5, 1 } },
    { "nothing but 502", function() return { status = 502, headers = {}, body = "" } end,
      times = 99, mined = false, problem = "HTTP 502", requests = 4 },
    { "JSON cut in half", function(reply)
      return { body = reply.body:sub(1, #reply.body // 2) }
    end, mined = true, waits = { 0.5, 1 } },
    { "JSON cut in half every time", function(reply)
      return { body = reply.body:sub(1, #reply.body // 2) }
    end, times = 99, mined = false, problem = "not whole JSON", requests = 4 },
    { "an empty object for a list", function() return { body = '"no"' } end, mined = false,
      problem = "is no list" },
    { "a body that never ends", function() return { stall = true } end, mined = true,
      waits = { 0.5, 1 } },
    { "no answer", function() return { silence = true } end, mined = true, waits = { 0.5, 1 } },
    { "a connection that is reset", function() return { reset = true } end, mined = true,
      waits = { 0.5, 1 } },
    { "a connection that is reset every time", function() return { reset = true } end, times = 99,
      mined = false, problem = "acme/repos", requests = 4 },
    { "a connection that closes early", function() return { cut = 5 } end, mined = true,
      waits = { 0.5, 1 } },
    { "404", function() return { status = 404, body = '{"message":"Not Found"}' } end,
      mined = false, problem = "HTTP 404 Not Found", requests = 1 },
    { "401", function() return { status = 401, body = '{"message":"Bad credentials"}' } end,
      mined = false, problem = "HTTP 401 Bad credentials", requests = 1 },
    { "a next page on another host", function()
      return { headers = { Link = '<http://localhost:1/x>; rel="next"' } }
    end, mined = false, problem = "another host" },
  }

  for _, row in ipairs(FAULTS) do
    it("lists an organisation despite " .. row[1], function()
      github:fault("^/orgs/", row[2], row.times)
      local outcomes, report = mine()
      assert.equal(row.mined and "new" or nil, outcomes["one/queue.yaml"])
      assert.equal("new", outcomes["local/other.yaml"])
      if row.problem then
        assert.equal(1, #report.problems)
        assert.matches(row.problem, tostring(report.problems[1]))
        assert.is_nil(tostring(report.problems[1]):find(TOKEN, 1, true))
        -- A limit is no failure of the environment: the next run goes on.
        assert.equal(row.problem:find "rate limit" and 0 or 1, #report.unreached)
      else
        assert.same({}, report.problems)
      end
      if row.requests then assert.equal(row.requests, #github.requests) end
      if row.waits then
        assert.equal(1, #waits)
        assert.truthy(waits[1] >= row.waits[1] and waits[1] <= row.waits[2], waits[1])
      end
    end)
  end

  local function other_bytes(bytes) return { status = 200, body = bytes } end

  -- What the archive's host does: fields of a reply, whether the repository is mined in the end.
  local ARCHIVES = {
    { "a transfer that ends early", { cut = 40 }, mined = true },
    { "a reset transfer", { reset = true }, mined = true },
    { "a transfer that ends early every time", { cut = 40 }, times = 99, problem = "tarball" },
    { "an archive that is cut off", other_bytes(tarball({ ["queue.yaml"] = queue "one",
      ["more"] = ("x"):rep(100000) }):sub(1, 150)), problem = "acme/one" },
    { "what is no archive", other_bytes "<html>not here</html>", problem = "acme/one" },
    { "a path that leads out", other_bytes(hostile_tarball "../../../evil"), problem = "evil" },
    { "an absolute path", other_bytes(hostile_tarball "/tmp/lsqm-evil"), problem = "evil" },
    { "a bomb", other_bytes(archive.tar(nil, { { path = "a/zeros", data = ("\0"):rep(64 << 20),
      mode = 420 } }, { gzip = true })), problem = "times its size" },
    { "404", { status = 404, body = "" }, problem = "HTTP 404" },
    { "an empty answer once", { status = 200, body = "" }, mined = true },
    { "nothing but empty answers", { status = 200, body = "" }, times = 99,
      problem = "without a byte" },
  }

  for _, row in ipairs(ARCHIVES) do
    it("reads a repository despite " .. row[1], function()
      github:fault("legacy", row[2], row.times)
      local outcomes, report = mine()
      assert.equal(row.mined and "new" or nil, outcomes["one/queue.yaml"])
      assert.equal("new", outcomes["local/other.yaml"])
      assert.equal(row.mined and 0 or 1, #report.problems)
      assert.equal(0, #report.unreached) -- one repository, not the source
      if row.problem then assert.matches(row.problem, tostring(report.problems[1])) end
      assert.is_false(fs.exists(dir.path .. "/work/evil"))
      assert.is_false(fs.exists "/tmp/lsqm-evil")
      if row.mined then return end
      -- Nothing half is left behind: next time it is there.
      github.faults = {}
      assert.equal("new", (mine())["one/queue.yaml"])
      local left = assert(fs.list(dir.path .. "/work/sources/trees"))
      assert.equal(2, #left)
    end)
  end

  it("gives the token to the API's host only", function()
    github:fault("^/repos/acme/one/commits", function()
      return { status = 301, headers = { Location = github.files.url .. "/elsewhere" } }
    end)
    mine()
    assert.truthy(#github.downloads >= 1)
    for _, request in ipairs(github.downloads) do
      assert.is_nil(request.headers.authorization)
      assert.is_nil(request.headers["x-github-api-version"])
    end
    for _, request in ipairs(github.requests) do
      assert.equal("Bearer " .. TOKEN, request.headers.authorization)
    end
  end)

  it("asks for nothing that it has, and fetches only what changed", function()
    github.orgs.acme = { "acme/one", "acme/two", "acme/none" }
    github.repos["acme/two"] = repo("2", { ["queue.yaml"] = queue "two" })
    github.repos["acme/none"] = repo("3", { ["README.md"] = "words" })
    assert.same({ ["one/queue.yaml"] = "new", ["two/queue.yaml"] = "new",
      ["local/other.yaml"] = "new" }, (mine()))
    assert.equal(3, #github.downloads)
    assert.is_false(fs.exists(dir.path .. "/work/sources/trees/acme+none"))
    local used, asked = github.used, #github.requests
    local outcomes, report = mine()
    assert.same({ ["one/queue.yaml"] = "known", ["two/queue.yaml"] = "known",
      ["local/other.yaml"] = "known" }, outcomes)
    assert.same({ used, 3 }, { github.used, #github.downloads })
    assert.same({ 3, 3 }, { report.notes[1].visited, report.notes[1].unchanged })
    assert.equal(asked + 1, #github.requests) -- nothing was pushed anywhere, says the list
    github.repos["acme/two"] = repo("4", { ["queue.yaml"] = queue "changed" })
    for name in pairs(github.repos) do github.repos[name].pushed_at = "2026-02-02T00:00:00Z" end
    assert.equal("superseded", (mine())["two/queue.yaml"])
    assert.same({ used + 3, 4 }, { github.used, #github.downloads }) -- list, commit and archive
    assert.equal(2, api.unchanged) -- the commits of the other two
  end)

  it("says what it leaves out and why", function()
    github.orgs.acme = { "acme/one", "acme/fork", "acme/big", "acme/empty", "acme/unborn" }
    github.repos["acme/fork"] = { sha = ("2"):rep(40), fork = true }
    github.repos["acme/big"] = { sha = ("2"):rep(40), size = 300 * 1024 }
    github.repos["acme/empty"] = { sha = ("2"):rep(40), size = 0 }
    github.repos["acme/unborn"] = { empty = true }
    local _, report = mine()
    local reasons = {}
    for _, one in ipairs(report.notes[1].skipped) do reasons[one.name] = one.reason end
    assert.same({ ["acme/fork"] = "a fork", ["acme/empty"] = "empty", ["acme/unborn"] = "empty",
      ["acme/big"] = "300 MB; repositories are read up to 200" }, reasons)
    assert.same({}, report.problems)
  end)

  it("stops asking once a limit lasts, says it once, and uses what is here", function()
    github.orgs.acme = { "acme/one", "acme/two", "acme/three" }
    github.repos["acme/two"] = repo("2", { ["queue.yaml"] = queue "two" })
    github.repos["acme/three"] = repo("3", { ["queue.yaml"] = queue "three" })
    mine()
    local before = #github.requests
    github.repos["acme/four"] = repo("4", { ["queue.yaml"] = queue "four" })
    table.insert(github.orgs.acme, 1, "acme/four")
    for name in pairs(github.repos) do github.repos[name].pushed_at = "2026-02-02T00:00:00Z" end
    github:fault("^/repos/", { status = 429, headers = { ["Retry-After"] = "900" } }, 99)
    local outcomes, report = mine()
    assert.same({ ["one/queue.yaml"] = "known", ["two/queue.yaml"] = "known",
      ["three/queue.yaml"] = "known", ["local/other.yaml"] = "known" }, outcomes)
    assert.equal(1, #report.problems)
    assert.equal(3, report.problems[1].more)
    assert.equal(before + 2, #github.requests)
  end)

  it("fetches so many new ones in a run, and the next ones in the next", function()
    github.orgs.acme = { "acme/one", "acme/two", "acme/three" }
    github.repos["acme/two"] = repo("2", { ["queue.yaml"] = queue "two" })
    github.repos["acme/three"] = repo("3", { ["queue.yaml"] = queue "three" })
    local source = { type = "github", org = "acme", limit = 2 }
    assert.same({ ["one/queue.yaml"] = "new", ["two/queue.yaml"] = "new",
      ["local/other.yaml"] = "new" }, (mine(source)))
    local outcomes, report = mine(source)
    assert.same({ ["one/queue.yaml"] = "known", ["two/queue.yaml"] = "known",
      ["three/queue.yaml"] = "new", ["local/other.yaml"] = "known" }, outcomes)
    assert.same({ 1, 2 }, { report.notes[1].fetched, report.notes[1].unchanged })
  end)

  it("reads one repository, an account's, and those of a name", function()
    github.orgs.acme = { "acme/one", "acme/two-x", "acme/three-x" }
    github.repos["acme/two-x"] = repo("2", { ["queue.yaml"] = queue "two" })
    github.repos["acme/three-x"] = repo("3", { ["queue.yaml"] = queue "three" })
    local function found(source)
      local names = {}
      for name in pairs((mine(source))) do names[#names + 1] = name:match "^[^/]+" end
      table.sort(names)
      return table.concat(names, " ")
    end
    assert.equal("local one", found { type = "github", repo = "acme/one" })
    assert.equal("local three-x two-x", found { type = "github", user = "acme", match = "*-x" })
  end)
end)
