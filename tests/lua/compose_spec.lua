-- SPDX-License-Identifier: Apache-2.0
-- std.compose: interpolation, .env, short and long forms, merging, extends, include, profiles,
-- references, and the place of every value.

local compose = require "std.compose"
local dotenv = require "std.compose.dotenv"
local error_of = require "std.error"
local fs = require "std.fs"
local interpolate = require "std.compose.interpolate"
local origin = require "std.compose.origin"
local units = require "std.compose.units"
local words = require "std.compose.words"
local yaml = require "std.yaml"
local emit = require "std.yaml.emit"

local dir

local function write(files)
  for name, text in pairs(files) do
    fs.mkdir(fs.dirname(fs.join(dir.path, name)))
    assert(fs.write(fs.join(dir.path, name), text))
  end
end

local function load(files, options)
  write(files)
  options = options or {}
  options.dir = options.dir or dir.path
  local env = options.env or {}
  options.getenv = function(name) return env[name] end
  for i, name in ipairs(options.files or {}) do options.files[i] = fs.join(dir.path, name) end
  return compose.load(options)
end

local function project(files, options)
  local value, err = load(files, options)
  assert(value, err and error_of.format(err))
  return value
end

local function service(text, options)
  return project({ ["compose.yaml"] = "services:\n  s:\n" .. text .. "\n" }, options).services.s
end

local function refused(files, options)
  local value, err = load(files, options)
  assert.is_nil(value)
  return (tostring(err):gsub(dir.path:gsub("%p", "%%%0") .. "/", ""))
end

