-- SPDX-License-Identifier: Apache-2.0
-- std.compose refuses what Docker Compose refuses: keys without a value, numbers for texts, what is
-- said twice. tests/contract/compose_spec.lua asks Docker Compose itself.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local lab = dofile(here .. "/compose_lab.lua")

describe("std.compose", function()
  before_each(function() lab.dir = assert(fs.tempdir()) end)
  after_each(function() lab.dir:close() end)

  local function refused(text, over)
    return lab.refused { ["compose.yaml"] = text, ["compose.override.yaml"] = over }
  end

  for _, case in ipairs {
    { "a key without a value", "services:\n  s:\n    image: x\n    ports:\n",
      "compose.yaml:4:5: services.s.ports has no value (null): give it one or leave the key out" },
    { "one in a nested place", "services: {s: {image: x, healthcheck: {test: a, interval: }}}",
      "services.s.healthcheck.interval has no value" },
    { "one in an item of a list", "services: {s: {image: x, ports: [{target: 1, published: }]}}",
      "services.s.ports[0].published has no value" },
    { "a service without anything", "services: {s: }", "services.s has no value" },
    { "a section without anything", "services: {s: {image: x}}\nsecrets:\n",
      "compose.yaml:2:1: secrets has no value" },
    { "an empty file", "# nothing\n", "compose.yaml: the file is empty" },
    { "numbers for texts", "services: {s: {image: x, user: 1000}}",
      "compose.yaml:1:26: services.s.user must be text, in quotes, not '1000'" },
    { "numbers in commands", "services: {s: {image: x, command: [sleep, 5]}}",
      "services.s.command[1] must be text, in quotes, not '5'" },
    { "a list of volumes", "services: {s: {image: x}}\nvolumes: [a]\n",
      "volumes must be a mapping, not a list" },
    { "another word than one of some", "services: {s: {image: x, cgroup: own}}",
      "services.s.cgroup must be host or private, not 'own'" },
    { "includes that are no list", "include: 5\nservices: {s: {image: x}}",
      "compose.yaml:1:1: include must be a list, not '5'" },
    { "hooks that are no lists", "services: {s: {image: x, pre_stop: {command: a}}}",
      "services.s.pre_stop must be a list" },
    { "limits that differ", "services: {s: {image: x, mem_limit: 1g, deploy: {resources: "
      .. "{limits: {memory: 2g}}}}}",
      "services.s: mem_limit differs from deploy.resources.limits.memory" },
    { "two kinds of network", "services: {s: {image: x, network_mode: host, networks: [default]}}",
      "services.s: network_mode and networks exclude each other" },
    { "options of an external volume", "services: {s: {image: x}}\n"
      .. "volumes: {v: {external: true, driver: local}}\n",
      "volumes.v is external: it has no driver here" },
    { "a secret from nowhere", "services: {s: {image: x}}\nsecrets: {t: {name: u}}\n",
      "secrets.t needs one of file, environment, content" },
    { "a config from two places", "services: {s: {image: x}}\n"
      .. "configs: {c: {file: ./a, content: b}}\n", "configs.c needs one of" },
  } do
    it("refuses " .. case[1], function()
      local found = refused(case[2])
      assert.is_truthy(found:find(case[3], 1, true), found)
    end)
  end

  it("takes a key without a value for what lies beneath it", function()
    local p = lab.project { ["compose.yaml"] = "services:\n  s: {image: x, ports: ['1:1'], "
      .. "command: a, entrypoint: b, deploy: {replicas: 2}}\n",
      ["compose.override.yaml"] = "services:\n  s: {ports: , command: , deploy: }\n" }
    local s = p.services.s
    assert.same({ "1", nil, 2 }, { s.ports[1].published, s.command, s.deploy.replicas })
    assert.same({ "b" }, s.entrypoint)
    local found = refused("services: {s: {image: x}}", "services: {s: {dns: }}")
    assert.is_truthy(found:find("compose.override.yaml:1:16: services.s.dns has no value", 1, true),
      found)
  end)

  it("an including file cannot change what it includes, a later one can", function()
    local files = { ["compose.yaml"] = "include: [o.yaml]\nservices: {a: {image: x}}\n",
      ["o.yaml"] = "services: {a: {image: y}}\n" }
    assert.equal("compose: compose.yaml:2:12: services.a is defined differently by an included "
      .. "file: change it in an override file", lab.refused(files))
    files["compose.yaml"] = "include: [o.yaml]\n"
    files["compose.override.yaml"] = "services: {a: {image: x}}\n"
    assert.equal("x", lab.project(files).services.a.image)
  end)

  it("keeps an item that is listed twice once, a mount at one place as it was said last", function()
    local s = lab.project({ ["compose.yaml"] = "volumes: {a: }\nservices: {s: {image: x, "
      .. "cap_add: [A, B, A], ports: ['1:1', '1:1'], volumes: ['a:/x', './b:/x'], "
      .. "command: [a, a]}}\n" }).services.s
    assert.same({ { "A", "B" }, 1, 1, "bind", { "a", "a" } },
      { s.cap_add, #s.ports, #s.volumes, s.volumes[1].type, s.command })
  end)

  it("fills variables of an env_file from files before it and from outside first", function()
    local p = lab.project({ ["compose.yaml"] = "services: {s: {image: x, env_file: [a, b]}}",
      [".env"] = "OUT=1\nSEEN=$OUT\n", a = "A=a\nOUT=2\nFROM=$OUT\n", b = "A=b\nB=$A\n" },
      { env = { OUT = "shell" } })
    local env = p.services.s.environment
    assert.same({ "b", "a", "shell" }, { env.A, env.B, env.FROM })
    assert.equal("shell", p.variables "SEEN")
  end)
end)
