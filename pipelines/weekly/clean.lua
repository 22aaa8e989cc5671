-- SPDX-License-Identifier: Apache-2.0
-- clean: removes what the product's marks identify as ours, and nothing else: containers and
-- networks with our label, processes in our records or at work in our temporary folder, and that
-- folder. What belongs to an lsqm that still runs stays, unless --all is given.

local fs = require "std.fs"
local owner = require "std.emulator.owner"
local stage = require "std.stage"
local uv = require "luv"

local LABEL = "lsqm=1"

-- --- processes -------------------------------------------------------------------------------

-- Programs started for a validation have their TMPDIR below our own folder.
local function works_in(pid, workdir)
  local environment = fs.read("/proc/" .. pid .. "/environ") or ""
  local dir = ("\0" .. environment):match("%zTMPDIR=(%Z*)")
  return dir ~= nil and dir:sub(1, #workdir + 1) == workdir .. "/"
end

local function find_processes(workdir)
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

local function end_processes(pids)
  for _, pid in ipairs(pids) do
    uv.kill(-pid, "sigkill")
    uv.kill(pid, "sigkill")
  end
end

-- --- containers ------------------------------------------------------------------------------

local function removable(list, args)
  local ours, kept = {}, 0
  for _, item in ipairs(list or {}) do
    local labels = item.Labels or {}
    local asked = not args.run or (labels["lsqm.run"] or ""):sub(1, #args.run) == args.run
    if asked and not args.all and owner.is_alive(labels["lsqm.owner"]) then
      kept = kept + 1
    elseif asked then
      ours[#ours + 1] = item
    end
  end
  return ours, kept
end

local function find_docker(args)
  local docker = require("std.docker").connect {}
  if not docker then return nil, {}, {}, 0 end
  local containers, kept = removable(docker:containers { labels = { LABEL }, all = true }, args)
  return docker, containers, (removable(docker:networks { labels = { LABEL } }, args)), kept
end

local function remove_docker(ctx, docker, containers, networks)
  local failure
  local function note(what, ok, err)
    if ok or err.code == "not_found" then return end
    failure = failure or err
    ctx.log:error(what .. " not removed", { error = tostring(err) })
  end
  for _, container in ipairs(containers) do
    note("container", docker:remove(container.Id, { force = true, volumes = true }))
  end
  for _, network in ipairs(networks) do note("network", docker:network_remove(network.Id)) end
  return failure
end

-- --- the stage -------------------------------------------------------------------------------

local function find_all(ctx, args)
  local workdir = fs.join(ctx.config.workspace, "tmp")
  local found = { pids = {}, has_files = false }
  found.docker, found.containers, found.networks, found.kept = find_docker(args)
  if args.run or not fs.exists(workdir) then return found end
  found.workdir = fs.realpath(workdir)
  if not args.all and #owner.living(found.workdir, "run") > 0 then
    found.kept = found.kept + 1
    return found
  end
  found.pids, found.has_files = find_processes(found.workdir), true
  return found
end

local function describe(ctx, found)
  ctx.out(("%s %d containers, %d networks, %d processes%s"):format(
    ctx.dry_run and "clean: would remove" or "clean: removing", #found.containers,
    #found.networks, #found.pids, found.has_files and " and " .. found.workdir or ""))
  if found.kept > 0 then
    ctx.out("clean: kept what a running lsqm uses (--all removes that too)")
  end
end

return stage {
  api = 1, name = "clean", help = "Remove containers, processes and temporary files of lsqm",
  args = {
    { name = "--all", kind = "flag", help = "Also what an lsqm that still runs uses" },
    { name = "--run", kind = "option", metavar = "ID",
      help = "Only containers and networks of this run (or of runs that begin so)" },
  },
  run = function(ctx, args)
    local found = find_all(ctx, args)
    describe(ctx, found)
    if ctx.dry_run then return 0 end
    local failure = found.docker
      and remove_docker(ctx, found.docker, found.containers, found.networks)
    end_processes(found.pids)
    if found.has_files then
      local ok, err = fs.remove(found.workdir)
      if not ok then return nil, err end
    end
    if failure then return nil, failure end
    return 0
  end,
}
