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
  assert(site.write_latest(place, run, { error = error }))
end

describe("validator's site", function()
  it("shows architectures, failures in a row and runs, and texts as texts", function()
    local reason = driver.missing()
    if reason then return pending(reason) end
    local dir <close> = assert(fs.tempdir "validator-")
    fill(place_of.open(dir.path))
    local server <close> = server_of(function(request)
      local name = request.path == "/" and "/index.html" or request.path
      if name == "/favicon.ico" then return { status = 204 } end
      local body = fs.read(dir.path .. "/docs" .. name)
      return { status = body and 200 or 404, body = body or "",
        headers = { ["Content-Type"] = KINDS[name:match "%w+$"] or "text/plain" } }
    end)
    local browser <close> = driver.open()
    browser:go(server.url .. "/")
    local rows
    for _ = 1, 50 do
      rows = browser:run("return [...document.querySelectorAll('#results tbody tr')]"
        .. ".map((r) => [...r.cells].map((c) => c.textContent).join('|'))")
      if #rows > 0 then break end
    end
    assert.same({ "abc/good|timeout|1.3||1||" .. HOSTILE, "abc/odd|skipped|1.3||||" .. HOSTILE },
      rows)
    assert.same({ RUN .. "|2|0|0|1|1|0.0 %" }, browser:run(
      "return [...document.querySelectorAll('#runs tbody tr')]"
      .. ".map((r) => [...r.cells].map((c) => c.textContent).join('|'))"))
    assert.equal("Architecture validation", browser:run "return document.title")
    assert.same({}, browser:console())
  end)
end)
