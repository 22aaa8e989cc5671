-- SPDX-License-Identifier: Apache-2.0
-- The report of a large corpus: how big it is, how long it takes to write and to open, and what
-- report and compare need for ten thousand results.
--   build/lsqm exec tests/bench/dashboard_bench.lua [architectures runs results]
-- "interactive" is the first moment after the whole page was laid out and painted at which a
-- script of the page gets its turn; median of five loads. cpu: processor seconds, and those of the
-- page's main thread, which is what a machine that does nothing else would wait for.

local driver = dofile "tests/browser/driver.lua"
local fs = require "std.fs"
local parallel = require "std.parallel"
local process = require "std.process"
local synthetic = dofile "tests/bench/synthetic.lua"
local time = require "std.time"
local uv = require "luv"

local architectures, runs, results = ...
architectures, runs = tonumber(architectures) or 1000, tonumber(runs) or 12
results = tonumber(results) or 10000

-- The high-water mark of a child, asked for until it ends.
local function peak_of(pid)
  local status = fs.read(("/proc/%d/status"):format(pid))
  return tonumber((status or ""):match("VmHWM:%s*(%d+) kB")) or 0
end

-- Processor time of a child in seconds (clock ticks of a hundredth).
local function cpu_of(pid)
  local fields, text = {}, fs.read(("/proc/%d/stat"):format(pid)) or ""
  for word in (text:match("%) (.*)") or ""):gmatch("%S+") do fields[#fields + 1] = word end
  return ((tonumber(fields[12]) or 0) + (tonumber(fields[13]) or 0)) / 100
end

local function measure(name, dir, command)
  local began, peak, cpu = time.monotonic(), 0, 0
  local child <close> = assert(process.start { argv = { uv.exepath(), command },
    env = { ARTIFACT_REPO = dir, LSQM_WORKSPACE = dir .. "/workspace" }, max_output = 4096 })
  while not child:poll() do
    peak, cpu = math.max(peak, peak_of(child.pid)), math.max(cpu, cpu_of(child.pid))
    parallel.sleep(0.01)
  end
  local result = child:wait()
  assert(result.code <= 1, result.stderr)
  print(("%s: %s seconds=%.2f cpu_seconds=%.2f peak_mb=%d"):format(name, command,
    time.monotonic() - began, cpu, peak // 1024))
end

local READY = "addEventListener('load', () => requestAnimationFrame(() => setTimeout(() => {"
  .. "window.ready = performance.now() })))"

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local function task_ms(browser)
  for _, metric in ipairs(browser:cdp("Performance.getMetrics").metrics) do
    if metric.name == "TaskDuration" then return metric.value * 1000 end
  end
end

local function open_page(path)
  local reason = driver.missing()
  if reason then return print("browser: " .. reason) end
  local browser <close> = driver.open()
  browser:cdp("Page.addScriptToEvaluateOnNewDocument", { source = READY })
  browser:cdp("Performance.enable", { timeDomain = "threadTicks" })
  local ready, parsed, cpu = {}, {}, {}
  for i = 1, 5 do
    browser:go("about:blank")
    local before = task_ms(browser)
    browser:go("file://" .. path)
    ready[i] = browser:evaluate("new Promise((done) => { const ask = () => window.ready"
      .. " ? done(window.ready) : setTimeout(ask, 5); ask() })")
    cpu[i] = task_ms(browser) - before
    parsed[i] = browser:evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
  end
  local searched = browser:evaluate("new Promise((done) => { const began = performance.now();"
    .. "const f = document.getElementById('filter'); f.value = 'queue';"
    .. "f.dispatchEvent(new Event('input'));"
    .. "requestAnimationFrame(() => setTimeout(() => done(performance.now() - began))) })")
  print(("browser: parsed_ms=%.0f interactive_ms=%.0f main_thread_cpu_ms=%.0f search_ms=%.0f "
    .. "elements=%d"):format(median(parsed), median(ready), median(cpu), searched,
    browser:evaluate("document.querySelectorAll('*').length")))
end

do
  local dir <close> = assert(fs.tempdir("bench-"))
  assert(process.run { argv = { "git", "init", "--quiet", dir.path } })
  synthetic.make(dir.path, { architectures = architectures, runs = runs, log_lines = 60 })
  local name = ("%d architectures, %d runs"):format(architectures, runs)
  measure(name, dir.path, "report")
  local path = dir.path .. "/reports/latest/index.html"
  print(("%s: page_bytes=%d"):format(name, fs.stat(path).size))
  open_page(path)
end

do
  local dir <close> = assert(fs.tempdir("bench-"))
  assert(process.run { argv = { "git", "init", "--quiet", dir.path } })
  synthetic.make(dir.path, { architectures = results, runs = 2, log_lines = 20 })
  local name = ("%d results"):format(results)
  measure(name, dir.path, "report")
  measure(name, dir.path, "compare")
end
return 0
