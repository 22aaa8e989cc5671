-- SPDX-License-Identifier: Apache-2.0
-- std.docker against a real engine; without one (or without a C compiler for the tiny test image)
-- each test is counted as pending, with the reason.
local docker = require "std.docker"
local json = require "std.json"
local parallel = require "std.parallel"

local LABEL <const> = "lsqm.test"
local IMAGE <const> = "lsqm-test/tiny:1"

local PROGRAM <const> = [[
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "out")) { printf("%s\n", argv[i + 1]); fflush(stdout); }
        if (!strcmp(argv[i], "err")) fprintf(stderr, "%s\n", argv[i + 1]);
        if (!strcmp(argv[i], "sleep")) sleep((unsigned)atoi(argv[i + 1]));
        if (!strcmp(argv[i], "exit")) return atoi(argv[i + 1]);
        if (!strcmp(argv[i], "many"))
            for (int n = 0; n < atoi(argv[i + 1]); n++) printf("line %d\n", n);
    }
    return 0;
}
]]

-- A tar with plain files: {name = {bytes, mode}}.
local function tar(files)
  local out, names = {}, {}
  for name in pairs(files) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local bytes, mode = table.unpack(files[name])
    local head = string.pack("c100c8c8c8c12c12c8c1c100c8c247", name, ("%07o"):format(mode),
      "0000000", "0000000", ("%011o"):format(#bytes), "02264757400", (" "):rep(8), "0", "",
      "ustar\00000", "")
    local sum = 0
    for i = 1, 512 do sum = sum + head:byte(i) end
    out[#out + 1] = head:sub(1, 148) .. ("%06o\0 "):format(sum) .. head:sub(157)
    out[#out + 1] = bytes .. ("\0"):rep(-#bytes % 512)
  end
  return table.concat(out) .. ("\0"):rep(1024)
end

local function compile()
  local dir = os.tmpname()
  os.remove(dir)
  local source, binary = dir .. ".c", dir .. ".bin"
  local file = assert(io.open(source, "w"))
  file:write(PROGRAM)
  file:close()
  local ok = os.execute(("cc -static -Os -s -o %s %s 2>/dev/null"):format(binary, source))
  os.remove(source)
  local built = ok and io.open(binary, "rb")
  local bytes = built and built:read("a")
  if built then built:close() end
  os.remove(binary)
  return bytes
end

local DOCKERFILE <const> = "FROM scratch\nCOPY tool /tool\nENTRYPOINT [\"/tool\"]\n"

local function build(client, dockerfile, options)
  local call = { tag = IMAGE, labels = { [LABEL] = "1" } }
  for key, value in pairs(options or {}) do call[key] = value end
  call.context = tar { Dockerfile = { dockerfile or DOCKERFILE, 420 },
    tool = { client.tool, 493 } }
  return client:build(call)
end

local engine, skip_reason

-- One engine and one image for the file; the reason when there is none.
local function prepare()
  if engine or skip_reason then return end
  local client, err = docker.connect {}
  if not client then skip_reason = tostring(err) return end
  client.tool = compile()
  if not client.tool then skip_reason = "no C compiler that links static programs" return end
  assert(build(client))
  engine = client
end

local function with_engine(name, fn)
  it(name, function()
    prepare()
    if not engine then pending(skip_reason) return end
    fn(engine)
  end)
end

local function tiny(client, args, more)
  local spec = { Image = IMAGE, Cmd = args, Labels = { [LABEL] = "1" } }
  for key, value in pairs(more or {}) do spec[key] = value end
  return assert(client:container(spec))
end

local function ours(client)
  return #assert(client:containers { all = true, labels = { LABEL } })
end

describe("std.docker without an engine", function()
  it("is unavailable, with advice", function()
    local client, err = docker.connect { socket = "/nonexistent/docker.sock" }
    assert.is_nil(client)
    assert.are.equal("unavailable", err.code)
    assert.are.equal("docker connect: no such socket: /nonexistent/docker.sock", tostring(err))
    assert.matches("DOCKER_HOST", err.hint, 1, true)
  end)

  it("speaks only to unix sockets", function()
    local client, err = docker.connect { socket = "tcp://10.0.0.1:2375" }
    assert.is_nil(client)
    assert.are.equal("unsupported", err.code)
  end)
end)

describe("std.docker", function()
  teardown(function()
    if engine then engine:remove_image(IMAGE, { force = true }) end
  end)

  with_engine("settles on an API version that both know", function(client)
    local pong = assert(client:ping())
    assert.matches("^1%.%d+$", pong.api)
    assert.is_string(assert(client:version()).Version)
  end)

  with_engine("lists and describes images", function(client)
    local image = assert(client:image(IMAGE))
    assert.are.equal("1", image.Config.Labels[LABEL])
    assert.are.equal(1, #assert(client:images { filters = { reference = IMAGE } }))
  end)

  with_engine("streams a build and finds its error line", function(client)
    local steps = {}
    assert(build(client, nil, { on_progress = function(text) steps[#steps + 1] = text end }))
    assert.matches("Step 1/", table.concat(steps), 1, true)
    local id, err = build(client, "FROM scratch\nCOPY missing /x\n", { tag = "lsqm-test/bad:1" })
    assert.is_nil(id)
    assert.are.equal("rejected", err.code)
    assert.matches("docker build: .*missing", tostring(err))
  end)

  with_engine("names what is missing", function(client)
    local id, err = client:create { Image = "alpine:9" }
    assert.is_nil(id)
    assert.are.equal("not_found", err.code)
    assert.are.equal("docker create: image not found: alpine:9", tostring(err))
    local _, gone = client:inspect("no-such-container")
    assert.are.equal("docker inspect: container not found: no-such-container", tostring(gone))
  end)

  with_engine("runs a container and tells its outputs apart", function(client)
    local box <close> = tiny(client, { "out", "one", "err", "two", "out", "three", "exit", "7" })
    assert(box:start())
    assert.are.equal(7, box:wait { timeout = 20 })
    local logs = assert(box:logs())
    assert.are.same({ "one\nthree\n", "two\n" }, { logs.stdout, logs.stderr })
    assert.is_false(logs.truncated)
    assert.is_false(assert(box:inspect()).State.Running)
  end)

  with_engine("reads the output of a terminal", function(client)
    local box <close> = tiny(client, { "out", "tty" }, { Tty = true })
    assert(box:start())
    assert(box:wait { timeout = 20 })
    assert.are.equal("tty\r\n", assert(box:logs()).stdout)
  end)

  with_engine("cuts long logs and says so", function(client)
    local box <close> = tiny(client, { "many", "20000" })
    assert(box:start())
    assert(box:wait { timeout = 20 })
    local whole = assert(box:logs())
    assert.are.equal("line 19999\n", whole.stdout:sub(-11))
    local cut = assert(box:logs { max_output = 1000 })
    assert.are.same({ 1000, true }, { #cut.all, cut.truncated })
    assert.are.equal("line 19999\n", assert(box:logs { tail = 1 }).stdout)
  end)

  with_engine("executes programs inside", function(client)
    local box <close> = tiny(client, { "sleep", "60" })
    assert(box:start())
    local result = assert(box:exec { cmd = { "/tool", "out", "in", "err", "side", "exit", "3" } })
    assert.are.same({ 3, "in\n", "side\n" }, { result.code, result.stdout, result.stderr })
    local _, err = box:exec { cmd = { "/tool", "sleep", "30" }, timeout = 0.3 }
    assert.are.equal("timeout", err.code)
  end)

  with_engine("copies archives in and out", function(client)
    local box <close> = tiny(client, { "sleep", "1" })
    assert(box:put_archive("/", tar { ["hello.txt"] = { "from outside", 420 } }))
    local archive = assert(box:get_archive("/hello.txt"))
    assert.matches("from outside", archive, 1, true)
    local path = os.tmpname()
    assert.is_true(assert(box:get_archive("/hello.txt", { to_file = path })))
    assert(box:put_archive("/", { file = path }))
    os.remove(path)
    local _, err = box:get_archive("/nowhere")
    assert.are.equal("not_found", err.code)
  end)

  with_engine("stops, kills and removes", function(client)
    local box <close> = tiny(client, { "sleep", "60" })
    assert(box:start())
    assert(box:start())
    assert(box:kill())
    assert.are.equal(137, box:wait { timeout = 20 })
    assert(box:start())
    assert(box:stop { grace = 0 })
    assert(box:remove())
    local _, err = box:inspect()
    assert.are.equal("not_found", err.code)
  end)

  with_engine("takes empty lists for lists", function(client)
    local box <close> = tiny(client, {}, { Env = {}, HostConfig = { CapAdd = {}, Binds = {} } })
    local result = box:start()
    assert.is_true(result)
    local _, err = box:exec { cmd = { "/missing" }, env = {} }
    assert.not_matches("unmarshal", tostring(err), 1, true) -- what the engine says to {} for []
  end)

  with_engine("a name that is taken is a conflict", function(client)
    local name = "lsqm-test-" .. math.random(1 << 40)
    local spec = { Image = IMAGE, Labels = { [LABEL] = "1" } }
    local box <close> = assert(client:container(spec, { name = name }))
    local second, err = client:create(spec, { name = name })
    assert.is_nil(second)
    assert.are.equal("conflict", err.code)
    assert.is_string(box.id)
  end)

  with_engine("removes containers on return, error, timeout and cancel", function(client)
    local before = ours(client)
    local function use(ending)
      local box <close> = tiny(client, { "sleep", "60" })
      assert(box:start())
      ending(box)
    end
    use(function() end)
    pcall(use, function() error("x") end)
    parallel.timeout(1, function() use(function(box) box:wait() end) end)
    parallel.timeout(1, function() use(function(box) box:logs { follow = true } end) end)
    assert.are.equal(before, ours(client))
  end)

  with_engine("gives up waiting after a timeout", function(client)
    local box <close> = tiny(client, { "sleep", "60" })
    assert(box:start())
    local code, err = box:wait { timeout = 0.3 }
    assert.is_nil(code)
    assert.are.same({ "timeout", "docker wait" }, { err.code, err.op })
  end)

  with_engine("follows events until told to stop", function(client)
    local seen = {}
    local waiter = parallel.spawn(function()
      return client:events { labels = { LABEL }, filters = { type = "container" }, timeout = 20,
        on_event = function(event)
          seen[#seen + 1] = event.Action
          return event.Action ~= "destroy"
        end }
    end)
    parallel.sleep(0.2)
    do
      local box <close> = tiny(client, { "exit", "0" })
      assert(box:start())
      assert(box:wait { timeout = 20 })
    end
    local ok, result = waiter:join()
    assert.are.same({ true, true }, { ok, result })
    assert.are.equal("create", seen[1])
    assert.are.equal("destroy", seen[#seen])
  end)

  with_engine("makes, lists and removes networks and volumes", function(client)
    local name = "lsqm-test-" .. math.random(1 << 40)
    local labels = { [LABEL] = name }
    assert.is_string(assert(client:volume_create { Name = name, Labels = labels }))
    assert.are.equal(1, #assert(client:volumes { labels = labels }))
    assert(client:volume_remove(name))
    assert.are.equal(0, #assert(client:volumes { labels = labels }))
    local id, err = client:network_create { Name = name, Labels = labels, Internal = true }
    if not id then pending("this engine makes no networks: " .. tostring(err)) return end
    assert.are.equal(id, assert(client:networks { labels = labels })[1].Id)
    assert(client:network_remove(name))
    local _, gone = client:network_remove(name)
    assert.are.equal("not_found", gone.code)
  end)

  with_engine("loads an image from a file", function(client)
    local layer = tar { ["a.txt"] = { "a", 420 } }
    local sha = require "std.sha256"
    local config = json.encode { architecture = "amd64", os = "linux",
      config = { Labels = { [LABEL] = "1" } },
      rootfs = { type = "layers", diff_ids = { "sha256:" .. sha.string(layer) } } }
    local manifest = json.encode { { Config = "c.json", RepoTags = { "lsqm-test/loaded:1" },
      Layers = { "layer.tar" } } }
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(tar { ["c.json"] = { config, 420 }, ["layer.tar"] = { layer, 420 },
      ["manifest.json"] = { manifest, 420 } })
    file:close()
    local names = assert(client:load(path))
    os.remove(path)
    assert.are.same({ "lsqm-test/loaded:1" }, names)
    assert(client:remove_image(names[1], { force = true }))
  end)

  with_engine("misuse raises with the argument's name", function(client)
    for text, fn in pairs {
      ["create: spec.Image"] = function() client:create {} end,
      ["cmd must be a list"] = function() client:exec("x", {}) end,
      ["container id"] = function() client:start("") end,
      ["on_event must be a function"] = function() client:events {} end,
    } do
      local ok, err = pcall(fn)
      assert.is_false(ok)
      assert.matches(text, tostring(err), 1, true)
    end
  end)
end)
