-- SPDX-License-Identifier: Apache-2.0
-- Mining a Terraform registry by its module protocol, with faults; modules that lie on GitHub come
-- as archives.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local api_of = require "std.github.api"
local archive = require "std.archive"
local fs = require "std.fs"
local github_of = dofile(here .. "/../fakes/github.lua")
local log_of = require "std.log"
local luv = require "luv"
local mining = require "std.mining"
local registry_of = dofile(here .. "/../fakes/registry.lua")
local store_of = require "std.store"

local function module(name)
  return archive.tar(nil, { { path = "main.tf", mode = 420,
    data = ('resource "aws_sqs_queue" "q" {\n  name = "%s"\n}\n'):format(name) } },
    { gzip = true })
end

describe("mining a registry", function()
  local dir, registry, github, before

  local function start(modules, options)
    registry = registry_of.new(modules, options)
    luv.os_setenv("TF_REGISTRY_URL", registry.url)
  end

  before_each(function()
    dir = assert(fs.tempdir("mine-registry-"))
    before = { TF_REGISTRY_URL = os.getenv "TF_REGISTRY_URL" or false,
      LSQM_CACHE = os.getenv "LSQM_CACHE" or false }
    luv.os_setenv("LSQM_CACHE", dir.path .. "/cache")
    github = assert(github_of.new {})
  end)

  after_each(function()
    for name, value in pairs(before) do
      if value then luv.os_setenv(name, value) else luv.os_unsetenv(name) end
    end
    if registry then registry:__close() end
    github:__close()
    dir:close()
  end)

  local function mine(source)
    source = source or { search = "queue" }
    source.type = "registry"
    local report = assert(mining.run {
      sources = { source }, store = assert(store_of.open(dir.path .. "/store")),
      log = log_of.new { sinks = {} }, emulator = "ministack", workdir = dir.path .. "/work",
      services = { unsupported_reason = function() return nil end },
      github = api_of.new { api_url = github.url, sleep = function() end },
      progress = { line = function() end }, http = { timeout = 0.5, retry_base = 0 },
    })
    local outcomes = {}
    for _, entry in ipairs(report.entries) do
      outcomes[entry.source_url:match "/modules/(.*)$"] = entry.outcome
    end
    return outcomes, report
  end

  it("takes the newest version of what a search finds, on all its pages, once", function()
    start({ ["acme/queue/aws"] = { ["1.2.0"] = module "old", ["1.10.1"] = module "new" },
      ["acme/queue-two/aws"] = { ["0.1.0"] = module "two" },
      ["else/queue/aws"] = { ["1.0.0"] = module "else" },
      ["acme/queue/google"] = { ["1.0.0"] = module "google" },
      ["acme/topic/aws"] = { ["1.0.0"] = module "topic" } }, { page = 1 })
    assert.same({ ["acme/queue/aws"] = "new", ["acme/queue-two/aws"] = "new",
      ["else/queue/aws"] = "new" }, (mine()))
    local meta
    for _, one in ipairs(store_of.open(dir.path .. "/store"):architectures()) do
      if one.source_url:find("acme/queue/aws", 1, true) then meta = one end
    end
    assert.equal("terraform_registry", meta.source_type)
    assert.equal("queue", meta.name)
    local main = assert(fs.read(dir.path .. "/work/sources/trees/acme+terraform-aws-queue/main.tf"))
    assert.truthy(main:find('"new"', 1, true))
    local asked = #registry.paths
    local outcomes, report = mine()
    assert.equal("known", outcomes["acme/queue/aws"])
    assert.equal(asked + 3 + 3, #registry.paths) -- pages of the search and versions, no archive
    assert.equal(3, report.notes[1].unchanged)
    registry.modules["acme/queue/aws"]["2.0.0"] = module "newer"
    assert.equal("superseded", (mine())["acme/queue/aws"])
  end)

  it("finds the modules where the registry says, and where it says nothing", function()
    start({ ["acme/queue/aws"] = { ["1.0.0"] = module "a" } }, { base = "/api/modules/v1" })
    assert.same({ ["acme/queue/aws"] = "new" }, (mine { module = "acme/queue/aws" }))
    registry:__close()
    start({ ["acme/queue/aws"] = { ["1.1.0"] = module "b" } }, { base = false })
    local outcomes, report = mine { module = "acme/queue/aws" }
    assert.same({}, report.problems)
    assert.same({ ["acme/queue/aws"] = "new" }, outcomes)
  end)

  it("takes a module that lies on GitHub as an archive", function()
    start { ["acme/queue/aws"] = { ["1.0.0"] = {
      place = "git::https://github.com/acme/terraform-aws-queue?ref=abc123" } } }
    github.repos["acme/terraform-aws-queue"] = { sha = ("a"):rep(40), tarball = module "git" }
    assert.same({ ["acme/queue/aws"] = "new" }, (mine()))
    assert.equal("/repos/acme/terraform-aws-queue/tarball/abc123", github.requests[1].path)
  end)

  local FAULTS = {
    { "one 500 of the search", "/search", { status = 500 }, mined = true },
    { "429 with a time", "/versions", { status = 429, headers = { ["Retry-After"] = "0" } },
      mined = true },
    { "500 every time", "/search", { status = 500 }, times = 99, problem = "answers 500" },
    { "a reset connection", "/versions", { reset = true }, mined = true },
    { "an answer that closes early", "/download", { cut = 0, status = 200, body = "xx" },
      mined = true },
    { "a body that never ends", "/search", { stall = true }, mined = true },
    { "no answer", "well%-known", { silence = true }, mined = true },
    { "one 503 of the discovery", "well%-known", { status = 503 }, mined = true },
    { "JSON cut in half", "/versions", { body = '{"modules": [{"vers' },
      problem = "not whole JSON" },
    { "a search cut in half", "/search", { body = '{"modules": [{"na' },
      problem = "not whole JSON" },
    { "404 of its versions", "/versions", { status = 404 }, problem = "answers 404" },
    { "no place", "/download", { headers = {} }, problem = "does not say where it is" },
    { "a place that is not https", "/download",
      { headers = { ["X-Terraform-Get"] = "http://localhost:1/x.tar.gz" } },
      problem = "not https" },
    { "a place on this machine", "/download",
      { headers = { ["X-Terraform-Get"] = "file:///etc" } }, problem = "not https" },
    { "an archive that closes early once", "/archives/", { cut = 20 }, mined = true },
    { "an archive that is cut off", "/archives/", { body = module("x"):sub(1, 60) },
      problem = "acme/queue/aws" },
    { "an empty archive", "/archives/", { body = "" }, problem = "without a byte" },
    { "no archive", "/archives/", { status = 404 }, problem = "answers 404" },
  }

  for _, row in ipairs(FAULTS) do
    it("goes on after " .. row[1], function()
      start { ["acme/queue/aws"] = { ["1.0.0"] = module "a" } }
      registry:fault(row[2], row[3], row.times)
      local outcomes, report = mine()
      assert.same(row.mined and { ["acme/queue/aws"] = "new" } or {}, outcomes)
      assert.equal(row.mined and 0 or 1, #report.problems)
      if row.problem then assert.matches(row.problem, tostring(report.problems[1])) end
      registry.faults = {}
      assert.same({ ["acme/queue/aws"] = row.mined and "known" or "new" }, (mine()))
    end)
  end

  it("mines the other modules when one cannot be had", function()
    start { ["acme/queue/aws"] = { ["1.0.0"] = module "a" },
      ["acme/queue-two/aws"] = { ["1.0.0"] = module "b" } }
    registry:fault("acme/queue/aws/.*/download", { status = 404 })
    local outcomes, report = mine()
    assert.same({ ["acme/queue-two/aws"] = "new" }, outcomes)
    assert.matches("acme/queue/aws", tostring(report.problems[1]))
  end)
end)