describe("std.compose", function()
  before_each(function() dir = assert(fs.tempdir()) end)
  after_each(function() dir:close() end)

  describe("interpolation", function()
    local values = { SET = "value", EMPTY = "" }
    local cases = {
      { "$SET", "value" }, { "${SET}", "value" }, { "a${SET}b", "avalueb" }, { "$$SET", "$SET" },
      { "${UNSET}", "" }, { "${UNSET:-d}", "d" }, { "${EMPTY:-d}", "d" }, { "${EMPTY-d}", "" },
      { "${UNSET-d}", "d" }, { "${SET:-d}", "value" }, { "${SET:+o}", "o" }, { "${EMPTY:+o}", "" },
      { "${EMPTY+o}", "o" }, { "${UNSET+o}", "" }, { "${UNSET:-${SET}}", "value" },
      { "${UNSET:-${ALSO:-deep}}", "deep" }, { "${SET:?no}", "value" }, { "${UNSET:-a b:c}",
        "a b:c" }, { "${SET:-${UNSET:?never}}", "value" }, { "no variable", "no variable" },
    }
    for _, case in ipairs(cases) do
      it(("%s is %q"):format(case[1], case[2]), function()
        assert.equal(case[2], interpolate.text(case[1], {
          get = function(name) return values[name] end }))
      end)
    end

    it("names a required variable, its message and its place", function()
      assert.equal("compose: compose.yaml:3:5: required variable TAG is missing a value: set it",
        refused { ["compose.yaml"] = "services:\n  a:\n    image: x:${TAG:?set it}\n" })
      assert.equal("compose: compose.yaml:3:5: required variable TAG is missing a value",
        refused({ ["compose.yaml"] = "services:\n  a:\n    image: x:${TAG:?}\n" },
          { env = { TAG = "" } }))
    end)

    for _, text in ipairs { "${", "${A", "${A:b}", "$1", "a $ b", "${A:-${B}" } do
      it("refuses " .. text, function()
        local found = refused { ["compose.yaml"] =
          "services:\n  a:\n    image: '" .. text .. "'\n" }
        assert.is_truthy(found:find("compose.yaml:3:5: invalid interpolation format", 1, true))
      end)
    end

    it("lists variables that are used and those that are missing", function()
      local p = project { ["compose.yaml"] = "services:\n  a:\n    image: x:$A$B\n",
        [".env"] = "A=1\nC=3\n" }
      assert.equal("x:1", p.services.a.image)
      assert.equal("B", p.missing[1].name)
      assert.equal(3, p.missing[1].place.line)
      assert.is_truthy(p.used.A)
      assert.is_nil(p.used.C)
    end)
  end)

  describe(".env", function()
    it("knows quotes, comments, export and variables", function()
      local text = "# c\nA=1 # c\nexport B='$A x'\nC=\"l1\\nl2 $A\"\nD=${A:-z}#no\nE=\nF\n" ..
        "G='two\nlines'\nH=\"\\$A\"\nI: yaml\n"
      local got = {}
      local entries = dotenv.parse(text, { file = ".env" })
      for _, entry in ipairs(entries) do got[entry.key] = entry.value or false end
      assert.same({ A = "1", B = "$A x", C = "l1\nl2 1", D = "1#no", E = "", F = false,
        G = "two\nlines", H = "$A", I = "yaml" }, got)
      assert.equal(10, entries[8].place.line)
    end)

    it("is beneath the process's variables; another file can be named", function()
      local files = { ["compose.yaml"] = "services: {a: {image: 'x:$T'}}", [".env"] = "T=file\n",
        ["other.env"] = "T=other\n" }
      assert.equal("x:file", project(files).services.a.image)
      assert.equal("x:shell", project(files, { env = { T = "shell" } }).services.a.image)
      assert.equal("x:other", project(files, { env_files = { fs.join(dir.path, "other.env") } })
        .services.a.image)
    end)

    it("refuses what is no assignment, with its line", function()
      assert.equal("compose: .env:2:1: expected NAME=value", refused {
        ["compose.yaml"] = "services: {}", [".env"] = "A=1\n!x\n" })
      assert.equal("compose: .env:1:1: the quote is not closed", refused {
        ["compose.yaml"] = "services: {}", [".env"] = "A=\"1\n" })
    end)
  end)

  describe("units", function()
    it("reads sizes and durations", function()
      for text, want in pairs { ["1G"] = 2 ^ 30, ["1024M"] = 2 ^ 30, ["1gb"] = 2 ^ 30,
        ["512k"] = 524288, ["1.5g"] = 1610612736, ["100"] = 100, ["2GiB"] = 2 ^ 31,
        ["7b"] = 7 } do
        assert.equal(want, units.bytes(text), text)
      end
      for text, want in pairs { ["10s"] = 10, ["1m30s"] = 90, ["500ms"] = 0.5, ["1h"] = 3600,
        ["0"] = 0, ["1.5s"] = 1.5 } do
        assert.equal(want, units.duration(text), text)
      end
      for _, text in ipairs { "", "x", "1x", "-1s", "10" } do
        assert.is_nil(units.duration(text), text)
      end
      assert.is_nil(units.bytes("1z"))
    end)

    it("writes them", function()
      assert.equal("1G", units.show_bytes(2 ^ 30))
      assert.equal("1536M", units.show_bytes(1536 * 2 ^ 20))
      assert.equal("1m30s", units.show_duration(90))
      assert.equal("500ms", units.show_duration(0.5))
      assert.equal("0s", units.show_duration(0))
    end)

    it("splits commands as a shell does", function()
      assert.same({ "sh", "-c", "echo 'a b' $X", "c d", "" },
        words.split [[sh -c "echo 'a b' $X" c\ d '']])
      assert.is_nil(words.split "a 'b")
    end)
  end)

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
      assert.same({ "bind", dir.path .. "/b" }, { v[2].type, v[2].source })
      assert.equal("rslave", v[3].bind.propagation)
      assert.same({ type = "volume", target = "/anonymous" }, v[4])
      assert.equal(1048576, v[5].tmpfs.size)
      assert.same({ fs.dirname(dir.path) .. "/d", "/d" }, { v[6].source, v[6].target })
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

    local bad = {
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
      assert.same({ dir.path .. "/z", true }, { s.volumes[1].source, s.volumes[1].read_only })
    end)

    it("!override replaces and !reset removes", function()
      local s = merged [[
    ports: !override ["90:90"]
    environment: !override {X: "1"}
    cap_add: !reset null
    labels: {k: !reset null}
]]
      assert.equal(1, #s.ports)
      assert.same({ X = "1" }, s.environment)
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
      assert.same({ "leaf", "b", dir.path .. "/base/src" }, { b.image, b.hostname,
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
      assert.equal(dir.path .. "/sub/d", p.services.db.volumes[1].source)
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

describe("std.yaml.encode", function()
  it("writes what std.yaml reads back", function()
    local value = { a = "text with: colon", b = { "1", 1, true, "true", "", "no", "a b" },
      c = { d = {}, e = yaml.null }, ["key: odd"] = "2026-01-01", f = "line\nbreak", g = "1:30",
      h = "- x", i = "#c", j = "a #c", k = "!x", l = "0x1f", m = "*a", n = "$HOME/x" }
    assert.same(value, yaml.decode(yaml.encode(value)))
  end)

  it("puts tags before values", function()
    assert.equal("a: !override\n  - x\nb: !reset null\n", yaml.encode {
      a = emit.tagged("!override", { "x" }), b = emit.tagged("!reset", yaml.null) })
  end)
end)
