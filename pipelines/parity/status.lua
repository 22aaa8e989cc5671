-- SPDX-License-Identifier: Apache-2.0
-- What runs, what should run, and where the developer stands; --enter moves on to a stage.

local compose_service = require "std.compose.service"
local docker = require "std.docker"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local environments = require "pipelines.parity.model.environment"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local records = require "pipelines.parity.model.records"
local spec_of = require "pipelines.parity.engine.spec"
local stage = require "std.stage"
local time = require "std.time"
local watch_of = require "pipelines.parity.engine.watch"
local workflow = require "pipelines.parity.model.workflow"

local WORST <const> = { healthy = 1, none = 2, starting = 3, unhealthy = 4 }

-- The worst of a service's containers stands for it.
local function service_row(environment, service, containers, absent)
  local project = environments.project_of(environment)
  local row = { name = service.name, role = service.role, state = absent, health = "none",
    containers = 0, wanted = compose_service.replicas(project.services[service.name]) }
  for i, container in ipairs(containers or {}) do
    local health = watch_of.health_of(container)
    row.containers = row.containers + 1
    if i == 1 or container.State ~= "running" then row.state = container.State end
    if i == 1 or WORST[health] > WORST[row.health] then row.health = health end
    row.changed = row.changed
      or container.Labels[labels_of.VERSION] ~= spec_of.version(project, service.name)
  end
  return row
end

local function services_of(environment)
  local engine, err = docker.connect()
  local containers = {}
  if engine then
    containers, err = watch_of.containers(engine, environment.name)
    if not containers then return nil, err end
  end
  local rows = json.array()
  for i, service in ipairs(environment.services) do
    rows[i] = service_row(environment, service, containers[service.name],
      engine and "absent" or "unknown")
  end
  return rows, not engine and tostring(err) or nil
end

local function enter(ctx, environment, args)
  if args.enter and args.enter ~= "" then
    local session, err = workflow.advance(ctx, environment.id, { args.enter },
      { command = "lsqm parity status --enter " .. args.enter, details = args.reason })
    if not session then return nil, err end
  end
  local session = workflow.load(ctx, environment.id)
  if args.task or args.ticket then
    session.active_task = { description = args.task and mask.text(args.task),
      jira_ticket = args.ticket, started_at = time.iso() }
    local ok, err = workflow.save(ctx, session)
    if not ok then return nil, err end
  end
  return session
end

local function print_text(ctx, environment, session, rows, no_engine)
  ctx.out(("%s (%s): %s, version %s"):format(environment.id, environment.type, environment.state,
    environment.version))
  ctx.out(("workflow: %s for %d min, %d restarts%s"):format(session.current_stage,
    session.metadata.uptime_minutes, session.metadata.total_restarts,
    session.active_task and ", " .. (session.active_task.jira_ticket or "")
      .. " " .. (session.active_task.description or "") or ""))
  if no_engine then ctx.out("engine: " .. no_engine) end
  for _, row in ipairs(rows) do
    ctx.out(("  %-20s %-15s %-9s %s%s%s"):format(row.name, row.role, row.state, row.health,
      row.containers ~= row.wanted and row.containers > 0
        and ("  %d of %d containers"):format(row.containers, row.wanted) or "",
      row.changed and "  files changed since it was started" or ""))
  end
end

return stage {
  api = 1,
  name = "status",
  help = "Show what runs and where your work stands; --enter moves to another stage",
  args = open.args {
    { name = "--enter", kind = "option", choices = records.STAGES,
      help = "Go to this stage of the workflow" },
    { name = "--reason", kind = "option", help = "Why, for the history" },
    { name = "--task", kind = "option", help = "What you work on" },
    { name = "--ticket", kind = "option", help = "Its ticket" },
    { name = "--json", kind = "flag", help = "Print it as JSON" },
  },
  run = function(ctx, args)
    local environment, err = open.from_args(ctx, args, true)
    if not environment then return nil, err end
    local session
    session, err = enter(ctx, environment, args)
    if not session then return nil, err end
    local rows, no_engine = services_of(environment)
    if not rows then return nil, no_engine end
    if args.json then
      ctx.out(mask.text(json.encode({ environment = environment.id, state = environment.state,
        workflow = session, services = rows, engine = no_engine }, { pretty = true })))
    else
      print_text(ctx, environment, session, rows, no_engine)
    end
    return 0
  end,
}
