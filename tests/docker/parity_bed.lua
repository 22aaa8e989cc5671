-- SPDX-License-Identifier: Apache-2.0
-- A project of its own in the test engine for each case of the parity specs.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local docker = require "std.docker"
local images = dofile(here .. "/../images/parity.lua")
local lab_of = dofile(here .. "/../pipelines/parity_lab.lua")
local uv = require "luv"
local watch = require "pipelines.parity.engine.watch"

local engine, no_engine = docker.connect {}

local Bed = {}
Bed.__index = Bed

local M = { engine = engine }

--- Why the cases cannot run here, or nil.
function M.missing()
  if not engine then return "no Docker engine: " .. tostring(no_engine) end
  local ok, err = images.build(engine)
  return not ok and tostring(err) or nil
end

function M.new()
  return setmetatable({ lab = lab_of.new(), socket = engine and "unix://" .. engine.socket,
    project = ("lsqm-parity-%d-%d"):format(uv.os_getpid(), uv.hrtime() // 1000 % 100000) }, Bed)
end

function Bed:run(words, options)
  return self.lab:run(words, { docker = self.socket, env = options and options.env })
end

--- Its output where it ends with 0.
function Bed:must(words)
  local result = self:run(words)
  assert(result.code == 0, result.stdout .. result.stderr)
  return result.stdout
end

function Bed:json(words) return self.lab:json(words, { docker = self.socket }) end

--- service → its first container.
function Bed:containers()
  local first = {}
  for name, rows in pairs(assert(watch.containers(engine, self.project))) do
    first[name] = rows[1]
  end
  return first
end

--- Writes compose.yaml with these services.
function Bed:write(services)
  self.lab:write { ["compose.yaml"] = "name: " .. self.project .. "\nservices:\n" .. services }
end

function Bed:close()
  if engine then
    require("pipelines.parity.engine.down").run(engine, self.project, { volumes = true, grace = 1 })
  end
  self.lab:close()
end

return M
