-- SPDX-License-Identifier: Apache-2.0
-- Normalising public templates (skipped by name where the corpus is absent):
--   corpus   `lsqm normalize` of every input: wall time (below 10 s wanted), peak memory of all its
--            processes together (below 500 MB wanted)
--   cf2tf    the same 100 CloudFormation templates by us and by cf2tf 0.9.2, as a ratio. cf2tf has
--            an environment of its own in the cache, and reads documentation made of our provider
--            index: shorter than the provider's own, which is in its favour.
local corpus_of = dofile("tests/corpus/corpus.lua")
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"
local provider = require "std.normalize.provider"
local python = require "std.python"
local sha256 = require "std.sha256"
local time = require "std.time"

local LSQM = os.getenv("LSQM_BIN") or "build/lsqm"
local HERE = "tests/bench/cf2tf"

-- Peak resident memory (MB) of a process and all below it, as far as one can see it now.
local function memory_of(root)
  local parents, peaks = {}, {}
  for _, entry in ipairs(fs.list("/proc") or {}) do
    local pid = tonumber(entry.name)
    local text = pid and fs.read("/proc/" .. entry.name .. "/status") or ""
    if pid then
      parents[pid] = tonumber(text:match("PPid:%s*(%d+)"))
      peaks[pid] = tonumber(text:match("VmHWM:%s*(%d+)")) or 0
    end
  end
  local sum = 0
  for pid, peak in pairs(peaks) do
    local at = pid
    while at and at ~= root do at = parents[at] end
    if at == root then sum = sum + peak end
  end
  return sum / 1024
end

local function normalize(paths, out)
  local argv = { LSQM, "normalize", "--json", "-o", out }
  for _, path in ipairs(paths) do argv[#argv + 1] = path end
  local began, peak = time.monotonic(), 0
  local handle <close> = assert(process.start { argv = argv, max_output = 64 << 20,
    env = { HOME = os.getenv("HOME"), PATH = os.getenv("PATH"),
      LSQM_CACHE = os.getenv("LSQM_CACHE") } })
  while not handle:poll() do
    peak = math.max(peak, memory_of(handle.pid))
    parallel.sleep(0.05)
  end
  return time.monotonic() - began, peak, handle:poll()
end

local function whole_corpus(inputs, out)
  local paths = {}
  for i, input in ipairs(inputs) do paths[i] = input.path end
  local seconds, peak, result = normalize(paths, out)
  local statuses = {}
  for status in result.stdout:gmatch('"status":"(%a+)"') do
    statuses[status] = (statuses[status] or 0) + 1
  end
  print(("corpus: %d inputs in %.1f s, %.0f MB at most, %s"):format(#paths, seconds, peak,
    json.encode(statuses)))
end

-- A page for each type, in the form that cf2tf reads.
local function write_docs(dir)
  assert(fs.mkdir(fs.join(dir, "r")))
  local index = assert(fs.read("stdlib/normalize/aws.idx"))
  for name in index:gmatch("\n(aws_[%w_]+) ") do
    local schema, lines = provider.resource(name), { "## Argument Reference", "" }
    for _, part in ipairs { schema.attrs, schema.blocks } do
      for key in pairs(part) do lines[#lines + 1] = ("* `%s` - (Optional) of it."):format(key) end
    end
    lines[#lines + 1] = "\n## Attribute Reference\n\n* `id` - its id.\n* `arn` - its ARN.\n"
    assert(fs.write(fs.join(dir, "r", name:sub(5) .. ".html.markdown"),
      table.concat(lines, "\n")))
  end
end

-- The interpreter of cf2tf's environment, made once.
local function environment()
  local lock = HERE .. "/requirements.txt"
  local dir = fs.join(python.cache_dir(), "cf2tf-" .. sha256.file(lock):sub(1, 16))
  local own = fs.join(dir, "bin", "python3")
  if fs.exists(own) then return own end
  local made = process.run { argv = { "/usr/bin/python3", "-m", "venv", dir }, timeout = 120 }
  if made and made.code == 0 then
    made = process.run { argv = { own, "-m", "pip", "install", "--quiet", "--require-hashes", "-r",
      lock }, timeout = 600, env = { HOME = dir }, inherit = { "HTTPS_PROXY", "PIP_INDEX_URL",
      "PIP_CERT", "PIP_FIND_LINKS", "SSL_CERT_FILE" } }
    if made and made.code == 0 then return own end
  end
  fs.remove(dir)
  return nil, made and made.stderr:sub(-200) or "no Python"
end

local function against_cf2tf(inputs, dir)
  local interpreter, why = environment()
  if not interpreter then
    print("cf2tf: skipped: it cannot be installed: " .. why)
    return
  end
  local paths = {}
  for _, input in ipairs(inputs) do
    if input.kind == "cfn" and #paths < 100 then paths[#paths + 1] = input.path end
  end
  write_docs(fs.join(dir, "docs"))
  local result = assert(process.run { argv = { interpreter, HERE .. "/convert.py",
    fs.join(dir, "docs"), fs.join(dir, "theirs") }, stdin = table.concat(paths, "\n") .. "\n",
    timeout = 600, max_output = 64 << 20, env = { HOME = dir } })
  local theirs = json.decode(result.stdout:match("[^\n]+%s*$") or "")
  if type(theirs) ~= "table" then error("cf2tf: " .. result.stderr:sub(-400)) end
  local ours = normalize(paths, fs.join(dir, "ours"))
  print(("cf2tf: %d templates: theirs %.1f s (%d raised), ours %.2f s, theirs/ours = %.0f"):format(
    #paths, theirs.seconds, theirs.failed, ours, theirs.seconds / ours))
end

local corpus = corpus_of.find(os.getenv("LSQM_CORPUS"))
if not corpus then
  print("corpus: skipped: no ../shared/corpus")
  return 0
end
local dir <close> = assert(fs.tempdir("normalize-bench-"))
local inputs = corpus_of.inputs(corpus)
whole_corpus(inputs, fs.join(dir.path, "all"))
against_cf2tf(inputs, dir.path)
return 0
