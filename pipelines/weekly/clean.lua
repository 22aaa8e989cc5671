-- SPDX-License-Identifier: Apache-2.0
-- clean: removes what the product's marks identify as ours, and nothing else: containers and
-- networks with our label, processes in our records or at work in our temporary folder, and that
-- folder. What belongs to an lsqm that still runs stays, unless --all is given.

local fs = require "std.fs"
local leftovers = require "std.leftovers"
local owner = require "std.emulator.owner"
local stage = require "std.stage"

local function find_docker(args)
  local docker = require("std.docker").connect {}
  if not docker then return nil, {}, {}, 0 end
  local labels = { leftovers.LABEL }
  local containers, kept = leftovers.removable(docker:containers { labels = labels, all = true },
    args)
  return docker, containers, (leftovers.removable(docker:networks { labels = labels }, args)), kept
end

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
  found.pids, found.has_files = leftovers.processes(found.workdir), true
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
      and leftovers.remove(found.docker, found.containers, found.networks, ctx.log)
    leftovers.kill(found.pids)
    if not args.run then leftovers.reap_temporary(ctx.log) end
    if found.has_files then
      local ok, err = fs.remove(found.workdir)
      if not ok then return nil, err end
    end
    if failure then return nil, failure end
    return 0
  end,
}
