-- SPDX-License-Identifier: Apache-2.0
-- Which process something belongs to. A pid alone may be somebody else's by tomorrow, so its start
-- time is part of the identity: "4711:8812345".

local fs = require "std.fs"
local json = require "std.json"
local uv = require "luv"

local M = {}

-- Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets.
local START_FIELD = 20

local function start_time(pid)
  local stat = fs.read(("/proc/%d/stat"):format(pid))
  if not stat then return nil end
  local i = 0
  for field in (stat:match("^.*%)%s+(.*)$") or ""):gmatch("%S+") do
    i = i + 1
    if i == START_FIELD then return field end
  end
  return nil
end

--- The identity of a running process, by default of this one; nil when it has ended.
---@param pid? integer
---@return string?
function M.of(pid)
  pid = pid or uv.os_getpid()
  local began = start_time(pid)
  return began and ("%d:%s"):format(pid, began)
end

--- Does that very process still run?
---@param identity string?
---@return boolean
function M.is_alive(identity)
  local pid = type(identity) == "string" and math.tointeger(tonumber(identity:match("^(%d+):")))
  return pid ~= nil and pid ~= false and M.of(pid) == identity
end

--- Leaves a record in the folder for `lsqm clean`; returns its path.
---@param kind string "process"|"run"
---@param pid integer
function M.record(dir, kind, pid)
  local path = fs.join(dir, ("%s-%d.json"):format(kind, pid))
  fs.write(path, json.encode { pid = pid, identity = M.of(pid), owner = M.of() } .. "\n")
  return path
end

--- The records of a kind whose process still runs.
---@return {pid: integer, identity: string, owner: string}[]
function M.living(dir, kind)
  local found = {}
  for _, entry in ipairs(fs.list(dir) or {}) do
    if entry.name:match("^" .. kind .. "%-%d+%.json$") then
      local record = json.decode(fs.read(fs.join(dir, entry.name)) or "")
      if type(record) == "table" and M.is_alive(record.identity) then
        found[#found + 1] = record
      end
    end
  end
  return found
end

return M
