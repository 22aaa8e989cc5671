-- SPDX-License-Identifier: Apache-2.0
-- Freezes the services of an environment, or thaws them.

local docker = require "std.docker"
local error_of = require "std.error"
local open = require "pipelines.parity.model.open"
local stage = require "std.stage"
local workflow = require "pipelines.parity.model.workflow"

return stage {
  api = 1,
  name = "pause",
  help = "Freeze an environment's services, or thaw them (--resume)",
  args = open.args { { name = "--resume", kind = "flag", help = "Go on" } },
  run = function(ctx, args)
    local environment, err = open.from_args(ctx, args, true)
    if not environment then return nil, err end
    local session = workflow.load(ctx, environment.id)
    local ok, why = workflow.enter(session, args.resume and "ready" or "paused",
      { command = "lsqm parity pause" .. (args.resume and " --resume" or "") })
    if not ok then return nil, why end
    if ctx.dry_run then return 0 end
    local engine
    engine, err = docker.connect()
    if not engine then return nil, err end
    local count
    count, err = require("pipelines.parity.engine.down").pause(engine, environment.name,
      args.resume)
    if not count then return nil, err end
    if count == 0 then
      return nil, error_of.new { op = "parity pause", code = "not_found",
        message = ("no container of %s is %s"):format(environment.id,
          args.resume and "paused" or "running"), hint = "lsqm parity status shows them" }
    end
    ok, why = workflow.save(ctx, session)
    if not ok then return nil, why end
    ctx.out(("%s: %d containers %s"):format(environment.id, count,
      args.resume and "go on" or "paused"))
    return 0
  end,
}
