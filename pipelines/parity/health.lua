-- SPDX-License-Identifier: Apache-2.0
-- Looks at every service's health now, keeps the results, and goes on looking with --watch.

local checks = require "pipelines.parity.health.checks"
local compose_service = require "std.compose.service"
local docker = require "std.docker"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local parallel = require "std.parallel"
local stage = require "std.stage"
local store = require "pipelines.parity.health.store"
local suggest = require "std.suggest"
local table_of = require "std.table"
local time = require "std.time"
local watch_of = require "pipelines.parity.engine.watch"
local workflow = require "pipelines.parity.model.workflow"

local function chosen(environment, names)
  if #names == 0 then return environment.services end
  local by_name = {}
  for _, service in ipairs(environment.services) do by_name[service.name] = service end
  for _, name in ipairs(names) do
    if not by_name[name] then
      return nil, error_of.new { op = "parity health", code = "usage",
        message = ("there is no service '%s'%s"):format(name, suggest.phrase(name, by_name)) }
    end
  end
  return table_of.map(names, function(name) return by_name[name] end)
end

-- All containers of a service, one after the other: their results have times of their own.
local function look_at(engine, service, rows, wanted, by)
  local results, verdicts = {}, {}
  for _, row in ipairs(rows) do
    local found = checks.of(engine, service, engine:inspect(row.Id), by)
    table_of.append(results, found)
    verdicts[#verdicts + 1] = checks.verdict(found)
  end
  if #rows < wanted then
    local found = checks.missing(service, #rows, wanted, by)
    table_of.append(results, found)
    verdicts[#verdicts + 1] = checks.verdict(found)
  end
  return { service = service.name, results = results, verdict = checks.verdict(verdicts) }
end

local function look(engine, environment, services, by)
  local rows, err = watch_of.containers(engine, environment.name)
  if not rows then return nil, err end
  local project = environments.project_of(environment)
  services = table_of.filter(services, function(service)
    return compose_service.replicas(project.services[service.name]) > 0
  end)
  return parallel.map(services, function(service)
    return look_at(engine, service, rows[service.name] or {},
      compose_service.replicas(project.services[service.name]), by)
  end, { limit = 8 })
end

local function line(found)
  local v = found.verdict
  local why = v.details.error_message or v.status ~= "healthy" and v.details.output
  return ("%-10s %-20s %6s  %s"):format(v.status, found.service,
    v.details.response_time_ms and v.details.response_time_ms .. " ms" or "",
    (why or ""):gsub("%s+", " "))
end

local function tell(ctx, args, found)
  if args.json then
    local list = json.array(table_of.map(found, function(one) return one.verdict end))
    -- with --watch, a line for each round
    return ctx.out(mask.text(json.encode(list, { pretty = not args.watch })))
  end
  if args.watch then ctx.out(time.iso()) end
  for _, one in ipairs(found) do ctx.out(mask.text((line(one):gsub("%s+$", "")))) end
  return nil
end

-- What was seen of all services decides whether the environment is healthy or degraded.
local function note_state(ctx, environment, bad)
  local to = bad > 0 and "degraded" or "healthy"
  if not workflow.is_allowed("environment", environment.state, to) then return true end
  environment.state = to
  return open.record(ctx, environment)
end

local function round(ctx, args, state, by)
  local found, err = look(state.engine, state.environment, state.services, by)
  if not found then return nil, err end
  local all, bad = {}, 0
  for _, one in ipairs(found) do
    table_of.append(all, one.results)
    if one.verdict.status ~= "healthy" then bad = bad + 1 end
  end
  if not ctx.dry_run then
    local ok, why = store.add(state.database, all)
    if not ok then return nil, why end
    if #args.service == 0 then
      ok, why = note_state(ctx, state.environment, bad)
      if not ok then return nil, why end
    end
  end
  tell(ctx, args, found)
  return bad
end

local function run(ctx, args)
  local environment, err = open.from_args(ctx, args, true)
  if not environment then return nil, err end
  local services, why = chosen(environment, args.service)
  if not services then return nil, why end
  local engine
  engine, err = docker.connect()
  if not engine then return nil, err end
  local database <close>, wrong = store.open(ctx)
  if not database then return nil, wrong end
  local state = { engine = engine, environment = environment, services = services,
    database = database }
  local rounds = 0
  while true do
    local bad, failed = round(ctx, args, state, args.watch and "automated_script" or "manual")
    if not bad then return nil, failed end
    rounds = rounds + 1
    if not args.watch or (args.count and rounds >= args.count) then return bad > 0 and 1 or 0 end
    parallel.sleep(args.watch)
  end
end

return stage {
  api = 1,
  name = "health",
  help = "Check the health of a running environment's services",
  args = open.args {
    { name = "--service", kind = "option", repeatable = true, metavar = "NAME",
      help = "Only this one" },
    { name = "--watch", kind = "option", type = "number", metavar = "SECONDS",
      help = "Check again after so many seconds, until interrupted" },
    { name = "--count", kind = "option", type = "integer", metavar = "N",
      help = "With --watch: stop after N rounds" },
    { name = "--json", kind = "flag", help = "Print the results as JSON" },
  },
  run = run,
}
