-- SPDX-License-Identifier: Apache-2.0
-- What an lsqm left that was killed: containers and networks with our label whose owner is dead,
-- processes in our records or at work in our temporary folder, what lies in that folder, and what
-- in it or in the system's bears the name of a dead owner.
-- `lsqm clean` removes it when asked; a run removes it before it begins.

local fs = require "std.fs"
local owner = require "std.emulator.owner"
local uv = require "luv"

local M = {}

M.LABEL = "lsqm=1"

local PARTS = { "^validate%-", "^warm%-", "^emulator%-", "^process%-%d+%.json$",
  "^run%-%d+%.json$" }

--- The beginning of a temporary folder's name that says whose it is, so that M.reap_temporary
--- removes it when that lsqm is dead.
---@param kind string letters
---@return string
function M.prefix(kind) return ("lsqm-%s-%s-"):format(kind, owner.of()) end

-- Programs started for a validation have their TMPDIR below our own folder.
local function works_in(pid, workdir)
  local environment = fs.read("/proc/" .. pid .. "/environ") or ""
  local dir = ("\0" .. environment):match("%zTMPDIR=(%Z*)")
  return dir ~= nil and dir:sub(1, #workdir + 1) == workdir .. "/"
end

--- Processes of ours, whoever runs: recorded ones, and those at work below the folder.
---@param workdir string absolute, without links
---@return integer[] pids
function M.processes(workdir)
  local found, seen = {}, {}
  local function add(pid)
    if not seen[pid] and pid ~= uv.os_getpid() then
      seen[pid] = true
      found[#found + 1] = pid
    end
  end
  for _, record in ipairs(owner.living(workdir, "process")) do add(record.pid) end
  for _, entry in ipairs(fs.list("/proc") or {}) do
    local pid = math.tointeger(tonumber(entry.name))
    if pid and works_in(pid, workdir) then add(pid) end
  end
  return found
end

---@param pids integer[]
function M.kill(pids)
  for _, pid in ipairs(pids) do
    uv.kill(-pid, "sigkill")
    uv.kill(pid, "sigkill")
  end
end

--- Of the engine's containers or networks those to remove, and how many belong to the living.
---@param list table[]|nil
---@param which {run: string|nil, all: boolean|nil}
---@return table[] ours
---@return integer kept
function M.removable(list, which)
  local ours, kept = {}, 0
  for _, item in ipairs(list or {}) do
    local labels = item.Labels or {}
    local asked = not which.run or (labels["lsqm.run"] or ""):sub(1, #which.run) == which.run
    if asked and not which.all and owner.is_alive(labels["lsqm.owner"]) then
      kept = kept + 1
    elseif asked then
      ours[#ours + 1] = item
    end
  end
  return ours, kept
end

--- Removes containers, then networks; what is gone already is no failure.
---@param log table
---@return table|nil err the first failure
function M.remove(docker, containers, networks, log)
  local failure
  local function note(what, ok, err)
    if ok or err.code == "not_found" then return end
    failure = failure or err
    log:error(what .. " not removed", { error = tostring(err) })
  end
  for _, container in ipairs(containers) do
    note("container", docker:remove(container.Id, { force = true, volumes = true }))
  end
  for _, network in ipairs(networks) do note("network", docker:network_remove(network.Id)) end
  return failure
end

local function has_other_run(workdir)
  for _, record in ipairs(owner.living(workdir, "run")) do
    if record.pid ~= uv.os_getpid() then return true end
  end
  return false
end

local function is_part(name)
  for _, pattern in ipairs(PARTS) do
    if name:find(pattern) then return true end
  end
  return false
end

--- Removes what M.prefix named from a folder, by default the system's for temporary files.
---@param log table
---@param dir? string
function M.reap_temporary(log, dir)
  dir = dir or os.getenv("TMPDIR") or "/tmp"
  for _, entry in ipairs(fs.list(dir) or {}) do
    local identity = entry.name:match("^lsqm%-%a+%-(%d+:%d+)%-")
    if identity and not owner.is_alive(identity) then
      log:info("left by a killed run: removed", { path = entry.name })
      fs.remove(fs.join(dir, entry.name))
    end
  end
end

--- Ends the processes and removes the files of dead runs. The caller has recorded itself as a run
--- of this folder before, so that two that begin together spare each other.
---@param workdir string
---@param log table
function M.reap(workdir, log)
  M.reap_temporary(log)
  M.reap_temporary(log, workdir)
  workdir = fs.realpath(workdir) or workdir
  if has_other_run(workdir) then return end
  local own = ("run-%d.json"):format(uv.os_getpid())
  local pids = M.processes(workdir)
  if #pids > 0 then log:info("left by a killed run: ended", { pids = table.concat(pids, " ") }) end
  M.kill(pids)
  for _, entry in ipairs(fs.list(workdir) or {}) do
    if entry.name ~= own and is_part(entry.name) then
      log:info("left by a killed run: removed", { path = entry.name })
      local ok, err = fs.remove(fs.join(workdir, entry.name))
      if not ok then log:warn("not removed", { path = entry.name, error = tostring(err) }) end
    end
  end
end

--- Removes the containers and networks whose lsqm is dead, of any workspace.
---@param docker table
---@param log table
function M.reap_engine(docker, log)
  local which = { labels = { M.LABEL }, all = true }
  local containers = M.removable(docker:containers(which), {})
  local networks = M.removable(docker:networks { labels = { M.LABEL } }, {})
  if #containers + #networks == 0 then return end
  log:info("left by a killed run: removing", { containers = #containers, networks = #networks })
  M.remove(docker, containers, networks, log)
end

return M
