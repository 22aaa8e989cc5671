-- SPDX-License-Identifier: Apache-2.0
-- std.compose: short and long forms, merging, extends, include, profiles, references, and the
-- place of every value.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local lab = dofile(here .. "/compose_lab.lua")
local origin = require "std.compose.origin"

local project, refused, service = lab.project, lab.refused, lab.service

describe("std.compose", function()
  before_each(lab.open)
  after_each(lab.close)

  describe("long forms", function()
    it("are made of ports", function()
      local ports = service [[
    ports: ["80", "8080:80", "127.0.0.1:53:53/udp", "9000-9001:90-91", 3000, "[::1]:1:2",
      {target: 5, published: "6", protocol: udp}, "7000-7010:70"] ]].ports
      local got = {}
      for i, p in ipairs(ports) do
        got[i] = ("%s|%s|%d|%s"):format(p.host_ip or "", p.published or "", p.target, p.protocol)
      end
      assert.same({ "||80|tcp", "|8080|80|tcp", "127.0.0.1|53|53|udp", "|9000|90|tcp",
        "|9001|91|tcp", "||3000|tcp", "::1|1|2|tcp", "|6|5|udp", "|7000-7010|70|tcp" }, got)
    end)

    it("are made of mounts, from the project's folder", function()
      local p = project { ["compose.yaml"] = [[
services:
  s:
    volumes: ["v:/a:ro", "./b:/b", "/c:/c:rslave", /anonymous, {type: tmpfs, target: /t,
      tmpfs: {size: 1m}}, {type: bind, source: ../d, target: /d/}]
volumes: {v: {}}
]] }
      local v = p.services.s.volumes
      assert.same({ "volume", "v", true }, { v[1].type, v[1].source, v[1].read_only })
      assert.same({ "bind", lab.dir.path .. "/b" }, { v[2].type, v[2].source })
      assert.equal("rslave", v[3].bind.propagation)
      assert.same({ type = "volume", target = "/anonymous" }, v[4])
      assert.equal(1048576, v[5].tmpfs.size)
      assert.same({ fs.dirname(lab.dir.path) .. "/d", "/d" }, { v[6].source, v[6].target })
    end)

    it("are made of commands, health checks, dependencies and environments", function()
      local p = project { ["compose.yaml"] = [[
services:
  a:
    command: sh -c "x y"
    healthcheck: {test: curl -f x, interval: 1m, timeout: 500ms, retries: "3"}
    environment: [A=1, B=x=y, FROM_SHELL, NOWHERE]
    depends_on: [b]
    mem_limit: 512m
    labels: [x=1, y]
  b: {privileged: "${P:-true}"}
]] }
      local a = p.services.a
      assert.same({ "sh", "-c", "x y" }, { table.unpack(a.command) })
      assert.same({ "CMD-SHELL", "curl -f x" }, { table.unpack(a.healthcheck.test) })
      assert.same({ 60, 0.5, 3 }, { a.healthcheck.interval, a.healthcheck.timeout,
        a.healthcheck.retries })
      assert.same({ b = { condition = "service_started", required = true } }, a.depends_on)
      assert.same({ A = "1", B = "x=y" }, a.environment)
      assert.equal(512 * 2 ^ 20, a.mem_limit)
      assert.same({ x = "1", y = "" }, a.labels)
      assert.is_true(p.services.b.privileged)
    end)

    it("are made of devices and GPUs", function()
      local s = service [[
    devices: ["/dev/fuse", "/dev/a:/dev/b:r", {source: /dev/c, permissions: rw}]
    gpus: all
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: "2",
      capabilities: [gpu, compute]}, {device_ids: ["0"], capabilities: [tpu]}]}}} ]]
      local got = {}
      for i, d in ipairs(s.devices) do
        got[i] = ("%s %s %s"):format(d.source, d.target, d.permissions)
      end
      assert.same({ "/dev/fuse /dev/fuse rwm", "/dev/a /dev/b r", "/dev/c /dev/c rw" }, got)
      assert.same({ -1, "gpu" }, { s.gpus[1].count, s.gpus[1].capabilities[1] })
      local asked = s.deploy.resources.reservations.devices
      assert.same({ 2, "nvidia" }, { asked[1].count, asked[1].driver })
      assert.same({ "0" }, { table.unpack(asked[2].device_ids) })
      assert.is_nil(asked[2].count)
    end)

    it("are made of hosts, CPU times and swap", function()
      local s = service [[
    extra_hosts: ["a:host-gateway", "six=[::1]", "a=10.0.0.1"]
    cpu_period: 50ms
    cpu_quota: 25000
    memswap_limit: -1
    restart: on-failure:3 ]]
      assert.same({ a = "host-gateway,10.0.0.1", six = "::1" }, s.extra_hosts)
      assert.same({ 50000, 25000, -1 }, { s.cpu_period, s.cpu_quota, s.memswap_limit })
      assert.same({ h = "1.1.1.1,::2" }, service
        "    extra_hosts: {h: ['1.1.1.1', '[::2]']}".extra_hosts)
    end)

    it("add what links, shared namespaces and volumes depend on", function()
      local p = project { ["compose.yaml"] = [[
services:
  a: {image: a, links: ["b:db"], depends_on: {c: {condition: service_completed_successfully}},
    volumes_from: ["c:ro", "container:x"]}
  b: {image: b, network_mode: "service:c"}
  c: {image: c}
]] }
      local a = p.services.a.depends_on
      assert.same({ condition = "service_started", required = true, restart = true }, a.b)
      assert.equal("service_completed_successfully", a.c.condition)
      assert.is_nil(a.container)
      assert.is_truthy(p.services.b.depends_on.c)
      assert.equal("compose.yaml:2", (origin.show(origin.at(a, "b")):gsub("^.*/", "")))
    end)

    local bad = {
      { "devices: ['/dev/a:/dev/b:x']", "3:16: services.s.devices[0]: permissions are of r, w "
        .. "and m, not 'x'" },
      { "gpus: some", "3:5: services.s.gpus must be all or a list, not 'some'" },
      { "restart: sometimes", "3:5: services.s.restart must be no, always, unless-stopped or "
        .. "on-failure[:TIMES], not 'sometimes'" },
      { "scale: -1", "3:5: services.s.scale must be 0 to 10000, not '-1'" },
      { "{scale: 2, deploy: {replicas: 3}}", "3:6: services.s: scale is 2, but deploy.replicas "
        .. "is 3" },
      { "{scale: 2, container_name: x}", "3:16: services.s: 2 containers cannot all be named 'x'" },
      { "network_mode: service:lost", "3:5: services.s refers to the service 'lost', which is "
        .. "not defined" },
      { "env_file: [{path: x.env, format: json}]", "3:30: services.s.env_file[0]: format must be "
        .. "raw, not 'json'" },
      { "imag: x", "3:5: services.s has no key 'imag', did you mean \"image\"?" },
      { "ports: ['a:b']", "3:14: ports: 'b' is no container port" },
      { "ports: ['80-81:80-82']", "3:14: ports: '80-81:80-82' has host and container ranges of "
        .. "different length" },
      { "ports: ['80/icmp']", "3:14: ports: protocol must be tcp or udp, not 'icmp'" },
      { "mem_limit: lots", "3:5: services.s.mem_limit must be a size such as 512m, not 'lots'" },
      { "healthcheck: {interval: 10}", "3:19: services.s.healthcheck.interval must be a duration "
        .. "such as 30s, not '10'" },
      { "healthcheck: {test: [curl]}", "3:19: services.s.healthcheck.test must begin with NONE, "
        .. "CMD or CMD-SHELL" },
      { "privileged: maybe", "3:5: services.s.privileged must be true or false, not 'maybe'" },
      { "depends_on: {x: {condition: started}}", "3:22: services.s.depends_on.x: unknown "
        .. "condition 'started'" },
      { "depends_on: [lost]", "3:18: services.s refers to the service 'lost', which is not "
        .. "defined" },
      { "networks: [lost]", "3:16: services.s refers to the network 'lost', which is not defined" },
      { "volumes: ['v:/x']", "3:16: services.s refers to the volume 'v', which is not defined" },
      { "volumes: ['v:/x:wo']", "3:16: volumes: unknown option 'wo'" },
      { "secrets: [token]", "3:15: services.s refers to the secret 'token', which is not defined" },
      { "command: 'sh -c \"x'", "3:5: services.s.command: a quote is not closed" },
      { "env_file: nowhere.env", "3:5: env_file nowhere.env is not there" },
    }
    for _, case in ipairs(bad) do
      it("refuse " .. case[1], function()
        assert.equal("compose: compose.yaml:" .. case[2], refused {
          ["compose.yaml"] = "services:\n  s:\n    " .. case[1] .. "\n" })
      end)
    end
  end)

  describe("merging", function()
    local base = [[
services:
  s:
    image: a:1
    command: old
    environment: {A: "1", B: "2"}
    ports: ["80:80", "81:81"]
    volumes: ["./x:/x", "./y:/y"]
    dns: [1.1.1.1]
    cap_add: [A, B]
    labels: {k: base}
    logging: {driver: json-file, options: {max-size: 1m}}
    extra_hosts: ["gone:1.1.1.1", "other:1.1.1.2"]
    healthcheck: {test: [CMD, a, b], interval: 5s}
]]
    local function merged(over)
      return project({ ["a.yaml"] = base, ["b.yaml"] = "services:\n  s:\n" .. over },
        { files = { "a.yaml", "b.yaml" } }).services.s
    end

    it("replaces commands and tests, merges mappings, appends lists without repeats", function()
      local s = merged [[
    command: [new]
    environment: [B=3, C=4]
    dns: 8.8.8.8
    cap_add: [B, C]
    healthcheck: {test: [CMD, c]}
]]
      assert.same({ "new" }, { table.unpack(s.command) })
      assert.same({ A = "1", B = "3", C = "4" }, s.environment)
      assert.same({ "1.1.1.1", "8.8.8.8" }, { table.unpack(s.dns) })
      assert.same({ "A", "B", "C" }, { table.unpack(s.cap_add) })
      assert.same({ "CMD", "c" }, { table.unpack(s.healthcheck.test) })
      assert.equal(5, s.healthcheck.interval)
      assert.equal("a:1", s.image)
    end)

    it("knows ports and mounts by their keys", function()
      local s = merged [[
    ports: ["80:80", "82:82"]
    volumes: ["./z:/x:ro"]
]]
      assert.equal(3, #s.ports)
      assert.equal(2, #s.volumes)
      assert.same({ lab.dir.path .. "/z", true }, { s.volumes[1].source, s.volumes[1].read_only })
    end)

    it("!override replaces and !reset removes", function()
      local s = merged [[
    ports: !override ["90:90"]
    environment: !override {X: "1"}
    extra_hosts: {gone: !reset null}
    cap_add: !reset null
    labels: {k: !reset null}
]]
      assert.equal(1, #s.ports)
      assert.same({ X = "1" }, s.environment)
      assert.same({ other = "1.1.1.2" }, s.extra_hosts)
      assert.is_nil(s.cap_add)
      assert.same({}, s.labels)
    end)

    it("drops the options of another logging driver", function()
      assert.same({ driver = "syslog" }, merged "    logging: {driver: syslog}\n".logging)
      assert.same({ ["max-size"] = "1m", ["max-file"] = "2" },
        merged "    logging: {options: {max-file: 2}}\n".logging.options)
    end)

    it("reads the override file beside the first, and names twins that it does not read", function()
      local p = project { ["compose.yaml"] = "services: {a: {image: x}}",
        ["compose.override.yaml"] = "services: {a: {hostname: h}}",
        ["docker-compose.yml"] = "services: {other: {image: y}}" }
      assert.same({ "x", "h" }, { p.services.a.image, p.services.a.hostname })
      assert.is_nil(p.services.other)
      assert.equal("docker-compose.yml", fs.basename(p.twins[1].path))
      assert.equal("compose.yaml", fs.basename(p.twins[1].wins))
    end)

    it("keeps the file and line of every value", function()
      local s = merged "    environment: {B: '3'}\n    ports: ['90:90']\n"
      local function at(t, key)
        return (origin.show(origin.at(t, key)):gsub("^.*/", ""))
      end
      assert.equal("a.yaml:3", at(s, "image"))
      assert.equal("a.yaml:5", at(s.environment, "A"))
      assert.equal("b.yaml:3", at(s.environment, "B"))
      assert.equal("a.yaml:6", at(s.ports, 1))
      assert.equal("b.yaml:4", at(s.ports, 3))
    end)
  end)

  describe("extends", function()
    it("takes the base of the same and of another file, relative to that file", function()
      local p = project { ["compose.yaml"] = [[
services:
  a: {extends: {file: base/common.yaml, service: root}, environment: {B: "2"}}
  b: {extends: a, hostname: b}
]], ["base/common.yaml"] = [[
services:
  root: {extends: leaf, build: ./src}
  leaf: {image: leaf, environment: {A: "1", B: "1"}, env_file: [x.env]}
]], ["base/x.env"] = "FROM=file\n" }
      local b = p.services.b
      assert.same({ A = "1", B = "2", FROM = "file" }, b.environment)
      assert.same({ "leaf", "b", lab.dir.path .. "/base/src" }, { b.image, b.hostname,
        b.build.context })
      assert.is_nil(p.services.root)
      assert.equal("common.yaml:2", (origin.show(origin.at(b, "build")):gsub("^.*/", "")))
    end)

    it("names the circle and the service that is not there", function()
      assert.equal("compose: compose.yaml:3:7: extends goes in a circle: a -> b -> a", refused {
        ["compose.yaml"] = "services:\n  a: {extends: b}\n  b: {extends: a}\n" })
      assert.equal("compose: compose.yaml:2:7: extends: there is no service 'bse' in compose.yaml"
        .. ', did you mean "base"?', refused { ["compose.yaml"] =
          "services:\n  a: {extends: bse}\n  base: {}\n" })
    end)
  end)

  describe("include", function()
    it("reads other projects with their own folder and .env", function()
      local p = project { ["compose.yaml"] = [[
include: [sub/compose.yaml, {path: [other/a.yaml, other/b.yaml], env_file: other/o.env}]
services: {web: {image: w, depends_on: [db]}}
]], ["sub/compose.yaml"] = "services: {db: {image: 'db:$V', volumes: ['./d:/d']}}",
        ["sub/.env"] = "V=sub\n", ["other/a.yaml"] = "services: {q: {image: 'q:$V'}}",
        ["other/b.yaml"] = "services: {q: {hostname: h}}", ["other/o.env"] = "V=other\n" }
      assert.equal("db:sub", p.services.db.image)
      assert.equal(lab.dir.path .. "/sub/d", p.services.db.volumes[1].source)
      assert.same({ "q:other", "h" }, { p.services.q.image, p.services.q.hostname })
    end)

    it("refuses two definitions of one service, and circles", function()
      assert.equal("compose: b.yaml:1:12: include: services.s is defined differently by another "
        .. "included file", refused { ["compose.yaml"] = "include: [a.yaml, b.yaml]",
          ["a.yaml"] = "services: {s: {image: a}}", ["b.yaml"] = "services: {s: {image: b}}" })
      assert.equal("compose: a.yaml:1:11: include goes in a circle: compose.yaml", refused {
        ["compose.yaml"] = "include: [a.yaml]", ["a.yaml"] = "include: [compose.yaml]" })
    end)
  end)

  it("starts services of active profiles only", function()
    local files = { ["compose.yaml"] = [[
services:
  a: {image: a}
  b: {image: b, profiles: [debug, all]}
  c: {image: c, profiles: [extra], depends_on: {b: {condition: service_started, required: false}}}
]] }
    local function names(options)
      local list = {}
      for name in pairs(project(files, options).services) do list[#list + 1] = name end
      table.sort(list)
      return table.concat(list, " ")
    end
    assert.equal("a", names())
    assert.equal("a b", names { profiles = { "debug" } })
    assert.equal("a c", names { env = { COMPOSE_PROFILES = "extra" } })
    assert.equal("a b c", names { profiles = { "*" } })
    files["compose.yaml"] = files["compose.yaml"]:gsub(", required: false", "")
    assert.is_truthy(refused(files, { profiles = { "extra" } }):find(
      "services.c depends on 'b', which no active profile starts (debug, all)", 1, true))
  end)

  it("puts env_file beneath environment and says what is hidden", function()
    local p = project { ["compose.yaml"] = [[
services:
  a: {env_file: [one.env, {path: two.env, required: false}, {path: no.env, required: false}],
      environment: {B: inline}}
]], ["one.env"] = "A=1\nB=file\n", ["two.env"] = "A=2\nC=$T\n" }
    assert.same({ A = "2", B = "inline", C = "" }, p.services.a.environment)
    assert.same({ A = "file", B = "inline", C = "file" }, p.environment_sources.a)
    assert.same({ "a", "B", 2 }, { p.hidden[1].service, p.hidden[1].key, p.hidden[1].place.line })
  end)

  it("reads raw files as they are, and labels of files", function()
    local s = project { ["compose.yaml"] = [[
services:
  s: {image: x, env_file: [{path: raw.env, format: raw}], label_file: l.env, labels: {b: own}}
]], ["raw.env"] = "# c\nA='q' # $B\nEMPTY=\n", ["l.env"] = "a=1\nb=2\n" }.services.s
    assert.same({ A = "'q' # $B", EMPTY = "" }, s.environment)
    assert.same({ a = "1", b = "own" }, s.labels)
  end)

  describe("the project", function()
    local one = "services: {a: {image: 'x:${COMPOSE_PROJECT_NAME}'}}"

    it("knows its name while it is read: given, from the shell, from the file, of the folder",
      function()
        local named = { ["compose.yaml"] = "name: my-${PART:-shop}\n" .. one }
        assert.equal("x:given", project(named, { name = "Given" }).services.a.image)
        assert.equal("x:shell", project(named, { env = { COMPOSE_PROJECT_NAME = "shell" } })
          .services.a.image)
        local p = project(named)
        assert.same({ "x:my-shop", "my-shop" }, { p.services.a.image, p.name })
        local folder = project { ["compose.yaml"] = one }
        assert.equal("x:" .. folder.name, folder.services.a.image)
        assert.equal("compose: compose.yaml:2:1: required variable N is missing a value",
          refused { ["compose.yaml"] = "\nname: ${N:?}\nservices: {}" })
      end)

    it("takes its files from COMPOSE_FILE and its variables from COMPOSE_ENV_FILES", function()
      lab.write { ["a.yaml"] = "services: {a: {image: 'x:$V'}}", ["b.yaml"] =
        "services: {b: {image: y}}", [".env"] = "COMPOSE_FILE=a.yaml:b.yaml\nV=env\n",
        ["other.env"] = "V=other\nCOMPOSE_FILE=a.yaml\n" }
      local p = project {}
      assert.same({ "x:env", "y" }, { p.services.a.image, p.services.b.image })
      p = project({}, { env = { COMPOSE_ENV_FILES = lab.dir.path .. "/other.env" } })
      assert.same({ "x:other" }, { p.services.a.image, p.services.b })
      assert.is_truthy(refused({}, { env = { COMPOSE_DISABLE_ENV_FILE = "1" } })
        :find("no Compose file in", 1, true))
    end)

    it("resolves what an included project names with that project's variables", function()
      local p = project { ["compose.yaml"] = "include: [sub/compose.yaml]\nservices: {}",
        ["sub/compose.yaml"] = "services: {s: {image: x, environment: [V], env_file: e.env}}",
        ["sub/.env"] = "V=sub\nW=inner\n", ["sub/e.env"] = "E=${W}\n" }
      assert.same({ V = "sub", E = "inner" }, p.services.s.environment)
    end)

    it("finds the folder of a volume from the file's folder", function()
      local p = project { ["compose.yaml"] = "services: {}\nvolumes: "
        .. "{v: {driver_opts: {type: none, o: bind, device: ./data}}}" }
      assert.equal(lab.dir.path .. "/data", p.volumes.v.driver_opts.device)
    end)
  end)

  it("refuses broken YAML, repeated keys and unknown top-level keys with their place", function()
    assert.is_truthy(refused({}, {}):find("no Compose file in", 1, true))
    assert.is_truthy(refused { ["compose.yaml"] = "services: [" }
      :find("compose.yaml:2:1: flow sequence", 1, true))
    assert.is_truthy(refused { ["compose.yaml"] = "services:\n  a: {image: x}\n  a: {image: y}\n" }
      :find("compose.yaml:3", 1, true))
    assert.equal("compose: compose.yaml:1:1: the file has no key 'servces', did you mean "
      .. '"services"?', refused { ["compose.yaml"] = "servces: {}" })
  end)
end)
