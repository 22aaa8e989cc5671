-- SPDX-License-Identifier: Apache-2.0
-- Validation in containers of a real engine: what they may do, and that none is left whatever
-- happens. Terraform and pytest are pretended, but for one deployment per emulator.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local docker = require "std.docker"
local fs = require "std.fs"
local process = require "std.process"
local uv = require "luv"

local MINISTACK = "lsqm-test/ministack:1.5.33"
local LOCALSTACK = "lsqm-test/localstack:4.14.0"

local engine, no_engine = docker.connect {}

local function config(extra, image)
  return ("{ emulator = { driver = 'docker', image = '%s'%s }, %s }"):format(image or MINISTACK,
    image == LOCALSTACK and ", name = 'localstack'" or "", extra or "")
end

-- Containers and networks of a run, running or not.
local function of_run(run_id)
  local labels = { ["lsqm.run"] = run_id }
  return assert(engine:containers { labels = labels, all = true }),
    assert(engine:networks { labels = labels })
end

local function assert_gone(run_id)
  local containers, networks = of_run(run_id)
  assert.same({ 0, 0 }, { #containers, #networks })
end

-- The first container of the lab's latest run, once it answers in `state`.
local function wait_for_container(lab, handle)
  while true do
    local record = lab:latest()
    local found = record and of_run(record.run_id) or {}
    if found[1] and found[1].State == "running" then return found[1], record end
    assert(not handle:poll(), "ended too early: " .. select(2, handle:output()))
    uv.sleep(30)
  end
end

describe("validate in containers", function()
  local lab

  before_each(function()
    lab = lab_of.new()
    lab.env.DOCKER_HOST = engine and "unix://" .. engine.socket or lab.env.DOCKER_HOST
  end)
  after_each(function()
    local record = lab:latest()
    if engine and record then lab:run { "clean", "--all", "--run", record.run_id } end
    lab:close()
  end)

  local function missing(image)
    if not engine then return "no Docker engine: " .. tostring(no_engine) end
    local found, err = engine:image(image or MINISTACK)
    return not found and tostring(err) or nil
  end

  it("publishes on loopback only, in a network of the run, with labels and limits", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:put("a", { terraform = "hang" })
    local handle <close> = lab:start({ "validate" }, { config = config "timeout = 3" })
    local container, record = wait_for_container(lab, handle)
    local info = assert(engine:inspect(container.Id))
    local labels, host = info.Config.Labels, info.HostConfig
    assert.same({ "1", record.run_id, lab_of.hash "a" },
      { labels.lsqm, labels["lsqm.run"], labels["lsqm.arch"] })
    local ports = info.NetworkSettings.Ports["4566/tcp"]
    assert.same({ 1, "127.0.0.1" }, { #ports, ports[1].HostIp })
    assert.equal(2048 * 1024 * 1024, host.Memory)
    assert.is_true(host.PidsLimit > 0 and host.PidsLimit <= 2048)
    assert.is_falsy(host.Privileged)
    assert.is_falsy(host.Binds)
    local network = next(info.NetworkSettings.Networks)
    local _, networks = of_run(record.run_id)
    assert.same({ 1, network }, { #networks, networks[1].Name })
    -- the apply hangs: TIMEOUT, and the container is gone
    local result = handle:wait()
    assert.equal(0, result.code, result.stderr)
    local _, results = lab:latest()
    assert.equal("TIMEOUT", results.a.status)
    assert.contains(results.a.terraform_apply.logs, "Still creating")
    assert.is_true(#results.a.container_logs > 0)
    assert_gone(record.run_id)
    assert.same({}, lab:running())
  end)

  it("removes containers and network after success and failure, several at once", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:put("a")
    lab:put("b", { terraform = "fail no such service" })
    lab:put("c", { terraform = "crash" })
    local result = lab:run({ "validate" }, { config = config "parallel = 3" })
    assert.equal(0, result.code, result.stderr)
    local record, r = lab:latest()
    assert.same({ "PASSED", "FAILED", "ERROR" }, { r.a.status, r.b.status, r.c.status })
    assert.equal("1.5.33", record.localstack_version)
    assert.same({ "docker", MINISTACK }, { record.emulator.driver, record.emulator.image })
    assert.is_truthy(r.a.emulator.image_id:find "^sha256:")
    assert.same({}, (lab:check_contracts()))
    assert_gone(record.run_id)
  end)

  it("removes them when it is interrupted", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:put("a", { terraform = "hang" })
    local handle <close> = lab:start({ "validate" }, { config = config() })
    local _, record = wait_for_container(lab, handle)
    uv.kill(handle.pid, "sigint")
    assert.equal(130, handle:wait().code)
    assert_gone(record.run_id)
    assert.same({}, lab:running())
  end)

  it("calls a container that dies at start an ERROR, with its logs", function()
    local reason = missing()
    if reason then pending(reason) return end
    lab:put("a")
    local result = lab:run({ "validate" }, { config = ("{ emulator = { driver = 'docker', "
      .. "image = '%s', env = { PYTHONHOME = '/nowhere' } } }"):format(MINISTACK) })
    assert.equal(0, result.code, result.stderr)
    local record, r = lab:latest()
    assert.equal("ERROR", r.a.status)
    assert.contains(r.a.error_message, "exited")
    assert.contains(r.a.container_logs, "PYTHONHOME = '/nowhere'")
    assert_gone(record.run_id)
  end)

  it("names an image that is not there and how to get it", function()
    if not engine then pending(tostring(no_engine)) return end
    lab:put("a")
    local result = lab:run({ "validate" }, { config = config(nil, "lsqm-test/nothing:0") })
    assert.equal(3, result.code)
    assert.contains(result.stderr, "image not found: lsqm-test/nothing:0")
    assert.contains(result.stderr, "docker pull lsqm-test/nothing:0")
    assert.is_nil((lab:latest()))
    -- nobody insists on Docker: the emulator runs as a process, and the log says why
    result = lab:run({ "validate" },
      { config = "{ emulator = { image = 'lsqm-test/nothing:0' } }" })
    assert.equal(0, result.code, result.stderr)
    assert.equal("process", lab:latest().emulator.driver)
    assert.contains(fs.read(lab.workspace .. "/logs/lsqm.jsonl"), "image not found")
  end)

  it("without a socket: 'docker' fails, 'auto' runs the emulator as a process", function()
    lab:put("a")
    local env = { DOCKER_HOST = "unix://" .. lab.path .. "/absent.sock" }
    local result = lab:run({ "validate" }, { config = config(), env = env })
    assert.equal(3, result.code)
    assert.contains(result.stderr, "no such socket")
    assert.is_nil((lab:latest()))
    result = lab:run({ "validate" }, { env = env })
    assert.equal(0, result.code, result.stderr)
    local record, r = lab:latest()
    assert.same({ "PASSED", "process" }, { r.a.status, record.emulator.driver })
  end)

  it("leaves nothing after kill -9 and clean, and keeps what is not ours", function()
    local reason = missing()
    if reason then pending(reason) return end
    local other <close> = assert(engine:container { Image = MINISTACK, -- luacheck: ignore other
      Entrypoint = { "sleep" }, Cmd = { "300" } })
    assert(other:start())
    for _, letter in ipairs { "a", "b" } do lab:put(letter, { terraform = "hang" }) end
    lab:put("c")
    local handle <close> = lab:start({ "validate" }, { config = config "parallel = 3" })
    local _, record = wait_for_container(lab, handle)
    local results
    repeat
      results = select(2, lab:latest())
      assert(not handle:poll(), "ended too early")
    until results.c or (uv.sleep(30) and false)
    -- while it lives, clean leaves its things alone
    local result = lab:run { "clean", "--run", record.run_id }
    assert.contains(result.stdout, "kept what a running lsqm uses")
    assert.equal(2, #(of_run(record.run_id)))
    uv.kill(handle.pid, "sigkill")
    handle:wait()
    local containers, networks = of_run(record.run_id)
    assert.same({ 2, 1 }, { #containers, #networks })
    result = lab:run { "--dry-run", "clean", "--run", record.run_id }
    assert.contains(result.stdout, "would remove 2 containers, 1 networks")
    assert.equal(2, #(of_run(record.run_id)))
    result = lab:run { "clean", "--run", record.run_id }
    assert.equal(0, result.code, result.stderr)
    assert_gone(record.run_id)
    assert.is_true(assert(engine:inspect(other.id)).State.Running)
    -- processes and files: by the same command without --run, here with no engine
    result = lab:run({ "clean" }, { env = { DOCKER_HOST = "unix:///nowhere.sock" } })
    assert.equal(0, result.code, result.stderr)
    assert.same({}, lab:running())
    assert.is_false(fs.exists(lab.workspace .. "/tmp"))
    -- the artifact repository reads back clean, and the run can go on
    assert.same({}, lab:store():problems())
    assert.same({}, (lab:check_contracts()))
    for _, letter in ipairs { "a", "b" } do lab:put(letter) end
    result = lab:run({ "validate", "--resume" }, { config = config() })
    assert.equal(0, result.code, result.stderr)
    local again, r = lab:latest()
    assert.equal(record.run_id, again.run_id)
    assert.same(results.c, r.c)
    assert.same({ "PASSED", "PASSED" }, { r.a.status, r.b.status })
    assert_gone(record.run_id)
  end)
end)

describe("validate in containers for real", function()
  local python = require("std.python").find(nil)

  local function missing(image)
    if not engine then return "no Docker engine: " .. tostring(no_engine) end
    local found, err = engine:image(image)
    if not found then return tostring(err) end
    if not (process.which "terraform" or process.which "tofu") then return "no terraform" end
    local stock = process.run { argv = { python, "-c", "import pytest, boto3" } }
    return (not stock or stock.code ~= 0) and "the stock Python environment is not set up" or nil
  end

  local function deploy(image)
    local reason = missing(image)
    if reason then pending(reason) return end
    local lab <close> = lab_of.new { real = true }
    lab.env.DOCKER_HOST = "unix://" .. engine.socket
    lab:put_parameter_app("a")
    local result = lab:run({ "validate" }, { config = config(nil, image), timeout = 400 })
    assert.equal(0, result.code, result.stderr)
    local record, r = lab:latest()
    assert.equal("PARTIAL", r.a.status, r.a.reason)
    assert.equal("1 of 3 tests failed", r.a.reason)
    assert.same({}, (lab:check_contracts()))
    assert_gone(record.run_id)
    return record
  end

  it("deploys to MiniStack", function()
    local record = deploy(MINISTACK)
    if record then assert.equal("1.5.33", record.localstack_version) end
  end)

  it("deploys to LocalStack", function()
    local record = deploy(LOCALSTACK)
    if record then assert.contains(record.localstack_version, "4.14") end
  end)
end)
