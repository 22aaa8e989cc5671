-- SPDX-License-Identifier: Apache-2.0
-- The HTML report: sections against golden files, hostile input, the content policy, size.
-- After a wanted change write the golden files anew and look at their diff:
--   LSQM_GOLDEN=write build/lsqm exec tests/busted.lua tests/pipelines/report_spec.lua

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local fs = require "std.fs"
local resolve = require "std.resolve"
local store_of = require "std.store"

local GOLDEN = here .. "/../golden/report"
local HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\27[31m\0\255"

local function render(store, config)
  local ctx = fixture.context(store, config)
  local code, err = resolve.load("weekly", "report").run(ctx, {})
  assert.equal(0, code, tostring(err))
  return assert(fs.read(store:path("reports", "latest", "index.html"))), ctx
end

local function story()
  local store, dir = fixture.store("abcdef", {
    b = { services = { "lambda", "s3" } }, e = { services = { "kinesis" } },
    f = { skipped = true, skip_reason = "unsupported services: braket" },
  })
  local at = 1768000000
  for i, statuses in ipairs {
    { a = "PASSED", b = "PASSED", c = "FAILED", d = "PARTIAL", e = "ERROR" },
    { a = "PASSED", b = "FAILED", c = "PASSED", d = "PARTIAL", e = "ERROR" },
  } do
    local run = fixture.run(store, statuses, { at = at + i * 604800, version = "1.5.3" .. i })
    assert(store:update_trends(run))
  end
  return store, dir
end

local function view_of(store)
  local run = store:find_run("latest")
  return resolve.load("weekly", "report.view").build(store, run,
    { signature = resolve.load("weekly", "rules.signature") })
end

-- Run ids differ each time; line breaks make the golden files readable.
local function settled(html)
  local ids, n = {}, 0
  html = html:gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x",
    function(id)
      if not ids[id] then
        n = n + 1
        ids[id] = "run-" .. n
      end
      return ids[id]
    end)
  return (html:gsub("(</%w+>)(<)", "%1\n%2")) .. "\n"
end

describe("report sections", function()
  for _, name in ipairs(resolve.load("weekly", "report.layout")) do
    it(name .. " matches its golden file", function()
      local store, dir = story()
      local section = resolve.load("weekly", "report.sections." .. name)
      local got = settled(tostring(section.render(view_of(store)) or ""))
      dir:close()
      assert.golden(got, ("%s/%s.html"):format(GOLDEN, name))
    end)
  end
end)

