-- SPDX-License-Identifier: Apache-2.0
-- Where validator's files lie: config/, cache/ and docs/data/ below one folder (--root).

local contracts = require("std.contracts").of("validator", { underscores = true })
local error_of = require "std.error"
local fs = require "std.fs"
local owner = require "std.emulator.owner"
local uv = require "luv"

local M = { contracts = contracts }

--- The argument that all stages have, and theirs.
---@return table[] args
function M.args(...)
  return { { name = "--root", kind = "option", metavar = "DIR", default = ".",
    help = "Folder of config/, cache/ and docs/ (default: here)" }, ... }
end

local Place = {}
Place.__index = Place

---@param root string
function M.open(root) return setmetatable({ root = root, contracts = contracts }, Place) end

function Place:path(...) return fs.join(self.root, ...) end

function Place:sources_file() return self:path("config", "sources.yaml") end
function Place:state_file() return self:path("cache", "sources_state.json") end
function Place:arch_dir(id) return self:path("cache", "architectures", id) end
function Place:app_dir(hash) return self:path("cache", "apps", hash) end
function Place:data(...) return self:path("docs", "data", ...) end

local held = {} -- path of a lock → true: `all` holds it for its stages

-- A lock comes into being with its content, or not at all: false where there is one.
local function take(path)
  local own = path .. "." .. uv.os_getpid()
  local ok, err = fs.write(own, owner.of())
  if not ok then return nil, err end
  local linked, why, code = uv.fs_link(own, path)
  fs.remove(own)
  if linked or code == "EEXIST" then return linked ~= nil end
  return nil, error_of.new { op = "lock", code = "io", file = path, message = tostring(why) }
end

-- Whose the lock is; nil when its lsqm is dead: then it is away. Two that find the same dead one
-- must not take away what the other has made since: what was moved aside is looked at once more.
local function living(path)
  local aside = path .. ".old." .. uv.os_getpid()
  if owner.is_alive(fs.read(path)) then return fs.read(path) end
  fs.rename(path, aside)
  local other = fs.read(aside)
  if owner.is_alive(other) then uv.fs_link(aside, path) end
  fs.remove(aside)
  return owner.is_alive(other) and other or nil
end

local function busy(path, identity)
  return nil, error_of.new { op = "validator", code = "unavailable", file = path,
    message = "another lsqm is at work here, process " .. tostring(identity):match "^%w+" }
end

--- Is there such a folder?
---@return boolean|nil
---@return lsqm.Error|nil err code "not_found"
function Place:check()
  if fs.is_dir(self.root) then return true end
  return nil, error_of.new { op = "validator", code = "not_found", file = self.root,
    message = "no such folder", hint = "--root is the one that has config/sources.yaml" }
end

--- Only one lsqm at a time changes these files; what a killed one left is not in the way.
---@param is_dry boolean|nil nothing is to be changed: no lock is taken
---@return table|nil lock close it
---@return lsqm.Error|nil err code "not_found" for the folder, "unavailable" where another one is
---  at work
function Place:hold(is_dry)
  local ok, err = self:check()
  if not ok then return nil, err end
  local path = fs.absolute(self:path("cache", "lock"))
  if is_dry or held[path] then return setmetatable({}, { __close = function() end }) end
  fs.mkdir(fs.dirname(path))
  ok, err = take(path)
  if ok == false then
    local other = living(path)
    if other then return busy(path, other) end
    ok, err = take(path)
  end
  if ok == false then return busy(path, fs.read(path)) end
  if not ok then return nil, err end
  held[path] = true
  return setmetatable({}, { __close = function()
    held[path] = nil
    fs.remove(path)
  end })
end

--- A file of an entity; `fallback` where there is none yet.
---@return table|nil
---@return lsqm.Error|nil
function Place:read(path, entity, fallback)
  if fallback and not fs.exists(path) then return fallback end
  return contracts.read(path, entity)
end

--- JSON that its schema allows; another value raises.
function Place:write(path, entity, value)
  return contracts.write(path, entity, value)
end

return M
