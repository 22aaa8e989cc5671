-- SPDX-License-Identifier: Apache-2.0
-- The report in a browser: sorting, filtering, rows, keyboard, links, the content policy,
-- accessibility, and the page without a script, on a phone and on paper.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local driver = dofile(here .. "/driver.lua")
local fixture = dofile(here .. "/../pipelines/fixture.lua")
local fs = require "std.fs"
local resolve = require "std.resolve"
local synthetic = dofile(here .. "/../bench/synthetic.lua")

local HOSTILE = "</pre><script>window.hacked=1</script><img src=x onerror=window.hacked=2> a<b>"
local RULES = (os.getenv "LSQM_CACHE" or (os.getenv "XDG_CACHE_HOME" or os.getenv "HOME"
  .. "/.cache") .. "/lsqm") .. "/npm-browser/node_modules/axe-core/axe.min.js"

local function shown(browser)
  return browser:run("return [...document.querySelectorAll('#list tbody:not([hidden]) .opener')]"
    .. ".map((e) => e.textContent)")
end

local function is_sorted(list, before)
  for i = 2, #list do
    if before(list[i], list[i - 1]) then return false, list[i - 1] .. " > " .. list[i] end
  end
  return true
end

local function serious(violations)
  local list = {}
  for _, one in ipairs(violations) do
    if one.impact == "serious" or one.impact == "critical" then
      list[#list + 1] = ("%s: %s: %s"):format(one.id, one.help, table.concat(one.nodes, " | "))
    end
  end
  return list
end

describe("the report in a browser", function()
  local reason = driver.missing()
  local dir, url, browser, failed, hostile

  setup(function()
    if reason then return end
    dir = assert(fs.tempdir("browser-"))
    local store = synthetic.make(dir.path, { architectures = 60, runs = 12, log_lines = 60 })
    hostile = fixture.hash "d"
    assert(store:put_architecture(fixture.arch("d", { name = HOSTILE, services = { "s3" } }),
      { ["main.tf"] = "# " .. HOSTILE }))
    local run = assert(store:find_run("latest"))
    assert(run:put_result(fixture.result("d", "FAILED", { reason = HOSTILE,
      container_logs = HOSTILE .. "\27[32mgreen\27[0m" })))
    assert(run:finish())
    assert.equal(0, resolve.load("weekly", "report").run(fixture.context(store), {}))
    url = "file://" .. store:path("reports", "latest", "index.html")
    for hash, result in run:each() do
      if result.status == "FAILED" and hash ~= hostile then failed = hash end
    end
    browser = driver.open()
  end)

  teardown(function()
    if browser then browser:close() end
    if dir then dir:close() end
  end)

  local function test(name, fn)
    it(name, function()
      if reason then return pending(reason) end
      browser:go("about:blank")
      browser:go(url)
      browser:console()
      fn()
    end)
  end

  test("sorts by words and by numbers, both ways", function()
    browser:click("#list thead th:nth-child(2) button")
    local lower = function(a, b) return a:lower() < b:lower() end
    assert.is_true(is_sorted(shown(browser), lower))
    assert.equal("ascending", browser:run(
      "return document.querySelector('#list th:nth-child(2)').getAttribute('aria-sort')"))
    browser:click("#list thead th:nth-child(2) button")
    assert.is_true(is_sorted(shown(browser), function(a, b) return lower(b, a) end))
    browser:click("#list thead th:nth-child(6) button")
    local seconds = browser:run("return [...document.querySelectorAll('#list tbody')]"
      .. ".map((b) => parseFloat(b.rows[0].cells[5].dataset.v))")
    assert.equal(61, #seconds)
    assert.is_true(is_sorted(seconds, function(a, b) return a < b end))
    browser:click("#services thead th:first-child button")
    assert.equal("ascending", browser:run(
      "return document.querySelector('#services th').getAttribute('aria-sort')"))
  end)

  test("searches, filters by status, service and root cause, and shows all again", function()
    browser:type("#filter", "queue worker")
    local names = shown(browser)
    assert.is_true(#names > 0 and #names < 61)
    for _, name in ipairs(names) do assert.matches("^queue worker", name) end
    assert.equal(#names .. " of 61 shown", browser:text("#shown"))
    browser:click("#clear")
    assert.equal(61, #shown(browser))
    browser:click(".chip[data-status=FAILED]")
    local count = #shown(browser)
    assert.equal(tostring(count), browser:text(".chip[data-status=FAILED] .chip-count"))
    browser:run("const s = document.getElementById('service'); s.value = 's3';"
      .. "s.dispatchEvent(new Event('change'))")
    assert.is_true(#shown(browser) < count)
    browser:click("[data-cluster='1']")
    assert.equal(browser:text("#c-1 .group-count"), tostring(#shown(browser)))
    browser:keys(driver.KEYS.escape)
    assert.equal(61, #shown(browser))
  end)

  test("opens a failure with its logs in colour, the long ones folded, and copies one", function()
    local row = "#a-" .. failed
    assert.is_false(browser:is_shown(row .. " .detail"))
    browser:click(row .. " .opener")
    assert.is_true(browser:is_shown(row .. " .log > pre"))
    assert.equal("true", browser:run("return document.querySelector(arguments[0])"
      .. ".getAttribute('aria-expanded')", row .. " .opener"))
    assert.matches("#a%-" .. failed, browser:run "return location.hash")
    local colours = browser:run("const p = document.querySelector(arguments[0]);"
      .. "return [getComputedStyle(p.querySelector('i.r')).color, getComputedStyle(p).color,"
      .. "p.textContent]", row .. " .log > pre")
    assert.are_not.equal(colours[1], colours[2])
    assert.is_nil(colours[3]:find("\27", 1, true))
    assert.matches("Error: creating part", colours[3])
    local folded = row .. " .log details"
    assert.matches("earlier lines", browser:text(folded .. " summary"))
    assert.is_false(browser:run("return document.querySelector(arguments[0]).checkVisibility()",
      folded .. " pre"))
    browser:cdp("Browser.grantPermissions", { permissions = { "clipboardReadWrite" } })
    browser:click(row .. " .copy")
    local copied = browser:evaluate("navigator.clipboard.readText()")
    assert.matches("Initializing provider plugins.*Error: creating part", copied)
    assert.matches("History.*12 runs", browser:text(row .. " .detail"))
    assert.matches("Terraform", browser:text(row .. " .terraform summary"))
    browser:click(row .. " .opener")
    assert.is_false(browser:is_shown(row .. " .detail"))
    assert.equal("", browser:run "return location.hash")
  end)

  test("works by keyboard alone", function()
    browser:keys("/")
    assert.equal("filter", browser:run "return document.activeElement.id")
    browser:type("#filter", failed)
    assert.equal(1, #shown(browser))
    local reached
    for _ = 1, 30 do
      browser:keys(driver.KEYS.tab)
      reached = browser:run "return document.activeElement.className"
      if reached == "opener" then break end
      local outline = browser:run("return getComputedStyle(document.activeElement).outlineStyle")
      assert.are_not.equal("none", outline, "no focus ring on " .. tostring(reached))
    end
    assert.equal("opener", reached)
    browser:keys(driver.KEYS.enter)
    assert.is_true(browser:is_shown("#a-" .. failed .. " .detail"))
    browser:keys(driver.KEYS.tab)
    assert.is_true(browser:run("return document.activeElement.closest('.detail') !== null"))
  end)

  test("opens the row that a link names, also when a filter hides it", function()
    browser:go("about:blank")
    browser:go(url .. "#a-" .. failed)
    assert.is_true(browser:is_shown("#a-" .. failed .. " .detail"))
    assert.is_true(browser:run("const r = document.getElementById(arguments[0])"
      .. ".getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0", "a-" .. failed))
    browser:type("#filter", "no such thing")
    assert.equal(0, #shown(browser))
    browser:run("location.hash = '#a-" .. hostile .. "'")
    browser:evaluate("new Promise((done) => setTimeout(done, 50))")
    assert.is_true(browser:is_shown("#a-" .. hostile .. " .detail"))
  end)

  test("shows hostile names and logs as text and runs nothing of them", function()
    browser:click("#a-" .. hostile .. " .opener")
    assert.equal(HOSTILE, browser:text("#a-" .. hostile .. " .opener"))
    assert.matches("</pre><script>window.hacked=1</script>",
      browser:text("#a-" .. hostile .. " .log:last-of-type pre"), 1, true)
    assert.is_true(browser:run "return window.hacked === undefined")
    assert.same({}, browser:console())
  end)

  test("breaks its content policy nowhere, and the policy holds", function()
    browser:click("#a-" .. failed .. " .opener")
    browser:click("#list thead th:nth-child(2) button")
    browser:type("#filter", "s3")
    assert.same({}, browser:console())
    local ran = browser:evaluate("(() => { const s = document.createElement('script');"
      .. "s.textContent = 'window.hacked = 3'; document.body.append(s); return window.hacked })()")
    assert.is_nil(ran)
    local reached = browser:evaluate("fetch('https://example.org/').then(() => 'reached',"
      .. "() => 'refused')")
    assert.equal("refused", reached)
    assert.matches("Content Security Policy", table.concat(browser:console(), "\n"))
  end)

  test("has no serious accessibility violation in light and dark", function()
    local rules = fs.read(RULES)
    if not rules then return pending("the npm packages of vendor/npm/browser are missing") end
    browser:click("#a-" .. failed .. " .opener")
    for _, scheme in ipairs { "light", "dark" } do
      browser:media { ["prefers-color-scheme"] = scheme }
      assert.same({}, serious(browser:violations(rules)), scheme)
    end
    browser:media {}
  end)

  test("fits a phone", function()
    browser:resize { width = 390, height = 844, mobile = true, scale = 1 }
    browser:click("#a-" .. failed .. " .opener")
    assert.is_true(browser:run "return document.documentElement.scrollWidth" <= 390)
    browser:cdp("Emulation.clearDeviceMetricsOverride")
  end)

  test("prints what is open, without the controls", function()
    browser:click("#a-" .. failed .. " .opener")
    browser:media({}, "print")
    assert.is_false(browser:is_shown("#filters"))
    assert.equal("none", browser:run("return getComputedStyle(document.querySelector("
      .. "arguments[0])).maxHeight", "#a-" .. failed .. " pre"))
    assert.is_true(browser:is_shown("#a-" .. failed .. " .log"))
    browser:media({})
    assert.matches("^%%PDF", browser:print())
  end)

  it("is complete without a script: a row's link opens it", function()
    if reason then return pending(reason) end
    local plain <close> = driver.open { script = false }
    plain:go(url)
    assert.is_false(plain:is_shown("#filters"))
    assert.is_true(plain:is_shown("#a-" .. failed .. " .opener"))
    assert.is_false(plain:is_shown("#a-" .. failed .. " .detail"))
    plain:click("#a-" .. failed .. " .opener")
    assert.is_true(plain:is_shown("#a-" .. failed .. " .detail .log"))
    assert.is_true(plain:is_shown("#services"))
  end)
end)