describe("lsqm report", function()
  it("writes one file that needs nothing from outside", function()
    local store, dir = story()
    local html = render(store)
    assert.matches("^<!doctype html>", html)
    assert.is_nil(html:find("<link", 1, true))
    assert.is_nil(html:find("%ssrc="))
    assert.is_nil(html:find("@import", 1, true))
    assert.is_nil(html:find("%son%a+="))
    assert.is_nil(html:find("%sstyle="), "the policy forbids style attributes")
    dir:close()
  end)

  it("allows exactly its own style and script", function()
    local store, dir = story()
    local html = render(store)
    local sha256 = require "std.sha256"
    local function hash_of(text)
      local hex = sha256.string(text)
      local bytes = hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
      -- Base64 by arithmetic on text, another way than the page's own.
      local bits = bytes:gsub(".", function(c)
        local out, b = "", c:byte()
        for i = 7, 0, -1 do out = out .. (b >> i & 1) end
        return out
      end) .. "00"
      local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
      return bits:gsub("%d%d%d%d%d%d", function(six)
        local at = tonumber(six, 2) + 1
        return alphabet:sub(at, at)
      end) .. "="
    end
    local policy = html:match('content="(default%-src[^"]*)"'):gsub("&#0*39;", "'")
    assert.matches("^default%-src 'none'; ", policy)
    local style, script = html:match("<style>(.-)</style>"), html:match("<script>(.-)</script>")
    assert.truthy(policy:find("style-src 'sha256-" .. hash_of(style) .. "'", 1, true))
    assert.truthy(policy:find("script-src 'sha256-" .. hash_of(script) .. "'", 1, true))
    assert.is_nil(policy:find("unsafe", 1, true))
    dir:close()
  end)

  it("shows hostile names, reasons and logs as text", function()
    local store, dir = fixture.store("a", { a = { name = HOSTILE,
      source_url = "javascript:alert(3)", services = { "<b>" } } })
    fixture.run(store, { a = { status = "FAILED", reason = HOSTILE, container_logs = HOSTILE,
      terraform_apply = { success = false, logs = HOSTILE },
      pytest_results = { total = 0, passed = 0, failed = 0, skipped = 0, output = HOSTILE } } })
    local html = render(store)
    local _, scripts = html:gsub("<script", "")
    assert.equal(1, scripts)
    assert.is_nil(html:find("<img", 1, true))
    assert.is_nil(html:find('class="tag"><b>', 1, true))
    assert.is_nil(html:find('href="javascript', 1, true))
    assert.is_nil(html:find("[\0\27]"))
    assert.truthy(utf8.len(html))
    assert.matches("&lt;script&gt;alert%(1%)", html)
    dir:close()
  end)

  it("names what is damaged on the page and at the terminal", function()
    local store, dir = story()
    local meta = store:arch_dir(fixture.hash "a") .. "/metadata.json"
    assert(fs.write(meta, "{ cut"))
    local html, ctx = render(assert(store_of.open(store.root)))
    assert.contains(html, "Damaged files were set aside")
    local warned = {}
    for _, one in ipairs(ctx.logged) do
      if one.level == "warn" then warned[#warned + 1] = tostring(one.fields.error) end
    end
    assert.equal(1, #warned)
    assert.contains(warned[1], meta)
    dir:close()
  end)

  it("has the red banner only when something regressed", function()
    local store, dir = fixture.store("ab")
    fixture.run(store, { a = "PASSED" })
    assert.matches("nothing to compare with yet", (render(store)))
    fixture.run(store, { a = "PASSED" })
    assert.matches('class="banner good"', (render(store)))
    fixture.run(store, { a = "ERROR" })
    local html = render(store)
    assert.matches('class="banner bad"', html)
    assert.matches("1 regression<", html)
    assert.matches("2</b> indeterminate %(1 could not be judged, 1 not tried again%)", html)
    dir:close()
  end)

  it("stays below 5 MB with a thousand failures that log a lot", function()
    local store, dir = fixture.store("")
    local logs = ("<error & trouble>\n"):rep(500)
    local write = fs.write
    fs.write = function(path, text) -- two thousand fsyncs would only measure the disk
      local file <close> = assert(io.open(path, "wb"))
      return file:write(text) and true
    end
    local run = assert(store:new_run({}, { name = "ministack", version = "1" }))
    for i = 1, 1000 do
      local hash = ("%016x"):format(i)
      assert(store:put_architecture(fixture.arch("a", { hash = hash, name = "arch " .. i })))
      assert(run:put_result(fixture.result("a", "FAILED", { arch_hash = hash, container_logs = logs,
        terraform_apply = { success = false, logs = logs .. i } })))
    end
    fs.write = write
    assert(run:finish())
    local html = render(store)
    assert.is_true(#html < 5 * 1024 * 1024, #html .. " bytes")
    local _, rows = html:gsub('<tbody class="arch"', "")
    assert.equal(1000, rows)
    dir:close()
  end)

  it("lists what does not converge by resource type, and says how much does", function()
    local store = fixture.store("ab")
    fixture.run(store, { a = { status = "PASSED", convergence = { plan = "empty",
      destroy = "clean" } }, b = { status = "PASSED", convergence = { plan = "drift",
      destroy = "left", drift = { { address = 'module.m["x.y"].aws_sqs_queue.q[0]',
        attribute = "<policy>" } } } } })
    local html = render(store)
    local at = assert(html:find('id="convergence"', 1, true))
    local part = html:sub(at, at + 2000)
    for _, words in ipairs { "1 of 2 architectures", "aws_sqs_queue.&lt;policy&gt;", "arch-b",
      "left" } do
      assert.is_truthy(part:find(words, 1, true), words .. " / " .. part)
    end
    assert.is_nil(part:find("arch-a", 1, true))
  end)

  it("shows logs in colour, folds the long ones and says where the rest is", function()
    local store, dir = fixture.store("ab")
    local lines = {}
    for i = 1, 9000 do lines[i] = ("\27[1mline %05d of the log\27[0m"):format(i) end
    lines[#lines + 1] = "\27[31mError: <it broke>\27[0m \27[38;5;208modd\27[2K"
    local whole = table.concat(lines, "\n")
    fixture.run(store, {
      a = { status = "FAILED", container_logs = "ready",
        terraform_apply = { success = false, logs = whole } },
      b = { status = "FAILED", container_logs = "ready",
        terraform_apply = { success = false, logs = whole } } })
    local html = render(store)
    assert.truthy(html:find('<i class="r">Error: &lt;it broke&gt;</i> odd', 1, true))
    assert.truthy(html:find('<i class="b">line 09000 of the log</i>', 1, true))
    assert.is_nil(html:find("line 00001 of", 1, true))
    assert.matches("<summary>%d+ earlier lines</summary>", html)
    assert.matches("The first %d+ KB are left out; all of it is in <code>runs/%x+", html)
    local _, same = html:gsub('The same as that of <a href="#a%-a+">', "")
    assert.equal(2, same) -- Terraform's and the emulator's: each is on the page once
    dir:close()
  end)

  it("shows each architecture's Terraform and history", function()
    local store, dir = fixture.store("a")
    assert(store:put_architecture(fixture.arch("a"), { ["main.tf"] = "# <one>",
      ["modules/x/x.tf"] = "# two", ["README.md"] = "# not shown" }))
    for i, status in ipairs { "PASSED", "PASSED", "FAILED" } do
      local at = 1768000000 + i * 604800
      assert(store:update_trends(fixture.run(store, { a = status }, { at = at,
        version = "1." .. i })))
      assert(store:update_trends(fixture.run(store, { a = "ERROR" }, { at = at + 60,
        emulator = "other" })))
    end
    local run = store:runs { finished = true }[2].run_id
    assert.equal(0, resolve.load("weekly", "report").run(fixture.context(store), { run = run }))
    assert.is_false(fs.exists(store:path("reports", "latest", "index.html"))) -- not the latest run
    local html = assert(fs.read(store:path("reports", run, "index.html")))
    assert.truthy(html:find("<h4>main.tf</h4><pre tabindex=\"0\"># &lt;one&gt;</pre>", 1, true))
    assert.truthy(html:find("# two", 1, true))
    assert.is_nil(html:find("not shown", 1, true))
    assert.matches("Passed</span> 2 runs, 2026%-01%-16 … 2026%-01%-23 %(1%.1 … 1%.2%)", html)
    assert.matches("last 3 runs, oldest on the left", html) -- none of the other emulator's
    dir:close()
  end)

  it("says beside the regressions what else changed between the two runs", function()
    local store, dir = fixture.store("abcde", { b = { superseded_by = fixture.hash "c" },
      c = { supersedes = fixture.hash "b" }, d = { superseded_by = fixture.hash "e" },
      e = { supersedes = fixture.hash "d" } })
    fixture.run(store, { a = "PASSED", b = "PASSED", d = "PASSED" },
      { note = { terraform_version = "terraform 1.10.5" } })
    fixture.run(store, { a = "FAILED", c = "FAILED", e = "PASSED" },
      { note = { terraform_version = "terraform 1.11.4" } })
    local html = render(store)
    local banner = html:match('<section[^>]*id="regressions".-</section>')
    assert.matches("1 regression<", banner)
    assert.matches("the emulator did not change, but:", banner)
    assert.matches("terraform 1%.10%.5.-<b>terraform 1%.11%.4</b>", banner)
    assert.matches("corpus</dt><dd>3 architectures.-<b>3 %(0 new, 0 gone, 2 with another", banner)
    assert.matches("Another template now: 1</summary>.-template changed", banner)
    dir:close()
  end)

  it("takes a section from the user's own layout", function()
    local store, dir = story()
    local ctx = fixture.context(store)
    local load = ctx.load
    ctx.load = function(name)
      if name ~= "report.layout" then return load(name) end
      return { "header", { name = "mine", render = function() return "5 < 6" end } }
    end
    assert.equal(0, resolve.load("weekly", "report").run(ctx, {}))
    local html = fs.read(store:path("reports", "latest", "index.html"))
    assert.matches("5 &lt; 6", html)
    assert.is_nil(html:find('id="failures"', 1, true))
    dir:close()
  end)

  it("says what to do when there is no run", function()
    local store, dir = fixture.store("")
    local code, err = resolve.load("weekly", "report").run(fixture.context(store), {})
    assert.is_nil(code)
    assert.matches("lsqm validate", err.hint)
    dir:close()
  end)
end)
