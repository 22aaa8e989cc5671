-- SPDX-License-Identifier: Apache-2.0
-- Starts an environment and waits until it is healthy.

local docker = require "std.docker"
local error_of = require "std.error"
local graph = require "pipelines.parity.model.graph"
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local stage = require "std.stage"
local time = require "std.time"
local workflow = require "pipelines.parity.model.workflow"

local COMMAND <const> = "lsqm parity up"

local function print_plan(ctx, environment)
  for i, wave in ipairs(graph.waves(graph.of(environment.services))) do
    ctx.out(("%d. %s"):format(i, table.concat(wave, ", ")))
  end
  return 0
end

-- Stages that lead from where the session is to ready; none where it works already.
local function stages_before(session)
  local from = session.current_stage
  if from == "uninitialized" or from == "failed" then return { "provisioning" } end
  return {}
end

local function is_at_rest(stage_name)
  return stage_name == "provisioning" or stage_name == "paused" or stage_name == "stopped"
end

local function set_state(ctx, environment, state)
  local ok, err = workflow.enter_state(environment, state)
  if not ok then return nil, err end
  return open.record(ctx, environment)
end

-- A degraded or healthy environment that is brought up again stays what it is until it is known.
local function begin(ctx, environment)
  local session = workflow.load(ctx, environment.id)
  local ok, err = workflow.advance(ctx, environment.id, stages_before(session),
    { command = COMMAND })
  if not ok then return nil, err end
  if environment.state == "healthy" or environment.state == "degraded" then return true end
  return set_state(ctx, environment, "provisioning")
end

local function failed(ctx, environment, err)
  local session = workflow.load(ctx, environment.id)
  if workflow.is_allowed("workflow", session.current_stage, "failed") then
    workflow.advance(ctx, environment.id, { "failed" },
      { command = COMMAND, trigger = "failure", details = tostring(err) })
  end
  if environment.state == "healthy" then set_state(ctx, environment, "degraded") end
  if environment.state ~= "stopped" then set_state(ctx, environment, "failed") end
  return nil, err
end

local function finish(ctx, environment, result)
  local session = workflow.load(ctx, environment.id)
  if is_at_rest(session.current_stage) then
    local ok, err = workflow.advance(ctx, environment.id, { "ready" }, { command = COMMAND,
      trigger = "automatic" })
    if not ok then return nil, err end
  end
  local ok, err = set_state(ctx, environment, "healthy")
  if not ok then return nil, err end
  if #result.doubts == 0 then return true end
  return set_state(ctx, environment, "degraded")
end

-- An interrupt is noted before it goes on: what was started stays for the next up or down.
local function bring_up(ctx, engine, environment, args)
  local function tell(line) io.stderr:write(mask.text(line), "\n") end
  local ok, result, err = pcall(require("pipelines.parity.engine.up").run, engine, environment, {
    wait = not args.no_wait, timeout = args.timeout, build = args.build, recreate = args.recreate,
    remove_orphans = args.remove_orphans, tell = tell, say = ctx.verbose and tell or nil })
  if ok then return result, err end
  failed(ctx, environment, error_of.is_cancelled(result) and "interrupted" or result)
  error(result, 0)
end

local function tell(ctx, args, environment, result, seconds)
  for _, list in ipairs { result.notes, result.doubts } do
    for _, line in ipairs(list) do io.stderr:write(mask.text(line), "\n") end
  end
  if not args.json then
    return ctx.out(("%s is %s: %d services, %d things made, %s"):format(environment.id,
      environment.state, #environment.services, #result.made, time.duration(seconds)))
  end
  return ctx.out(mask.text(json.encode({ environment = environment.id, state = environment.state,
    services = #environment.services, made = json.array(result.made),
    doubts = json.array(result.doubts), notes = json.array(result.notes), seconds = seconds },
    { pretty = true })))
end

local function run(ctx, args)
  local environment, err = open.from_args(ctx, args)
  if not environment then return nil, err end
  if ctx.dry_run then return print_plan(ctx, environment) end
  local engine
  engine, err = docker.connect()
  if not engine then return nil, err end
  environment.metadata.docker_engine = "Docker " .. (assert(engine:version()).Version or "?")
  local ok, why = begin(ctx, environment)
  if not ok then return nil, why end
  local start = time.monotonic()
  local result
  result, err = bring_up(ctx, engine, environment, args)
  if not result then
    err = error_of.wrap(err, "parity up")
    err.message = mask.text(err.message) -- the engine quotes what it was sent
    return failed(ctx, environment, err)
  end
  ok, why = finish(ctx, environment, result)
  if not ok then return nil, why end
  tell(ctx, args, environment, result, time.monotonic() - start)
  return #result.doubts > 0 and 1 or 0
end

return stage {
  api = 1,
  name = "up",
  help = "Start an environment and wait until it is healthy",
  args = open.args {
    open.ALLOW,
    { name = "--no-wait", kind = "flag", help = "Do not wait for the last services' health" },
    { name = "--timeout", kind = "option", type = "number", default = 300,
      help = "Seconds until health must be reached (default: 300)" },
    { name = "--build", kind = "flag", help = "Build images anew where the files say how" },
    { name = "--recreate", kind = "flag",
      help = "Make all containers anew, also those whose definition did not change" },
    { name = "--remove-orphans", kind = "flag",
      help = "Remove containers of services that the files no longer have" },
    { name = "--json", kind = "flag", help = "Print what was made as JSON" },
  },
  run = run,
}
