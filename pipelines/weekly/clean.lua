-- SPDX-License-Identifier: Apache-2.0
-- clean: removes what the product's marks identify as ours, and nothing else: containers and
-- networks with our label, processes in our records, the workspace's temporary folder.

local fs = require "std.fs"
local json = require "std.json"
local stage = require "std.stage"

local LABEL = "lsqm=1"

-- The process is ours only if it also began when our record says.
local function is_recorded(record)
  local stat = fs.read(("/proc/%d/stat"):format(record.pid))
  if not stat then return false end
  local i = 0
  for field in (stat:match("%)%s+(.*)$") or ""):gmatch("%S+") do
    i = i + 1
    if i == 20 then return field == record.start_time end
  end
  return false
end

local function find_processes(workdir)
  local found = {}
  for _, entry in ipairs(fs.list(workdir) or {}) do
    if entry.name:match("^process%-%d+%.json$") then
      local record = json.decode(fs.read(fs.join(workdir, entry.name)) or "")
      if type(record) == "table" and is_recorded(record) then found[#found + 1] = record.pid end
    end
  end
  return found
end

local function find_containers()
  local docker = require("std.docker").connect {}
  if not docker then return nil, {}, {} end
  return docker, docker:containers { labels = { LABEL }, all = true } or {},
    docker:networks { labels = { LABEL } } or {}
end

local function remove_docker(ctx, docker, containers, networks)
  for _, container in ipairs(containers) do
    local ok, err = docker:remove(container.Id, { force = true, volumes = true })
    if not ok then ctx.log:error("container not removed", { error = tostring(err) }) end
  end
  for _, network in ipairs(networks) do
    local ok, err = docker:network_remove(network.Id)
    if not ok then ctx.log:error("network not removed", { error = tostring(err) }) end
  end
end

local function end_processes(pids)
  local uv = require "luv"
  for _, pid in ipairs(pids) do
    uv.kill(-pid, "sigkill")
    uv.kill(pid, "sigkill")
  end
end

return stage {
  api = 1, name = "clean", help = "Remove containers, processes and temporary files of lsqm",
  args = {},
  run = function(ctx)
    local workdir = fs.join(ctx.config.workspace, "tmp")
    local docker, containers, networks = find_containers()
    local pids = find_processes(workdir)
    local has_files = fs.exists(workdir)
    ctx.out(("%s %d containers, %d networks, %d processes%s"):format(
      ctx.dry_run and "clean: would remove" or "clean: removing", #containers, #networks, #pids,
      has_files and " and " .. workdir or ""))
    if ctx.dry_run then return 0 end
    if docker then remove_docker(ctx, docker, containers, networks) end
    end_processes(pids)
    if has_files then
      local ok, err = fs.remove(workdir)
      if not ok then return nil, err end
    end
    return 0
  end,
}
