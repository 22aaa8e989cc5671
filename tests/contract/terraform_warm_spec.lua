-- SPDX-License-Identifier: Apache-2.0
-- Warm providers against the real terraform and aws provider, and an emulator process. What a warm
-- provider answers must be what a fresh one answers.
local emulators = require "std.emulator"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local program = require "lsqm.program"
local python = require "std.python"
local terraform = require "std.terraform"
local raw = require "lsqm.raw.tfplugin"
local tap = dofile(program.share .. "/tests/fakes/tap.lua")
local warm = require "std.terraform.warm"

local ROOT <const> = [[
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

resource "aws_ssm_parameter" "greeting" {
  name  = "/greeting"
  type  = "String"
  value = "hello"
}

resource "aws_s3_bucket" "files" {
  bucket = "files-of-ours"
}

resource "aws_s3_object" "page" {
  bucket = aws_s3_bucket.files.bucket
  key    = "page.txt"
  source = "${path.module}/page.txt"
}

output "version" {
  value = aws_ssm_parameter.greeting.version
}
]]

-- What may differ between two deployments of the same root. The page's source is a path.
local VOLATILE <const> = { "lineage", "serial", "timestamp", "date", "time", "etag", "id$" }

local function is_volatile(name)
  for _, pattern in ipairs(VOLATILE) do
    if tostring(name):find(pattern) then return true end
  end
  return false
end

-- Terraform writes these in the order of the day.
local function sorted(list)
  local texts = {}
  for i, item in ipairs(list) do texts[i] = json.encode(item) end
  table.sort(texts)
  return texts
end

