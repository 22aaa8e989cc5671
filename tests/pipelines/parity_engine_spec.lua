-- SPDX-License-Identifier: Apache-2.0
-- What `lsqm parity up` sends to an engine, refuses and leaves aside, without an engine.

local contents = require "pipelines.parity.engine.contents"
local diagnose = require "pipelines.parity.engine.diagnose"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local images = require "pipelines.parity.engine.images"
local ignore = require "pipelines.parity.engine.ignore"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local mask = require "std.mask"
local refuse = require "pipelines.parity.engine.refuse"
local spec_of = require "pipelines.parity.engine.spec"
local watch_of = require "pipelines.parity.engine.watch"

describe("parity's engine", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function project(text)
    return environments.project_of(lab:environment { ["compose.yaml"] = "name: p\n" .. text })
  end

  -- HostConfig and the whole spec of a service `s`.
  local function host(text, more)
    local p = project("services:\n  s: {image: x, " .. text .. "}\n" .. (more or ""))
    local spec = spec_of.container(p, "e", "s", 1)
    return spec.HostConfig, spec
  end

  local function plain(value) return { table.unpack(value) } end

  describe("sends", function()
    it("devices, GPUs and reserved devices", function()
      local h = host("devices: ['/dev/a:/dev/b:r', 'corp.com/gpu=0'], gpus: all, "
        .. "deploy: {resources: {reservations: {devices: [{capabilities: [tpu], count: 2}]}}}")
      assert.same({ { PathOnHost = "/dev/a", PathInContainer = "/dev/b",
        CgroupPermissions = "r" } }, plain(h.Devices))
      local r = h.DeviceRequests
      assert.same({ -1, "gpu", 2, "tpu", "cdi", "corp.com/gpu=0" }, { r[1].Count,
        r[1].Capabilities[1][1], r[2].Count, r[2].Capabilities[1][1], r[3].Driver,
        r[3].DeviceIDs[1] })
    end)

    it("restart policies of deploy before those of the service", function()
      assert.same({ Name = "always" }, host("restart: always").RestartPolicy)
      assert.same({ Name = "on-failure", MaximumRetryCount = 3 }, host("restart: 'no', deploy: "
        .. "{restart_policy: {condition: on-failure, max_attempts: 3}}").RestartPolicy)
      assert.same({ Name = "always" }, host "deploy: {restart_policy: {}}".RestartPolicy)
    end)

    it("CPU times, swap, hosts with several addresses, ranges of exposed ports", function()
      local h, spec = host("cpu_quota: 20000, cpu_period: 50ms, memswap_limit: -1, expose: "
        .. "['3000-3001', '53/udp'], extra_hosts: ['a:10.0.0.1', 'a:10.0.0.2']")
      assert.same({ 20000, 50000, -1 }, { h.CpuQuota, h.CpuPeriod, h.MemorySwap })
      assert.same({ "a:10.0.0.1", "a:10.0.0.2" }, plain(h.ExtraHosts))
      assert.same({ ["3000/tcp"] = {}, ["3001/tcp"] = {}, ["53/udp"] = {} }, spec.ExposedPorts)
    end)

    it("links, addresses, and the namespaces and volumes of other services", function()
      local p = project [[
services:
  s: {image: x, links: ["t:other"], external_links: [far], pid: "service:t", ipc: host,
    volumes_from: ["t:ro", "container:c"], mac_address: "02:42:ac:11:65:43",
    networks: {n: {ipv6_address: "2001:db8::2", interface_name: eth7}}}
  t: {image: x, scale: 2}
networks: {n: {}}
]]
      local spec = spec_of.container(p, "e", "s", 1)
      local endpoint = spec.NetworkingConfig.EndpointsConfig.p_n
      assert.same({ "p-t-1:other", "p-t-2:other", "far:far" }, plain(endpoint.Links))
      assert.same({ "2001:db8::2", "02:42:ac:11:65:43" },
        { endpoint.IPAMConfig.IPv6Address, endpoint.MacAddress })
      assert.same({ ["com.docker.network.endpoint.ifname"] = "eth7" }, endpoint.DriverOpts)
      assert.same({ "container:p-t-1", "host" }, { spec.HostConfig.PidMode,
        spec.HostConfig.IpcMode })
      assert.same({ "p-t-1:ro", "c" }, plain(spec.HostConfig.VolumesFrom))
    end)

    it("how far a bind mount is read-only, and the rights of a tmpfs", function()
      local h = host("volumes: [{type: bind, source: /a, target: /a, read_only: true, "
        .. "bind: {recursive: readonly}}, {type: tmpfs, target: /t, tmpfs: {mode: '1777'}}]")
      assert.is_true(h.Mounts[1].BindOptions.ReadOnlyForceRecursive)
      assert.equal(1023, h.Mounts[2].TmpfsOptions.Mode)
    end)

    it("mounts with SELinux labels as binds, a seccomp profile as its content", function()
      lab:write { ["profile.json"] = "{}" }
      local h = host("volumes: ['/a:/b:ro,Z', '/c:/d'], security_opt: "
        .. "['seccomp:./profile.json', 'no-new-privileges:true']")
      assert.same({ "/a:/b:ro,Z" }, plain(h.Binds))
      assert.equal("/d", h.Mounts[1].Target)
      assert.same({ "seccomp={}", "no-new-privileges:true" }, plain(h.SecurityOpt))
    end)

    it("the times of a health check whose test is the image's", function()
      local _, spec = host "healthcheck: {interval: 5s, retries: 2}"
      assert.same({ Interval = 5000000000, Retries = 2 }, spec.Healthcheck)
    end)
  end)

  it("has a version that does not change with what is outside of a container", function()
    local function version(text)
      return spec_of.version(project("services:\n  s: {image: x" .. text .. "}\n"), "s")
    end
    local base = version ""
    for _, text in ipairs { ", scale: 3", ", deploy: {replicas: 2}", ", pull_policy: always" } do
      assert.equal(base, version(text), text)
    end
    assert.are_not.equal(base, version ", init: true")
    local function secret(word)
      return spec_of.version(project("services:\n  s: {image: x, secrets: [t]}\n"
        .. "secrets: {t: {content: " .. word .. "}}\n"), "s")
    end
    assert.are_not.equal(secret "one-secret", secret "other-secret")
  end)

  it("refuses by name, with a way out", function()
    for text, part in pairs {
      ["services: {s: {image: x, scale: 2, ports: ['80:80']}}"] = "port 80 for 2 containers",
      ["services: {s: {image: x, post_start: [{command: y}]}}"] = "post_start",
      ["services: {s: {hostname: x}}"] = "a service without image and build",
      ["services: {s: {image: x, pull_policy: daily}}"] = "pull_policy daily",
      ["services: {s: {build: {context: ., ssh: [default]}}}"] = "build.ssh",
      ["services: {s: {image: x, secrets: [t]}}\nsecrets: {t: {external: true}}"] =
        "secrets.t without a file",
      ["services: {s: {image: x, secrets: [t]}}\nsecrets: {t: {file: ./lost}}"] =
        "lost, which is not there",
      ["services: {s: {image: x, secrets: [t]}}\nsecrets: {t: {environment: NO_SUCH}}"] =
        "secrets.t of the variable NO_SUCH",
    } do
      local ok, err = pcall(refuse.check, project(text .. "\n"))
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(part, 1, true), tostring(err))
      assert.equal("unsupported", err.code)
    end
    refuse.check(project "services: {s: {image: x, scale: 2, ports: ['80-90:80', '81']}}\n")
  end)

  it("tells what it leaves aside", function()
    local lines = refuse.left_aside(project [[
services:
  s: {image: x, build: {context: ., tags: [y]}, secrets: [{source: t, uid: "7"}]}
secrets: {t: {file: ./t}}
]])
    assert.equal(2, #lines)
    assert.is_truthy(lines[1]:find("compose.yaml:3: services.s: uid, gid and mode of secrets.t", 1,
      true))
    assert.is_truthy(lines[2]:find("build.tags is left aside", 1, true))
  end)

  it("brings contents with their rights, and hides secret ones", function()
    local p = project [[
services:
  s: {image: x, secrets: [{source: t, mode: 0400}], configs: [{source: c, target: /etc/c}]}
secrets: {t: {content: never-seen-word}}
configs: {c: {content: open}}
]]
    assert.same({ { path = "etc/c", data = "open", mode = 292 },
      { path = "run/secrets/t", data = "never-seen-word", mode = 256 } }, contents.of(p, "s"))
    assert.equal("a *** b", mask.text "a never-seen-word b")
  end)

  it("leaves out of a build what .dockerignore names", function()
    local rules = ignore.rules "# c\nnode_modules\n*.log\n!keep.log\n/dist/\n**/tmp\n"
    for path, out in pairs { ["node_modules/a/b.js"] = true, ["a.log"] = true, ["keep.log"] = false,
      ["sub/a.log"] = false, ["dist/x"] = true, ["a/b/tmp/c"] = true, ["main.c"] = false } do
      assert.equal(out, ignore.is_ignored(rules, path), path)
    end
    lab:write { ["c/Dockerfile"] = "FROM x", ["c/.dockerignore"] = "*\n!a.txt", ["c/a.txt"] = "1",
      ["c/b.txt"] = "2" }
    local names = {}
    for i, entry in ipairs(assert(ignore.source(lab:path "c"))) do names[i] = entry.path end
    table.sort(names)
    assert.same({ ".dockerignore", "Dockerfile", "a.txt" }, names)
    fs.remove(lab:path "c/.dockerignore")
    assert.equal(lab:path "c", ignore.source(lab:path "c"))
  end)

  it("pulls images as pull_policy wants it, for the platform that is asked for", function()
    local present, pulled
    local engine = {
      image = function(_, name)
        if present[name] then return { Id = "id-" .. name } end
        return nil, error_of.new { code = "not_found", message = "image not found" }
      end,
      pull = function(_, name, options)
        pulled[#pulled + 1] = name .. " " .. (options.platform or "-")
        present[name] = true
        return true
      end }
    local function ensure(text, there)
      present, pulled = { x = there }, {}
      local ok, ids = pcall(images.ensure, { engine = engine, tell = function() end,
        project = project("services:\n  s: {image: x" .. text .. "}\n") })
      return table.concat(pulled, ","), ok and ids.x or tostring(ids)
    end
    assert.same({ "x -", "id-x" }, { ensure "" })
    assert.same({ "", "id-x" }, { ensure("", true) })
    assert.same({ "x linux/arm64", "id-x" }, { ensure(", platform: linux/arm64") })
    assert.same({ "x -", "id-x" }, { ensure(", pull_policy: always, platform: ''", true) })
    assert.same({ "", "service s: the image x is not there, and pull_policy is never" },
      { ensure ", pull_policy: never" })
  end)

  it("waits for all containers of a service", function()
    local rows = { { Id = "1", State = "running", Status = "Up (healthy)" },
      { Id = "2", State = "running", Status = "Up (health: starting)" } }
    local watch = watch_of.new({}, "p", { counts = { s = 2, none = 0 } })
    assert.is_false((watch:reached("s", "service_healthy", rows)))
    rows[2].Status = "Up (healthy)"
    assert.is_true(watch:reached("s", "service_healthy", rows))
    assert.is_false((watch:reached("s", "service_healthy", { rows[1] })))
    assert.is_true(watch:reached("none", "service_started", {}))
    rows[2].Status = "Up 3 seconds"
    local _, err = watch:reached("s", "service_healthy", rows)
    assert.same({ "2", true }, { err.container, err.message:find("no health check") ~= nil })
  end)

  it("adds advice, the check and the end of the log to an error", function()
    mask.add "hidden-word"
    local engine = { inspect = function() return { Name = "/p-s-1", State = { Health = { Log = {
      { Output = "old" }, { Output = "no answer\n" } } } } } end,
      logs = function() return { all = ("line\n"):rep(20) .. "hidden-word\n" } end }
    local err = diagnose.explain(engine, error_of.wrap(error_of.new { op = "service s",
      code = "unhealthy", message = "is unhealthy", container = "1" }, "parity up"))
    assert.is_truthy(err.message:find("its check said:\n    no answer\n  the end of its log:\n", 1,
      true))
    assert.is_truthy(err.message:find("line\n    ***$"))
    assert.is_truthy(err.hint:find("docker logs p-s-1", 1, true))
    local taken = diagnose.wrap(error_of.new { op = "docker start", code = "http",
      message = "Bind for 0.0.0.0:80 failed: port is already allocated" }, "s")
    assert.is_truthy(taken.hint:find("another container publishes this port", 1, true))
  end)
end)
