-- SPDX-License-Identifier: Apache-2.0
-- What a running lsqm holds: descriptors, memory, processes, files, containers. Read from /proc and
-- the engine by another process, so that the watched one cannot embellish it.

local docker = require "std.docker"
local fs = require "std.fs"

local M = {}

local function field(text, name)
  return math.tointeger(tonumber((text or ""):match(name .. ":%s*(%d+) kB"))) or 0
end

-- pid → its parent's; what has ended meanwhile is left out
local function processes()
  local list = {}
  for _, entry in ipairs(fs.list("/proc") or {}) do
    local pid = math.tointeger(tonumber(entry.name))
    local stat = pid and fs.read("/proc/" .. pid .. "/stat")
    if stat then list[pid] = math.tointeger(tonumber(stat:match("^.*%) %S (%d+)"))) end
  end
  return list
end

local function descends(list, pid, root)
  while pid and pid ~= 0 do
    if pid == root then return true end
    pid = list[pid]
  end
  return false
end

-- RSS counts a page for everybody who maps it, the anonymous part belongs to one process alone.
local function add_memory(sum, pid)
  local status = fs.read("/proc/" .. pid .. "/status")
  sum.rss = sum.rss + field(status, "VmRSS")
  sum.anonymous = sum.anonymous + field(status, "RssAnon")
  sum.processes = sum.processes + 1
end

-- The containers' processes are the engine's children, not lsqm's: by their first process.
local function containers_memory(engine, list, runs)
  local sum = { rss = 0, anonymous = 0, processes = 0, containers = 0, networks = 0 }
  for _, run_id in ipairs(runs) do
    local labels = { ["lsqm.run"] = run_id }
    sum.networks = sum.networks + #(engine:networks { labels = labels } or {})
    for _, one in ipairs(engine:containers { labels = labels, all = true } or {}) do
      sum.containers = sum.containers + 1
      local info = engine:inspect(one.Id)
      local first = info and info.State.Pid or 0
      for pid in pairs(first > 0 and list or {}) do
        if descends(list, pid, first) then add_memory(sum, pid) end
      end
    end
  end
  return sum
end

-- Processes of the machine that work in the folder: their environment or command line names it.
local function at_work_in(list, dir, except)
  local count = 0
  for pid in pairs(list) do
    local about = (fs.read("/proc/" .. pid .. "/environ") or "")
      .. (fs.read("/proc/" .. pid .. "/cmdline") or "")
    if not except[pid] and about:find(dir, 1, true) then count = count + 1 end
  end
  return count
end

--- Processes that work in the folder and whose command line has all the words.
---@param dir string
---@param words string[] "\0" ends an argument
---@param name string|nil of the program as the kernel shows it
---@return integer[] pids
function M.find(dir, words, name)
  local found = {}
  for pid in pairs(processes()) do
    local command = fs.read("/proc/" .. pid .. "/cmdline") or ""
    local about = (fs.read("/proc/" .. pid .. "/environ") or "") .. command
    local fits = about:find(dir, 1, true) ~= nil
      and (not name or (fs.read("/proc/" .. pid .. "/comm") or ""):sub(1, #name) == name)
    for _, word in ipairs(words) do fits = fits and command:find(word, 1, true) ~= nil end
    if fits then found[#found + 1] = pid end
  end
  return found
end

-- The entries that come and go: terraform's folder is kept from one run to the next.
local function entries(dirs)
  local count = 0
  for _, dir in ipairs(dirs) do
    for _, entry in ipairs(fs.list(dir) or {}) do
      if entry.name ~= "terraform" then count = count + 1 end
    end
  end
  return count
end

--- What is there before and after a run: it must be the same.
---@param place {dir: string, folders: string[], runs: string[], engine: table|nil}
---@return {processes: integer, files: integer, containers: integer, networks: integer}
function M.rest(place)
  local list = processes()
  local held = place.engine and containers_memory(place.engine, {}, place.runs)
    or { containers = 0, networks = 0 }
  return { processes = at_work_in(list, place.dir, { [require("luv").os_getpid()] = true }),
    files = entries(place.folders), containers = held.containers, networks = held.networks }
end

--- One look at a running lsqm, in kilobytes; nil when it has ended.
---@param pid integer
---@param place table as for rest()
---@return {fds: integer, own: table, children: table, emulators: table, files: integer}|nil
function M.sample(pid, place)
  local fds = fs.list("/proc/" .. pid .. "/fd")
  if not fds or #fds == 0 then return nil end
  local list = processes()
  local own = { rss = 0, anonymous = 0, processes = 0 }
  local children = { rss = 0, anonymous = 0, processes = 0 }
  for other in pairs(list) do
    if descends(list, other, pid) then add_memory(other == pid and own or children, other) end
  end
  return { fds = #fds, own = own, children = children, files = entries(place.folders),
    emulators = place.engine and containers_memory(place.engine, list, place.runs)
      or { rss = 0, anonymous = 0, processes = 0, containers = 0, networks = 0 } }
end

--- The engine, or nil and why there is none.
function M.engine() return docker.connect {} end

return M
