-- SPDX-License-Identifier: Apache-2.0
-- Compose files of strangers: what has no end, multiplies or is left empty is refused with its
-- line before it costs time or memory.

local fs = require "std.fs"
local lab = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/compose_lab.lua")
local process = require "std.process"

describe("std.compose: hostile files", function()
  before_each(lab.open)
  after_each(lab.close)

  local function refused(text)
    return lab.refused { ["compose.yaml"] = "services:\n  s: {image: x, " .. text .. "}\n" }
  end

  it("cannot name devices and pipes as files", function()
    assert.equal("read: /dev/zero is not a regular file",
      lab.refused { ["compose.yaml"] = "include: [/dev/zero]\n" })
    assert.equal("read: /dev/zero is not a regular file",
      refused "extends: {file: /dev/zero, service: s}")
    assert.equal(0, process.run { argv = { "mkfifo", fs.join(lab.dir.path, "p") } }.code)
    assert.equal("read: p is not a regular file",
      lab.refused { ["compose.yaml"] = "include: [p]\n" })
  end)

  it("cannot include each other without end", function()
    local files = { ["i20.yml"] = "services: {s: {image: x}}\n" }
    for i = 1, 19 do
      files[("i%d.yml"):format(i)] = ("include: [i%d.yml, ./i%d.yml]\n"):format(i + 1, i + 1)
    end
    files["compose.yaml"] = "include: [i1.yml]\n"
    assert.contains(lab.refused(files), "include: more than 1000 projects are included")
  end)

  it("cannot nest or multiply variables without end", function()
    assert.equal("compose: compose.yaml:2:7: variables are nested more than 100 deep",
      lab.refused { ["compose.yaml"] = "services:\n  s: {image: \"" .. ("${A:-"):rep(1000) .. "x"
        .. ("}"):rep(1000) .. "\"}\n" })
    local lines = { "A0=xxxxxxxxxx" }
    for i = 1, 8 do lines[i + 1] = ("A%d=%s"):format(i, ("$A" .. i - 1):rep(10)) end
    assert.equal("compose: .env:7:1: the text is longer than 1048576 bytes with its variables",
      lab.refused { ["compose.yaml"] = "services: {s: {image: $A8}}\n",
        [".env"] = table.concat(lines, "\n") })
  end)

  it("cannot ask for numbers that no machine has", function()
    for text, want in pairs {
      ["scale: 1000000000"] = "services.s.scale must be 0 to 10000, not '1000000000'",
      ["expose: ['1-99999999']"] = "expose: '1-99999999' is no container port",
      ["expose: ['90-80']"] = "expose: '90-80' is no container port",
      ["expose: ['80/x']"] = "ports: protocol must be tcp or udp, not 'x'",
      ["cpus: 1e400"] = "services.s.cpus must be a number, not '1e400'",
      ["mem_limit: 99999999999g"] = "services.s.mem_limit must be a size such as 512m, not "
        .. "'99999999999g'",
    } do
      assert.contains(refused(text), want)
    end
    assert.same({ "80", "81-83/udp" }, lab.service "    expose: [80, 81-83/udp]".expose)
  end)

  it("cannot leave out what an item is about", function()
    for text, want in pairs {
      ["links: [':x']"] = "the name of a service is missing",
      ["volumes_from: ['']"] = "the name of a service is missing",
      ["tmpfs: [':size=1m']"] = "services.s.tmpfs must be paths such as /run:size=64m, not "
        .. "':size=1m'",
    } do
      assert.contains(refused(text), want)
    end
  end)
end)
