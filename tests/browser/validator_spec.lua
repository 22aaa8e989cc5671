-- SPDX-License-Identifier: Apache-2.0
-- validator's site in a browser, served as static files: it shows what its JSON says, as text.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local driver = dofile(here .. "/driver.lua")
local fs = require "std.fs"
local json = require "std.json"
local place_of = require "pipelines.validator.model.place"
local results = require "pipelines.validator.model.results"
local runs = require "pipelines.validator.model.runs"
local server_of = dofile(here .. "/../fakes/server.lua")
local site = require "pipelines.validator.model.site"
local tracker_of = require "pipelines.validator.model.tracker"

local RUN <const>, AT <const> = "run-20260110-000000", "2026-01-10T00:00:00Z"
local HOSTILE <const> = "<img src=x onerror=\"document.title='hacked'\">"
local KINDS <const> = { html = "text/html", css = "text/css", js = "text/javascript",
  json = "application/json" }

local function fill(place)
  local list = { { id = RUN .. "/abc/good", architecture_id = "abc/good", status = "timeout" },
    { id = RUN .. "/abc/odd", architecture_id = "abc/odd", status = "skipped" } }
  for _, result in ipairs(list) do
    result.run_id, result.duration_seconds, result.reason = RUN, 1.25, HOSTILE
    result.logs = { terraform_log = ("x"):rep(500), localstack_log = "emulator " .. HOSTILE,
      app_log = "", test_output = "output" }
    assert(results.save(place, result))
  end
  local run = { id = RUN, started_at = AT, completed_at = AT, status = "completed",
    trigger = "manual", parallelism = 1, localstack_version = "ministack 1", token_usage = 0,
    token_budget = 1, results = json.array { list[1].id, list[2].id },
    statistics = runs.statistics(list), timing = runs.timing {} }
  assert(runs.save(place, run))
  local tracker = tracker_of.new()
  tracker_of.count(tracker, RUN, list)
  assert(tracker_of.save(place, tracker))
  assert(site.write_pages(place))
  assert(site.write_latest(place, run, { log = { error = error }, config = {
    github_api_url = "https://api.github.com", issue_repo = "acme/one" } }))
end

local AXE <const> = (os.getenv "LSQM_CACHE" or (os.getenv "XDG_CACHE_HOME" or os.getenv "HOME"
  .. "/.cache") .. "/lsqm") .. "/npm-browser/node_modules/axe-core/axe.min.js"

local function serve(dir)
  return server_of(function(request)
    local name = request.path == "/" and "/index.html" or request.path
    if name == "/favicon.ico" then return { status = 204 } end
    local body = fs.read(dir .. "/docs" .. name)
    return { status = body and 200 or 404, body = body or "",
      headers = { ["Content-Type"] = KINDS[name:match "%w+$"] or "text/plain" } }
  end)
end

local function rows_of(browser, table)
  return browser:run("return [...document.querySelectorAll('#" .. table .. " tbody tr')]"
    .. ".filter((r) => r.checkVisibility())"
    .. ".map((r) => [...r.cells].map((c) => c.textContent).join('|'))")
end

local function until_true(browser, script)
  for _ = 1, 100 do
    if browser:run("return " .. script) then return true end
  end
  return false
end

describe("validator's site", function()
  local dir, server, browser

  before_each(function()
    if driver.missing() then return end
    dir = assert(fs.tempdir "validator-")
    fill(place_of.open(dir.path))
    server, browser = serve(dir.path), driver.open()
  end)

  after_each(function()
    if not browser then return end
    browser:close()
    server:__close()
    dir:close()
  end)

  local function go()
    browser:go(server.url .. "/")
    assert.is_true(until_true(browser, "!document.querySelector('main').hidden"))
  end

  it("shows architectures, failures in a row and runs, and texts as texts", function()
    if not browser then return pending(driver.missing()) end
    go()
    assert.same({ "abc/good" .. HOSTILE .. "|timeout|1.3||1||" .. RUN,
      "abc/odd" .. HOSTILE .. "|skipped|1.3||||" .. RUN }, rows_of(browser, "results"))
    assert.same({ RUN .. "|2|0|0|1|1|0.0 %" }, rows_of(browser, "runs"))
    assert.equal("Architecture validation", browser:run "return document.title")
    assert.same({}, browser:console())
  end)

  it("opens an architecture's logs as texts, finds by words, says what it cannot read", function()
    if not browser then return pending(driver.missing()) end
    go()
    browser:click "#results button"
    assert.is_true(until_true(browser, "document.querySelectorAll('.more pre').length === 3"))
    assert.is_truthy(browser:text(".more"):find("emulator " .. HOSTILE, 1, true))
    browser:click "#results button"
    assert.is_false(browser:is_shown ".more")
    browser:type("#find", "SKIPPED abc")
    assert.equal(1, #rows_of(browser, "results"))
    assert.equal("1 of 2", browser:text "#found")
    assert.equal("Architecture validation", browser:run "return document.title")
    assert.same({}, browser:console())
    assert(fs.remove(dir.path .. "/docs/data/latest.json"))
    browser:go(server.url .. "/")
    assert.is_true(until_true(browser,
      "document.getElementById('run').textContent.includes('latest.json: HTTP 404')"))
  end)

  it("has no accessibility violation, light and dark, and fits a phone", function()
    local rules = fs.read(AXE)
    if not browser or not rules then return pending(driver.missing() or "no axe-core") end
    go()
    browser:click "#results button"
    assert.is_true(until_true(browser, "document.querySelectorAll('.more pre').length === 3"))
    for _, scheme in ipairs { "light", "dark" } do
      browser:media { ["prefers-color-scheme"] = scheme }
      assert.same({}, browser:violations(rules))
    end
    browser:resize { width = 360, height = 700, mobile = true }
    assert.is_true(browser:run "return document.documentElement.scrollWidth <= 360")
  end)
end)
