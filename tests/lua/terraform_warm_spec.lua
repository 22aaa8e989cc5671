-- SPDX-License-Identifier: Apache-2.0
-- Which roots a warm provider serves, and the pool with a provider that only pretends. The real
-- provider is tests/contract/terraform_warm_spec.lua's.
local fs = require "std.fs"
local parallel = require "std.parallel"
local requirements = require "std.terraform.requirements"
local uv = require "luv"
local warm = require "std.terraform.warm"

describe("terraform.requirements", function()
  it("orders versions by their numbers", function()
    assert.equal(1, requirements.compare("5.100.0", "5.99.1"))
    assert.equal(-1, requirements.compare("5.9", "5.10.0"))
    assert.equal(0, requirements.compare("5", "5.0.0"))
  end)

  it("knows terraform's constraints and trusts nothing else", function()
    local cases = {
      { "", true }, { "5.1.0", true }, { "= 5.1.0", true }, { "= 5.1", true }, { "v5.1.0", true },
      { "!= 5.1.0", false }, { ">= 5.0", true }, { "> 5.1.0", false }, { "< 6", true },
      { "<= 5.1", true }, { "~> 5.0", true }, { "~> 5.1.0", true }, { "~> 5.0.9", false },
      { "~> 4.0", false }, { "~> 5.2", false }, { ">= 4.0, < 5.0", false },
      { ">=5.0,!=5.0.3", true }, { ">= 5.2.0-beta1", false }, { "latest", false },
      { "=> 5", false }, { "~> 5.0, newest", false },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[2], requirements.satisfies("5.1.0", case[1]), case[1])
    end
  end)

  it("reads what `terraform providers` prints", function()
    local list = requirements.parse [[

Providers required by configuration:
.
├── provider[registry.terraform.io/hashicorp/aws] ~> 5.0
└── module.queue
    └── provider[registry.terraform.io/hashicorp/random]

]]
    assert.same({ { address = "registry.terraform.io/hashicorp/aws", constraints = "~> 5.0" },
      { address = "registry.terraform.io/hashicorp/random", constraints = "" } }, list)
    local provider = { address = "registry.terraform.io/hashicorp/aws", version = "5.1.0" }
    local ok, why = requirements.fits(list, provider)
    assert.is_false(ok)
    assert.equal("the root needs registry.terraform.io/hashicorp/random", why.message)
    assert.is_true(requirements.fits({ list[1] }, provider))
  end)

  it("finds every type that a tree's configuration can mean", function()
    local dir <close> = assert(fs.tempdir("types-"))
    local function types(files)
      fs.remove(dir.path)
      for name, text in pairs(files) do
        assert(fs.mkdir(fs.dirname(dir.path .. "/" .. name)))
        assert(fs.write(dir.path .. "/" .. name, text))
      end
      return requirements.types(dir.path)
    end
    assert.same({ "aws_iam_policy_document", "aws_kms_key", "aws_s3_bucket",
      "aws_sqs_queue" }, types {
      ["main.tf"] = 'resource "aws_sqs_queue" "a" {}\ndata\taws_iam_policy_document d {}',
      ["module/deep/x.tf"] = "resource aws_s3_bucket b { my_aws_thing = 1 }",
      ["more.tf.json"] = '{"resource":{"aws_kms_key":{"k":{}}}}',
      ["notes.md"] = "aws_lambda_function",
    })
    assert.is_nil(types { ["main.tf"] = [[resource "aws\u005fs3_bucket" "b" {}]] })
    assert.is_nil(types { ["notes.md"] = "nothing to deploy yet" })
  end)
end)

-- Says its line and waits; what it is told on its socket it does not understand.
local GOOD <const> = [[#!/bin/sh
echo "1|5|unix|$PLUGIN_UNIX_SOCKET_DIR/none|grpc|"
exec sleep 1000
]]