local function stable(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do
    if key == "sensitive_attributes" then
      copy[key] = sorted(item)
    elseif not is_volatile(key) then
      copy[key] = stable(item)
    end
  end
  return copy
end

-- The places where two values differ, for the message.
local function differences(a, b, path, found)
  found = found or {}
  if type(a) ~= "table" or type(b) ~= "table" then
    if a ~= b then found[#found + 1] = ("%s: %s / %s"):format(path, tostring(a), tostring(b)) end
    return found
  end
  for key in pairs(a) do differences(a[key], b[key], path .. "." .. key, found) end
  for key in pairs(b) do
    if a[key] == nil then differences(nil, b[key], path .. "." .. key, found) end
  end
  return found
end

local function state_of(dir)
  return stable(assert(json.decode(assert(fs.read(fs.join(dir, "terraform.tfstate"))))))
end

describe("a warm provider", function()
  local home, tool, plan, missing

  setup(function()
    home = assert(fs.tempdir("warm-"))
    local err
    tool, err = terraform.find { home = fs.join(home.path, "tool"), cache = python.cache_dir() }
    if not tool then missing = tostring(err) return end
    local found
    found, err = warm.find(tool)
    if not found then missing = tostring(err) return end
    local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
    plan, err = emulators.plan { name = "ministack", spec = spec, driver = "process",
      python = python.find() }
    missing = not plan and tostring(err) or nil
  end)

  teardown(function() home:close() end)

  local function it_if(name, fn)
    it(name, function()
      if missing then pending(missing) return end
      fn()
    end)
  end

  local function put(dir, main)
    assert(fs.mkdir(dir))
    assert(fs.write(fs.join(dir, "main.tf"), main or ROOT))
    assert(fs.write(fs.join(dir, "page.txt"), "a page\n"))
  end

  local function with_emulator(fn)
    local emulator <close> = assert(emulators.start(plan, { workdir = home.path }))
    fn(emulator)
  end

  -- deploy, then a second plan, then destroy; what is compared with plain terraform.
  local function cycle(dir, lease)
    local seen
    with_emulator(function(emulator)
      put(dir)
      if lease then assert(lease:use(emulator.endpoint)) end
      local deployed = tool:deploy { dir = dir, endpoint = emulator.endpoint, lease = lease }
      assert.is_true(deployed.success, deployed.logs)
      local plan_again = assert(tool:run { args = { "plan", "-detailed-exitcode", "-no-color" },
        dir = dir, lease = lease })
      seen = { state = state_of(dir), outputs = deployed.outputs, drift = plan_again.code,
        count = deployed.resources_created }
      local show = assert(tool:run { args = { "show", "-json" }, dir = dir, lease = lease })
      assert.equal(0, show.code, show.stdout)
      seen.show = stable(assert(json.decode(show.stdout)))
      local gone = tool:destroy { dir = dir, endpoint = emulator.endpoint, lease = lease }
      assert.is_true(gone.success, gone.logs)
      seen.left = #state_of(dir).resources
    end)
    return seen
  end

  it_if("leaves the state that plain terraform leaves, lease after lease", function()
    local plain = cycle(fs.join(home.path, "plain"))
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    for round = 1, 2 do
      local seen, counts
      assert(pool:lease(function(lease)
        seen = cycle(lease.dir, lease)
        counts = lease:counts()
        assert.is_nil(lease.declined)
        assert.is_nil(lease:failure())
        return true
      end))
      assert.same({}, differences(plain, seen, ""))
      -- A fresh emulator has another port, and still nothing costly is asked again.
      if round > 1 then assert.is_true(counts.answered >= 10, counts.answered) end
    end
    assert.equal(3, plain.count)
    assert.equal(0, plain.left)
    assert.equal(0, pool.replaced)
    assert.equal(1, pool.made)
  end)

  it_if("takes nothing of the lease before: endpoint, region and credentials are new", function()
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    local main = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n\n'
      .. 'output "arn" {\n  value = aws_sns_topic.t.arn\n}\n\n'
      .. 'data "aws_caller_identity" "me" {}\n\n'
      .. 'output "me" {\n  value = data.aws_caller_identity.me.account_id\n}\n'
    local function arns(region, key)
      local outputs
      assert(pool:lease(function(lease)
        with_emulator(function(emulator)
          put(lease.dir, main)
          assert(fs.write(fs.join(lease.dir, "override.tf"), ([[
provider "aws" {
  region     = %q
  access_key = %q
}
]]):format(region, key)))
          assert(lease:use(emulator.endpoint))
          local deployed = tool:deploy { dir = lease.dir, endpoint = emulator.endpoint,
            lease = lease }
          assert.is_true(deployed.success, deployed.logs)
          outputs = deployed.outputs
        end)
        return true
      end))
      return outputs
    end
    local one, two = arns("eu-west-1", "111111111111"), arns("us-west-2", "222222222222")
    assert.equal("arn:aws:sns:eu-west-1:111111111111:t", one.arn)
    assert.equal("arn:aws:sns:us-west-2:222222222222:t", two.arn)
    assert.same({ "111111111111", "222222222222" }, { one.me, two.me })
    assert.equal(1, pool.made)
  end)

  -- What a fresh provider, with nothing in memory, says to the check of a configuration.
  local function checked(endpoint)
    local sockets <close> = assert(fs.tempdir("lsqm-tap-"))
    local dir = fs.join(home.path, "tap-" .. endpoint)
    put(dir)
    assert(fs.mkdir(dir .. "/log"))
    local names = assert(require("std.terraform.provider").services(tool, dir,
      { version = assert(warm.find(tool)).version }))
    assert(require("std.terraform.provider").write(dir, "http://" .. endpoint, names))
    local found = assert(warm.find(tool))
    local handle = assert(raw.start { argv = { "/usr/bin/env", "python3", program.share
      .. "/tests/fakes/tap.py", found.path, dir .. "/log" }, cwd = dir,
      env = { "PATH=" .. os.getenv "PATH", "HOME=" .. dir, "TMPDIR=" .. sockets.path,
        "PLUGIN_UNIX_SOCKET_DIR=" .. sockets.path, "GOGC=400" },
      socket = sockets.path .. "/terraform", identity = "tap", answers = raw.answers() })
    assert(handle:ready())
    assert(handle:lease { endpoint = endpoint })
    local lease = { folder = sockets.path, env = { TF_REATTACH_PROVIDERS =
      warm.reattach(found.address, 5, sockets.path .. "/terraform") } }
    assert.equal(0, assert(tool:init(dir, 60, lease)).code)
    assert(tool:run { args = { "validate", "-no-color" }, dir = dir, lease = lease })
    assert(tool:run { args = { "plan", "-no-color", "-refresh=false" }, dir = dir,
      lease = lease, timeout = 20 })
    handle:close()
    return tap.find(dir .. "/log", endpoint)
  end

  it_if("would say the same of another endpoint, but for the endpoint", function()
    local one, two = checked("127.0.0.1:10001"), checked("127.0.0.1:20002")
    assert.is_true(#one.request > 1000 and #one.answer > 1000, #one.request)
    assert.is_truthy(one.answer:find("127.0.0.1:10001", 1, true))
    assert.equal(two.request, (one.request:gsub("127%.0%.0%.1:10001", "127.0.0.1:20002")))
    assert.equal(two.answer, (one.answer:gsub("127%.0%.0%.1:10001", "127.0.0.1:20002")))
  end)

  it_if("tells terraform only of the types that the root names", function()
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    local function validate(lease)
      return assert(tool:run { args = { "validate", "-no-color" }, dir = lease.dir,
        lease = lease })
    end
    local function of_lease(fn)
      assert(pool:lease(function(lease)
        put(lease.dir, 'resource "aws_sns_topic" "t" {}\n')
        assert(lease:use("127.0.0.1:10001"))
        assert.equal(0, assert(tool:init(lease.dir, 60, lease)).code)
        fn(lease)
        return true
      end))
    end
    of_lease(function(lease) assert.equal(0, validate(lease).code) end) -- all of it, remembered
    of_lease(function(lease)
      assert.equal(0, validate(lease).code)
      put(lease.dir, 'resource "aws_sns_topic" "t" {}\nresource "aws_sqs_queue" "q" {}\n')
      assert.matches('does not support resource type%s+"aws_sqs_queue"',
        (validate(lease).stdout:gsub("[│╷╵]", "")))
    end)
  end)

  it_if("steps aside for another version and for another provider, in one line each", function()
    local said = {}
    local log = { info = function(_, text, fields) said[#said + 1] = text .. ": "
      .. fields.reason end }
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1,
      log = log })
    local function init(block)
      assert(pool:lease(function(lease)
        put(lease.dir, "terraform {\n  required_providers {\n" .. block .. "\n  }\n}\n")
        assert(lease:use("127.0.0.1:40001"))
        local deployed = tool:deploy { dir = lease.dir, endpoint = "http://127.0.0.1:40001",
          lease = lease }
        assert.is_false(deployed.success)
        assert.equal("init", deployed.step)
        return true
      end))
    end
    init '    aws = { source = "hashicorp/aws", version = "< 2.0.0" }'
    assert.equal(1, #said)
    assert.is_truthy(said[1]:find("plain terraform is used: ", 1, true), said[1])
    assert.is_truthy(said[1]:find("wants registry%.%S+/hashicorp/aws < 2%.0%.0"), said[1])
    init '    other = { source = "example/other" }' -- init itself refuses it, warm or not
    assert.equal(1, #said)
  end)

  it_if("is replaced when terraform is killed in the middle, and when it dies itself", function()
    local uv = require "luv"
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    local silent = uv.new_tcp() -- nobody answers: apply hangs in its first call
    assert(silent:bind("127.0.0.1", 0))
    assert(silent:listen(16, function() end))
    finally(function() silent:close() end)
    assert(pool:lease(function(lease)
      put(lease.dir)
      assert(lease:use("127.0.0.1:" .. silent:getsockname().port))
      assert(require("std.terraform.provider").write(lease.dir, lease.endpoint,
        { "s3", "ssm", "sts" }))
      assert.equal(0, assert(tool:init(lease.dir, 60, lease)).code)
      local ended = assert(tool:run { args = { "apply", "-auto-approve", "-no-color" },
        dir = lease.dir, lease = lease, timeout = 12 })
      assert.is_true(ended.timed_out)
      return true
    end))
    assert.equal(1, pool.replaced)
    assert(pool:lease(function(lease)
      put(lease.dir)
      assert(lease:use("127.0.0.1:9"))
      assert.equal(0, assert(tool:init(lease.dir, 60, lease)).code)
      assert.equal(0, assert(tool:run { args = { "validate" }, dir = lease.dir,
        lease = lease }).code)
      uv.kill(lease:counts().pid, "sigkill")
      local dead = assert(tool:run { args = { "validate" }, dir = lease.dir, lease = lease })
      assert.is_not.equal(0, dead.code)
      assert.is_truthy(lease:failure():find("the warm provider ended with", 1, true))
      return true
    end))
    assert.equal(2, pool.replaced)
  end)

  it_if("shows terraform and provider nothing of the machine but the root", function()
    if select(2, require("std.process").sandbox { argv = { "true" } }) then
      return pending "there is no sandbox here"
    end
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    local other = fs.join(home.path, "secret.txt")
    assert(fs.write(other, "of another task"))
    local attempts = {
      { 'resource "aws_s3_object" "o" {\n  bucket = "b"\n  key = "k"\n  source = "/etc/passwd"\n}',
        "opening S3 object source %(/etc/passwd%)" },
      { ('resource "aws_s3_object" "o" {\n  bucket = "b"\n  key = "k"\n  source = %q\n}'):format(
        other), "opening S3 object source" },
      { 'output "o" {\n  value = file("/etc/shadow")\n}', 'no file exists at' },
      { ('output "o" {\n  value = file(%q)\n}'):format(other), 'no file exists at' },
      { 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n  handler = "h.h"\n'
        .. '  role = "arn:aws:iam::000000000000:role/r"\n  runtime = "python3.12"\n'
        .. '  filename = "/root/.bashrc"\n}', "no such file or directory" },
    }
    with_emulator(function(emulator)
      for _, attempt in ipairs(attempts) do
        assert(pool:lease(function(lease)
          put(lease.dir, attempt[1] .. "\n")
          assert(lease:use(emulator.endpoint))
          local deployed = tool:deploy { dir = lease.dir, endpoint = emulator.endpoint,
            lease = lease, timeout = 60 }
          assert.is_false(deployed.success, attempt[1])
          assert.is_truthy(deployed.logs:gsub("%s+", " "):find(attempt[2]), deployed.logs)
          return true
        end))
      end
    end)
  end)

  it_if("lends at most its size at once, in the order of asking", function()
    local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
    local order, now, most = {}, 0, 0
    parallel.map({ 1, 2, 3 }, function(i)
      assert(pool:lease(function()
        now = now + 1
        most = math.max(most, now)
        order[#order + 1] = i
        parallel.sleep(0)
        now = now - 1
        return true
      end))
    end)
    assert.same({ 1, 2, 3 }, order)
    assert.equal(1, most)
    assert.equal(1, pool.made)
  end)
end)
