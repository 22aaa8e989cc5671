-- SPDX-License-Identifier: Apache-2.0
-- Stops an environment and removes what `up` made, nothing else.

local docker = require "std.docker"
local json = require "std.json"
local open = require "pipelines.parity.model.open"
local stage = require "std.stage"
local table_of = require "std.table"
local time = require "std.time"
local workflow = require "pipelines.parity.model.workflow"

local COMMAND <const> = "lsqm parity down"

-- What was still being provisioned has failed: its `up` was killed.
local function next_stage(session)
  local from = session.current_stage
  if from == "provisioning" then
    return "failed", { command = COMMAND, trigger = "failure",
      details = "taken down before it was ready" }
  end
  return workflow.is_allowed("workflow", from, "stopped") and "stopped" or nil,
    { command = COMMAND }
end

local function note(ctx, environment, keep)
  local session = workflow.load(ctx, environment.id)
  local stage_name, options = next_stage(session)
  if stage_name then
    local ok, err = workflow.advance(ctx, environment.id, { stage_name }, options)
    if not ok then return nil, err end
  end
  if environment.state == "provisioning" then workflow.enter_state(environment, "failed") end
  for _, state in ipairs(keep and { "stopped" } or { "stopped", "terminated" }) do
    if workflow.is_allowed("environment", environment.state, state) then
      workflow.enter_state(environment, state)
    end
  end
  return open.record(ctx, environment)
end

local function tell(ctx, args, environment, counts, seconds)
  if args.json then
    return ctx.out(json.encode(table_of.merge(counts, { environment = environment.id,
      state = environment.state, seconds = seconds }), { pretty = true }))
  end
  return ctx.out(("%s is %s: %d containers, %d networks, %d volumes, %s"):format(environment.id,
    environment.state, counts.containers, counts.networks, counts.volumes,
    time.duration(seconds)))
end

return stage {
  api = 1,
  name = "down",
  help = "Stop an environment and remove what up made",
  args = open.args {
    { name = "--keep", kind = "flag", help = "Stop the containers, but keep them" },
    { name = "--volumes", kind = "flag", help = "Remove the volumes that up made, and their data" },
    { name = "--grace", kind = "option", type = "number",
      help = "Seconds that a container has to end by itself (default: its own, or 10)" },
    { name = "--json", kind = "flag", help = "Print what was removed as JSON" },
  },
  run = function(ctx, args)
    local environment, err = open.from_args(ctx, args, true)
    if not environment then return nil, err end
    if ctx.dry_run then
      ctx.out("would remove the containers and networks of " .. environment.name)
      return 0
    end
    local engine
    engine, err = docker.connect()
    if not engine then return nil, err end
    local start = time.monotonic()
    local counts
    counts, err = require("pipelines.parity.engine.down").run(engine, environment.name,
      { keep = args.keep, volumes = args.volumes, grace = args.grace })
    if not counts then return nil, err end
    local ok, why = note(ctx, environment, args.keep)
    if not ok then return nil, why end
    tell(ctx, args, environment, counts, time.monotonic() - start)
    return 0
  end,
}