describe("terraform.warm", function()
  local dir, tool, provider

  before_each(function()
    dir = assert(fs.tempdir("warm-"))
    provider = { path = dir.path .. "/bin/terraform-provider-aws", version = "5.1.0",
      address = "registry.terraform.io/hashicorp/aws" }
    assert(fs.mkdir(dir.path .. "/bin"))
    tool = { served = dir.path .. "/mirror", address = provider.address,
      environment = function(_, home) return { HOME = home } end }
  end)
  after_each(function() dir:close() end)

  local function program(text)
    assert(fs.write(provider.path, text))
    assert(uv.fs_chmod(provider.path, 493)) -- 493 = octal 755
  end

  local function pool_of(size, log)
    return assert(warm.pool { tool = tool, workdir = dir.path, provider = provider, size = size,
      log = log })
  end

  it("finds the newest unpacked provider, as plain terraform does", function()
    local root = tool.served .. "/" .. tool.address
    local none, err = warm.find(tool)
    assert.is_nil(none)
    assert.equal("unavailable", err.code)
    for _, version in ipairs { "5.9.0", "5.100.0", "notes" } do
      assert(fs.mkdir(("%s/%s/linux_amd64"):format(root, version)))
      assert(fs.write(("%s/%s/linux_amd64/terraform-provider-aws_v%s_x5"):format(root, version,
        version), ""))
    end
    local found = assert(warm.find(tool))
    assert.equal("5.100.0", found.version)
    assert.matches("terraform%-provider%-aws_v5%.100%.0_x5$", found.path)
    none, err = warm.find { address = tool.address }
    assert.is_nil(none)
    assert.matches("no provider mirror", tostring(err))
  end)

  it("lends one process again and again, with an empty folder each time", function()
    program(GOOD)
    local pool <close> = pool_of(1)
    local seen = {}
    for i = 1, 2 do
      seen[i] = pool:lease(function(lease)
        assert.same({}, fs.list(lease.dir))
        assert(fs.write(lease.dir .. "/main.tf", ""))
        assert(lease:use("http://127.0.0.1:41233"))
        assert.matches('"String":"[^"]*/terraform"', (lease.env.TF_REATTACH_PROVIDERS
          :gsub("\\/", "/")))
        return lease.dir
      end)
    end
    assert.equal(seen[1], seen[2])
    assert.equal(1, pool.made)
    assert.is_nil(fs.stat(seen[1] .. "/main.tf"))
  end)

  it("gives the provider back when the borrower raises or is cancelled", function()
    program(GOOD)
    local pool <close> = pool_of(1)
    assert.is_false(pcall(pool.lease, pool, function() error("on purpose") end))
    local entered = parallel.event()
    local task = parallel.spawn(pool.lease, pool, function()
      entered:set()
      parallel.sleep(100)
    end)
    entered:wait()
    task:cancel()
    task:join()
    assert.is_true(pool:lease(function() return true end))
    assert.equal(1, pool.made)
  end)

  it("replaces a provider that died between two leases", function()
    program(GOOD:gsub("sleep 1000", "sleep 0.2"))
    local pool <close> = pool_of(1)
    local gone
    assert(pool:lease(function(lease)
      while not lease:failure() do parallel.sleep(0.02) end
      gone = lease:failure()
      return true
    end))
    assert.matches("the warm provider ended with exit code 0", gone)
    assert.equal(1, pool.replaced)
    assert.is_true(pool:lease(function(lease) return lease:failure() == nil end))
  end)

  it("tells why no provider starts, and leaves nothing", function()
    program("#!/bin/sh\necho no such licence >&2\nexit 4\n")
    do
      local pool <close> = pool_of(2)
      local ok, err = pool:lease(function() error("not reached") end)
      assert.is_nil(ok)
      assert.matches("before its handshake: no such licence", tostring(err))
    end
    local left = {}
    for _, entry in ipairs(fs.list(dir.path)) do left[#left + 1] = entry.name end
    assert.same({ "bin" }, left)
  end)

  it("ends a start that nobody waits for any more", function()
    program("#!/bin/sh\nexec sleep 1000\n")
    local pool <close> = pool_of(1)
    local err = select(2, parallel.timeout(0.2, function()
      return pool:lease(function() return true end)
    end))
    assert.equal("timeout", err.code)
  end)

  it("refuses a size that is none", function()
    assert.has_error(function() warm.pool { tool = tool, workdir = dir.path, size = 0 } end,
      'warm.pool: size must be "auto" or a whole number above 0')
    assert.is_true(warm.size_for(1) <= 1)
  end)
end)
