-- SPDX-License-Identifier: Apache-2.0
-- Reads and checks an environment for the first time and records it; starts nothing.

local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local stage = require "std.stage"
local workflow = require "pipelines.parity.model.workflow"

return stage {
  api = 1,
  name = "init",
  help = "Check an environment's Compose files and record it",
  args = open.args { open.ALLOW,
    { name = "--json", kind = "flag", help = "Print the environment as JSON" } },
  run = function(ctx, args)
    local environment, err = open.from_args(ctx, args)
    if not environment then return nil, err end
    local ok, why = open.record(ctx, environment)
    if not ok then return nil, why end
    ok, why = workflow.save(ctx, workflow.load(ctx, environment.id))
    if not ok then return nil, why end
    if args.json then
      ctx.out(mask.text(json.encode(environment, { pretty = true })))
      return 0
    end
    ctx.out(("%s: %d services, %d volumes, %d networks, version %s"):format(environment.id,
      #environment.services, #environment.volumes, #environment.networks, environment.version))
    return 0
  end,
}
