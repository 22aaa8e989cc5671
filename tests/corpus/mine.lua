-- SPDX-License-Identifier: Apache-2.0
-- `lsqm mine` with its stock sources, twice, on the public templates: a fake GitHub serves the
-- corpus' repositories as archives, a fake registry its modules. Prints what each run found and
-- what it asked for.
--   build/lsqm exec tests/corpus/mine.lua [corpus=DIR]
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local archive = require "std.archive"
local corpus = dofile(HERE .. "/corpus.lua")
local fs = require "std.fs"
local github_of = dofile(HERE .. "/../fakes/github.lua")
local json = require "std.json"
local lab_of = dofile(HERE .. "/../pipelines/lab.lua")
local registry_of = dofile(HERE .. "/../fakes/registry.lua")
local sha256 = require "std.sha256"
local time = require "std.time"

local function packed(dir, name)
  local files = {}
  for _, path in ipairs(assert(fs.walk(dir))) do
    files[#files + 1] = { path = name .. "-0/" .. path, file = fs.join(dir, path) }
  end
  return assert(archive.tar(nil, files, { gzip = true }))
end

-- Everything that the corpus has, as the two services would have it.
local function services(dir)
  local repos, orgs, modules = {}, { ["aws-solutions"] = {} }, {}
  for _, entry in ipairs(assert(fs.list(dir))) do
    local owner, name = entry.name:match "^([^+]+)%+(.+)$"
    if owner then
      local full, bytes = owner .. "/" .. name, packed(fs.join(dir, entry.name), name)
      repos[full] = { sha = sha256.string(bytes):sub(1, 40), tarball = bytes }
      orgs[owner] = orgs[owner] or {}
      table.insert(orgs[owner], full)
      local provider, module = name:match "^terraform%-(%w+)%-(.+)$"
      if provider then
        modules[("%s/%s/%s"):format(owner, module, provider)] = { ["1.0.0"] = {
          place = ("git::https://github.com/%s?ref=%s"):format(full, repos[full].sha) } }
      end
    end
  end
  return repos, orgs, modules
end

local function mine(lab, github, registry)
  local used, fetched, asked = github.used, #github.downloads, #registry.paths
  local begin = time.now()
  local result = lab:run({ "mine", "--json" }, { timeout = 1800, env = { GITHUB_TOKEN = "t",
    GITHUB_API_URL = github.url, TF_REGISTRY_URL = registry.url } })
  local report = assert(json.decode(result.stdout), result.stderr)
  print(("exit %d, %.0f s: %d found: %s"):format(result.code, time.now() - begin, report.found,
    json.encode(report.counts)))
  print(("  GitHub: %d requests that cost, %d archives; registry: %d requests"):format(
    github.used - used, #github.downloads - fetched, #registry.paths - asked))
  for _, source in ipairs(report.sources) do
    print(("  %-60s %s %s"):format(source.source, json.encode(source.counts),
      table.concat(source.problems, "; "):sub(1, 120)))
  end
end

local dir = corpus.find((... or ""):match "^corpus=(.*)$")
if not dir then
  print "the corpus is not there"
  os.exit(3)
end
local repos, orgs, modules = services(dir)
local github <close> = assert(github_of.new { repos = repos, orgs = orgs })
local registry <close> = registry_of.new(modules)
local lab <close> = lab_of.new { real = true }
mine(lab, github, registry)
mine(lab, github, registry)
