-- SPDX-License-Identifier: Apache-2.0
-- `lsqm parity` with Compose files as people write them: several containers of a service, builds,
-- links, shared namespaces, secrets without files; and what it says when something goes wrong.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local bed_of = dofile(here .. "/parity_bed.lua")
local fs = require "std.fs"
local labels_of = require "pipelines.parity.engine.labels"
local process = require "std.process"
local watch = require "pipelines.parity.engine.watch"

local engine = bed_of.engine
local IMAGE <const> = "lsqm-test/backend:1.4"

local function contains(text, part)
  assert.is_truthy(text:find(part, 1, true), ("no %q in: %s"):format(part, text))
end

-- A service of the test image as one line of YAML.
local function service(name, more, image)
  return ("  %s: {image: %q, command: [/bin/service, %s, '80']%s}\n"):format(name,
    image or IMAGE, name, more and ", " .. more or "")
end

local HEALTH <const> = "healthcheck: {test: [CMD, /bin/check, '80'], interval: 1s, timeout: 1s, "
  .. "retries: 20}"

describe("parity with Compose files of people", function()
  local bed

  before_each(function() bed = bed_of.new() end)
  after_each(function() bed:close() end)

  local function case(title, fn)
    it(title, function()
      local reason = bed_of.missing()
      if reason then pending(reason) return end
      fn()
    end)
  end

  local function rows(name) return assert(watch.containers(engine, bed.project))[name] or {} end

  local function inspect(name, number) return assert(engine:inspect(rows(name)[number or 1].Id)) end

  local function sh(name, command)
    local done = assert(engine:exec(rows(name)[1].Id, { cmd = { "/bin/sh", "-c", command } }))
    return (done.stdout .. done.stderr):gsub("%s+$", "")
  end

  case("starts several containers of a service, all of them healthy, and scales down", function()
    bed:write(service("web", "scale: 3, ports: ['127.0.0.1:41300-41320:80'], " .. HEALTH)
      .. service("user", "depends_on: {web: {condition: service_healthy}}"))
    bed:must { "up" }
    local names, ports = {}, {}
    for i, row in ipairs(rows "web") do
      names[i] = row.Names[1]
      assert.equal("healthy", watch.health_of(row))
      ports[inspect("web", i).NetworkSettings.Ports["80/tcp"][1].HostPort] = true
    end
    local base = "/" .. bed.project .. "-web-"
    assert.same({ base .. 1, base .. 2, base .. 3 }, names)
    assert.equal(3, require("std.table").count(ports))
    contains(bed:must { "health" }, "healthy    web")
    bed:must { "diff", "engine:" .. bed.project, "compose.yaml", "--fail-on", "info" }

    assert(engine:remove(rows("web")[3].Id, { force = true }))
    local report = bed:json { "diff", "engine:" .. bed.project, "compose.yaml", "--json" }
    local d = report.service_diffs[2].differences[1]
    assert.same({ "compose.scale", 2, 3, nil }, { d.field_path, d.source_value, d.target_value,
      d.metadata.drift })
    contains(bed:run({ "health" }).stdout, "2 of 3 containers")
    contains(bed:must { "status" }, "2 of 3 containers")

    local kept = rows("web")[1].Id
    bed:write(service("web", "deploy: {replicas: 1}, ports: ['127.0.0.1:41300-41320:80'], "
      .. HEALTH))
    local result = bed:run { "up" }
    assert.equal(0, result.code, result.stderr)
    contains(result.stderr, "user is not in the files any more")
    assert.same({ 1, kept }, { #rows "web", rows("web")[1].Id })
    bed:must { "up", "--remove-orphans" }
    assert.equal(0, #rows "user")
    local gone = bed:json { "down", "--json" }
    assert.same({ 1, 1, "terminated" }, { gone.containers, gone.networks, gone.state })
  end)

  case("names the container that is not like the others of its service", function()
    bed:write(service("web", "scale: 2, mem_limit: 64M"))
    bed:must { "up" }
    assert(engine:call("docker update", { method = "POST", path = "/containers/"
      .. rows("web")[2].Id .. "/update", value = { Memory = 96 * 2 ^ 20, MemorySwap = -1 } }))
    local report = bed:json { "diff", "engine:" .. bed.project, "compose.yaml", "--json" }
    local d = report.service_diffs[1].differences[1]
    assert.same({ "compose.containers", bed.project .. "-web-2: mem_limit", "error" },
      { d.field_path, d.source_value, d.severity })
  end)

  case("links services, shares a network and brings devices", function()
    bed:write(service("db", HEALTH) .. service("app", "links: ['db:database'], "
      .. "devices: [/dev/null:/dev/nil]")
      .. service("side", "network_mode: 'service:db'"):gsub("'80'", "'81'"))
    bed:must { "up" }
    contains(sh("app", "/bin/busybox wget -q -O - http://database:80/health"), "status")
    assert.equal("c", sh("app", "test -c /dev/nil && echo c"))
    contains(sh("side", "/bin/busybox wget -q -O - http://127.0.0.1:80/health"), '"role": "db"')
    local old = rows("side")[1].Id
    bed:write(service("db", "environment: {A: b}, " .. HEALTH)
      .. service("side", "network_mode: 'service:db'"):gsub("'80'", "'81'"))
    bed:must { "up" }
    assert.is_true(rows("side")[1].Id ~= old)
    contains(sh("side", "/bin/busybox wget -q -O - http://127.0.0.1:80/health"), '"role": "db"')
  end)

  case("brings secrets and configs that are texts and variables", function()
    bed:write(service("a", "secrets: [token, {source: word, target: w, mode: 0400}], "
      .. "configs: [{source: conf, target: /etc/app.conf}]")
      .. "secrets: {token: {environment: API_TOKEN}, word: {content: wordy-secret}}\n"
      .. "configs: {conf: {content: 'level=${LEVEL:-high}'}}\n")
    contains(bed:run({ "up" }).stderr, "secrets.token of the variable API_TOKEN, which is not set")
    bed.lab:write { [".env"] = "API_TOKEN=tok-12345678\n" }
    bed:must { "up" }
    assert.equal("tok-12345678wordy-secretlevel=high",
      (sh("a", "/bin/busybox cat /run/secrets/token /run/secrets/w /etc/app.conf")))
    assert.equal("400", (sh("a", "/bin/busybox stat -c %a /run/secrets/w")))
  end)

  case("builds images without what .dockerignore names, and anew with --build", function()
    bed.lab:write { ["src/Dockerfile"] = "FROM " .. IMAGE .. "\nARG V=0\nCOPY . /app\n"
      .. "ENV BUILT=$V\n", ["src/.dockerignore"] = "node_modules\n*.log\n!keep.log\n",
      ["src/node_modules/x.js"] = "x", ["src/a.log"] = "a", ["src/keep.log"] = "k",
      ["src/main.txt"] = "one" }
    bed:write "  app: {build: {context: ./src, args: {V: 7}}, command: [/bin/service, a, '80']}\n"
    bed:must { "up" }
    assert.equal("Dockerfile keep.log main.txt 7", (sh("app",
      "cd /app; echo $(/bin/busybox ls) $BUILT")))
    bed.lab:write { ["src/main.txt"] = "two" }
    local before, built = rows("app")[1].Id, rows("app")[1].ImageID
    bed:must { "up" }
    assert.equal(before, rows("app")[1].Id)
    bed:must { "up", "--build" }
    assert.equal("two", sh("app", "/bin/busybox cat /app/main.txt"))
    bed.lab:write { ["src/Dockerfile"] = "FROM " .. IMAGE .. "\nRUN exit 9\n" }
    local result = bed:run { "up", "--build" }
    assert.equal(3, result.code)
    contains(result.stderr, "returned a non-zero code: 9")
    bed:must { "down" }
    assert(engine:remove_image(bed.project .. "-app", { force = true }))
    assert(engine:remove_image(built)) -- without a name since the second build
  end)

  describe("says what went wrong:", function()
    case("the end of the log and of the check of an unhealthy service, without secrets", function()
      bed:write("  sick: {image: '" .. IMAGE .. "', environment: {API_TOKEN: tok-87654321}, "
        .. "command: [/bin/sh, -c, 'echo starting with $$API_TOKEN; exec /bin/service x 80'], "
        .. "healthcheck: {test: [CMD-SHELL, 'echo no answer; exit 1'], interval: 1s, timeout: 1s, "
        .. "retries: 1}}\n")
      local result = bed:run { "up" }
      assert.equal(3, result.code)
      contains(result.stderr, "service sick: is unhealthy")
      contains(result.stderr, "its check said:\n    no answer")
      contains(result.stderr, "    starting with ***")
      contains(result.stderr, "hint: `docker logs " .. bed.project .. "-sick-1`")
      assert.is_nil(result.stderr:find("tok-87654321", 1, true))
    end)

    case("a port that is taken, and up goes on when it is free", function()
      local first = service("a", "ports: ['127.0.0.1:41399:80']")
      bed:write(first .. service("b", "ports: ['127.0.0.1:41399:80'], depends_on: [a]"))
      local result = bed:run { "up" }
      assert.equal(3, result.code)
      contains(result.stderr, "service b: ")
      contains(result.stderr, "41399")
      contains(result.stderr, "hint: another container publishes this port")
      bed:write(first .. service("b", "ports: ['127.0.0.1:41398:80'], depends_on: [a]"))
      contains(bed:must { "up" }, "is healthy")
    end)

    case("an image that is not there, a program that is not in it, a name that is taken", function()
      bed:write "  a: {image: 'localhost:1/no/such:1'}\n"
      local result = bed:run { "up" }
      assert.equal(3, result.code)
      contains(result.stderr, "service a: the image localhost:1/no/such:1 cannot be pulled")
      bed:write "  a: {image: 'lsqm-test/none:1', pull_policy: never}\n"
      contains(bed:run({ "up" }).stderr, "is not there, and pull_policy is never")
      bed:write("  a: {image: '" .. IMAGE .. "', command: [/no/such/program]}\n")
      contains(bed:run({ "up" }).stderr, "hint: the image has no such program")
      bed:must { "down" }
      local other <close> = assert(engine:container({ Image = IMAGE, Cmd = { "/bin/sh" } },
        { name = bed.project .. "-b-1" }))
      bed:write(service "b")
      contains(bed:run({ "up" }).stderr, "hint: remove that container, or choose another project")
      assert.is_truthy(other:inspect())
    end)
  end)

  -- Ends an `up` by a signal once the service runs.
  local function up_until_signal(name, signal)
    local child <close> = assert(process.start { argv = { os.getenv "LSQM_BIN" or bed.lab.program,
      "--workspace", ".", "parity", "up" }, cwd = bed.lab.dir.path, env = { HOME =
      bed.lab.dir.path, USER = "ryan", DOCKER_HOST = bed.socket } })
    assert(watch.new(engine, bed.project):wait(name, "service_started",
      require("std.time").monotonic() + 60))
    child:kill(signal)
    return child:wait()
  end

  case("is interrupted and says so; up and down go on from there", function()
    bed:write(service("slow", "healthcheck: {test: [CMD, 'false'], interval: 1s, retries: 90}"))
    for _, row in ipairs { { "INT", 130, "interrupted" }, { "KILL", 137, nil } } do
      local result = up_until_signal("slow", row[1])
      assert.equal(row[2], result.code, result.stderr)
      local session = fs.read(bed.lab:path "contexts/sessions/ryan/current-session.yml")
      if row[3] then contains(session, row[3]) end
      contains(session, "current_stage: " .. (row[3] and "failed" or "provisioning"))
      contains(bed:must { "down" }, "is terminated: 1 containers")
      contains(bed:must { "status" }, "workflow: failed")
    end
    bed:write(service "slow")
    contains(bed:must { "up", "--json" }, '"state": "healthy"')
  end)

  case("makes anew what a killed up had only created", function()
    bed:write(service("a", "networks: [one, two]") .. "networks: {one: {}, two: {}}\n")
    bed:must { "up" }
    bed:must { "down", "--keep" }
    local row = rows("a")[1]
    local labels = row.Labels
    assert(engine:remove(row.Id, { force = true }))
    assert(engine:create({ Image = IMAGE, Labels = labels, Cmd = { "/bin/service", "a", "80" },
      HostConfig = { NetworkMode = bed.project .. "_one" } }, { name = bed.project .. "-a-1" }))
    bed:must { "up" }
    assert.is_truthy(inspect("a").NetworkSettings.Networks[bed.project .. "_two"])
  end)

  case("keeps a container and its data where the engine refuses the one in its place", function()
    bed:write(service("a", "volumes: [/data]"))
    bed:must { "up" }
    sh("a", "echo kept > /data/f")
    local before = inspect "a"
    bed:write(service("a", "volumes: [/data], stop_signal: NONE"))
    local result = bed:run { "up" }
    contains(result.stderr, "service a: docker create: invalid signal")
    assert.same({ 1, before.Id, before.Name, true },
      { #rows "a", inspect("a").Id, inspect("a").Name, inspect("a").State.Running })
    bed:write(service("a", "volumes: [/data], environment: {A: b}"))
    bed:must { "up" }
    assert.equal("kept", (sh("a", "/bin/busybox cat /data/f")))
    assert.same({ before.Name, 1 }, { inspect("a").Name, #rows "a" })
    assert(engine:rename(rows("a")[1].Id, bed.project .. "-put-aside"))
    bed:must { "up" }
    assert.same({ before.Name, 1 }, { inspect("a").Name, #rows "a" })
  end)

  case("keeps volumes without a name when a container is made anew", function()
    local text = service("a", "volumes: [/data], environment: {A: '%s'}")
    bed:write(text:format "1")
    bed:must { "up" }
    sh("a", "echo kept >/data/f")
    local function volume() return inspect("a").Mounts[1].Name end
    local first = volume()
    for _, value in ipairs { "2", "3" } do
      bed:write(text:format(value))
      bed:must { "up" }
      assert.same({ "kept", first }, { sh("a", "/bin/busybox cat /data/f"), volume() })
      bed:must { "diff", "engine:" .. bed.project, "compose.yaml", "--fail-on", "info" }
    end
    bed:must { "down" }
    for _, row in ipairs(assert(engine:volumes())) do assert.are_not.equal(first, row.Name) end
  end)

  case("gives each container its own time to end", function()
    bed:write(service("a", "stop_grace_period: 2s, init: false", nil):gsub("/bin/service, a, '80'",
      "/bin/sh, -c, \"trap '' TERM; while :; do /bin/busybox sleep 1; done\""))
    bed:must { "up" }
    assert.equal("2", rows("a")[1].Labels[labels_of.GRACE])
    local start = require("std.time").monotonic()
    bed:must { "down" }
    local took = require("std.time").monotonic() - start
    assert.is_true(took >= 2 and took < 9, took)
  end)

  case("compares what docker compose started", function()
    local row = { ["com.docker.compose.project"] = bed.project,
      ["com.docker.compose.service"] = "a", ["com.docker.compose.oneoff"] = "False",
      ["com.docker.compose.depends_on"] = "" }
    local other <close> = assert(engine:container({ Image = IMAGE, Labels = row,
      Cmd = { "/bin/service", "a", "80" }, HostConfig = { Binds = { "/tmp:/t:ro" } } }))
    assert(other:start())
    bed:write(service("a", "volumes: ['/tmp:/t:ro'], network_mode: bridge, restart: always"))
    local report = bed:json { "diff", "engine:" .. bed.project, "compose.yaml", "--json" }
    local list = {}
    for _, d in ipairs(report.service_diffs[1].differences) do list[#list + 1] = d.field_path end
    assert.same({ "compose.restart" }, list)
    assert.is_truthy(other:inspect().State.Running)
  end)
end)
