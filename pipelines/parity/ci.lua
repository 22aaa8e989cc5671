-- SPDX-License-Identifier: Apache-2.0
-- Runs a GitHub Actions workflow on this machine: through `act` where it is installed, else by the
-- built-in runner. The run with its stages, logs and artifacts is kept below ci/runs.

local act = require "pipelines.parity.ci.act"
local error_of = require "std.error"
local event_of = require "pipelines.parity.ci.event"
local fs = require "std.fs"
local git = require "std.git"
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local report = require "pipelines.parity.ci.report"
local runner = require "pipelines.parity.ci.runner"
local runs = require "pipelines.parity.ci.runs"
local secrets_of = require "pipelines.parity.ci.secrets"
local stage = require "std.stage"
local table_of = require "std.table"
local time = require "std.time"
local uuid = require "std.uuid"
local workflow_state = require "pipelines.parity.model.workflow"
local workflows = require "pipelines.parity.ci.workflow"

local function git_context(dir)
  local repo = git.open(dir)
  local head = repo and repo:head()
  local last = head and head.oid and (repo:log(1) or {})[1]
  return { branch = head and head.branch or "(none)", commit_sha = last and last.oid or "",
    commit_message = last and mask.text(last.message) or "" }
end

local function usage(text, ...)
  return nil, error_of.new { op = "parity ci", code = "usage", message = text:format(...) }
end

local function find_file(given, project)
  if given then return fs.absolute(given) end
  local dir = fs.join(project, ".github", "workflows")
  local found = {}
  for _, entry in ipairs(fs.is_dir(dir) and fs.list(dir) or {}) do
    if entry.name:find("%.ya?ml$") then found[#found + 1] = fs.join(dir, entry.name) end
  end
  table.sort(found)
  if #found == 1 then return found[1] end
  if #found == 0 then return usage("there is no workflow in %s: name its file", dir) end
  return usage("several workflows in %s: name one of them", dir)
end

local function new_run(trigger, environment, project, file, tool)
  return { id = uuid.v4(), environment_id = environment, trigger = trigger,
    triggered_by = workflow_state.developer(), git_context = git_context(project),
    status = "running", stages = json.array(), started_at = time.iso(),
    summary = { total_stages = 0, passed_stages = 0, failed_stages = 0, skipped_stages = 0 },
    metadata = { tool = tool, workflow_file = fs.relative(file, project) } }
end

-- Testing is a stage of the workflow: entered from where work goes on, and left again, also by a
-- run that is interrupted.
local function enter_testing(ctx, run)
  local environment = run.environment_id
  local session = workflow_state.load(ctx, environment)
  local from = session.current_stage
  if from ~= "ready" and from ~= "active_development" then return nil end
  local options = { command = "lsqm parity ci", trigger = "automatic" }
  workflow_state.advance(ctx, environment, { "active_development", "testing" }, options)
  return setmetatable({}, { __close = function()
    local now = workflow_state.load(ctx, environment)
    if now.current_stage ~= "testing" then return end
    workflow_state.enter(now, "active_development", options)
    if run.status == "passed" then now.metadata.last_successful_test_run = time.iso() end
    workflow_state.save(ctx, now)
  end })
end

-- What lsqm keeps of the project in the project: no job needs a copy of it.
local function own_files(ctx, project)
  local workspace = fs.normalize(fs.absolute(ctx.config.workspace))
  if workspace == project then return { "ci/runs", "ci/artifacts", "logs/lsqm.jsonl" } end
  local inside = workspace:sub(1, #project + 1) == project .. "/"
  return inside and { workspace:sub(#project + 2) } or {}
end

local function run_built_in(ctx, args, plan, annotations)
  local run, github = plan.run, event_of.github(plan.run, plan)
  local follow <close> = report.follow(ctx, run, annotations)
  local here = event_of.runner()
  return runner.run { workflow = plan.workflow, run = run, project = plan.project, github = github,
    runner = here, base_env = event_of.environment(github, here), secrets = plan.secrets,
    vars = plan.vars, inputs = plan.inputs, skip = plan.skip, retries = args.retries,
    keep_home = args.keep_home, any_system = args.any_system,
    own_files = own_files(ctx, plan.project),
    artifacts = fs.absolute(open.path(ctx, "ci", "artifacts", run.id)),
    parallel = ctx.config.parallel,
    on_begin = follow.on_begin, on_end = follow.on_end, live = follow.live,
    save = function()
      runner.summarize(run)
      assert(runs.write(ctx, run))
    end }
end

local function run_act(args, plan)
  return act.execute(plan.run, { act = act.path(), event = plan.event.name,
    file = plan.workflow.file, project = plan.project, job = args.job, inputs = args.input,
    secret_file = args.secret_file and fs.absolute(args.secret_file), vars = args.var,
    var_file = args.var_file and fs.absolute(args.var_file), secrets = plan.secrets,
    event_file = args.event_file and fs.absolute(args.event_file), secret_names = args.secret })
end

-- A run that was interrupted says so on disk.
local function guard(ctx, run, start)
  return setmetatable({}, { __close = function()
    if run.status ~= "running" then return end
    for _, one in ipairs(run.stages) do
      if one.status == "running" or one.status == "pending" then one.status = "skipped" end
    end
    runner.finish(run, start, "cancelled")
    runs.write(ctx, run)
  end })
end

local function execute(ctx, args, plan, annotations)
  local start, run = time.monotonic(), plan.run
  local ok, err = runs.write(ctx, run)
  if not ok then return nil, err end
  local unfinished <close> = guard(ctx, run, start) -- luacheck: ignore unfinished
  if run.metadata.tool == "act" then
    ok, err = run_act(args, plan)
  else
    ok, err = run_built_in(ctx, args, plan, annotations)
  end
  if not ok then return nil, err end
  runner.finish(run, start)
  return runs.write(ctx, run)
end

local BUILT_IN_ONLY <const> = {
  { "--skip-action", function(args) return #args.skip_action > 0 end },
  { "--keep-home", function(args) return args.keep_home end },
  { "--any-system", function(args) return args.any_system end },
  { "--retries", function(args) return args.retries > 0 end },
}

-- What only the built-in runner knows is not left out silently where act runs.
local function check_act(args)
  for _, row in ipairs(BUILT_IN_ONLY) do
    if row[2](args) then return usage("%s needs --builtin: act is installed", row[1]) end
  end
  return true
end

local function read_workflow(args, project, file, tool)
  local workflow, err = workflows.read(file, { project = project, job = args.job,
    skip = table_of.set(args.skip_action) })
  if workflow or tool ~= "act" then return workflow, err end
  return { file = file, name = fs.basename(file), settings = {}, marks = {}, on = {}, notes = {},
    jobs = {}, events = { args.event or "push", "pull_request", "schedule" } }
end

local TAKES_INPUTS <const> = { workflow_dispatch = true, workflow_call = true }

-- Secrets, variables and inputs of the command line.
local function take_values(args, plan, note)
  local err
  plan.secrets, err = secrets_of.secrets(args.secret_file, args.secret, note)
  if not plan.secrets then return nil, err end
  plan.vars, err = secrets_of.vars(args.var_file, args.var)
  if not plan.vars then return nil, err end
  if plan.tool == "act" then return true end
  local takes = TAKES_INPUTS[plan.event.name]
  if not takes and #args.input > 0 then
    return usage("--input is for workflow_dispatch, not for %s", plan.event.name)
  end
  local settings = plan.workflow.settings[plan.event.name] or {}
  plan.inputs, err = secrets_of.inputs(takes and settings.inputs, args.input)
  return plan.inputs, err
end

-- All that can be wrong with what was asked for is told before anything runs.
local function plan_of(ctx, args)
  local plan = { project = fs.normalize(fs.absolute(args.directory or ".")),
    skip = table_of.set(args.skip_action),
    tool = act.path() and not args.builtin and "act" or "manual" }
  local note, ok = report.note(ctx), true
  local file, err = find_file(args.workflow, plan.project)
  if file and plan.tool == "act" then ok, err = check_act(args) end
  if not file or not ok then return nil, err end
  plan.workflow, err = read_workflow(args, plan.project, file, plan.tool)
  if not plan.workflow then return nil, err end
  for _, text in ipairs(plan.workflow.notes) do note(text) end
  plan.event, err = event_of.choose(plan.workflow, args)
  if not plan.event then return nil, err end
  plan.payload, err = event_of.read(args.event_file)
  if not plan.payload then return nil, err end
  plan.run = new_run(plan.event.trigger, args.id or "local-" .. fs.basename(plan.project):lower(),
    plan.project, file, plan.tool)
  plan.branch, plan.tag = args.branch or plan.run.git_context.branch, args.tag
  ok, err = event_of.filter(plan.workflow, plan.event, plan, note)
  if not ok then return nil, err end
  ok, err = take_values(args, plan, note)
  return ok and plan, err
end

local function run_ci(ctx, args)
  local plan, err = plan_of(ctx, args)
  if not plan then return nil, err end
  if ctx.dry_run then
    for _, entry in ipairs(plan.workflow.jobs) do ctx.out(entry.id) end
    return 0
  end
  local run, annotations = plan.run, {}
  local testing <close> = enter_testing(ctx, run) -- luacheck: ignore testing
  local ok, why = execute(ctx, args, plan, annotations)
  if not ok then return nil, why end
  report.print(ctx, run, annotations, args.json)
  return run.status == "passed" and 0 or 1
end

return stage {
  api = 1,
  name = "ci",
  help = "Run a GitHub Actions workflow on this machine",
  args = {
    { name = "workflow", kind = "positional", optional = true,
      help = "Workflow file (default: the only one in .github/workflows)" },
    { name = "--directory", kind = "option", short = "-C", metavar = "DIR",
      help = "Project folder (default: the current one)" },
    { name = "--id", kind = "option", metavar = "ID", help = "Environment that it belongs to" },
    { name = "--trigger", kind = "option", default = "manual",
      choices = { "manual", "git_push", "pr_validation", "scheduled" },
      help = "What started it (default: manual)" },
    { name = "--retries", kind = "option", type = "integer", default = 0,
      help = "How often a failed job is run again (default: 0)" },
    { name = "--event", kind = "option", metavar = "NAME",
      help = "GitHub's name of what started it; the filters of on: must let it start" },
    { name = "--branch", kind = "option", metavar = "NAME",
      help = "Branch that it runs for (default: the one checked out)" },
    { name = "--tag", kind = "option", metavar = "NAME", help = "Tag that it runs for" },
    { name = "--event-file", kind = "option", metavar = "PATH",
      help = "JSON payload of the event: github.event" },
    { name = "--job", kind = "option", short = "-j", metavar = "ID",
      help = "Run only this job and those that it needs" },
    { name = "--input", kind = "option", repeatable = true, metavar = "NAME=VALUE",
      help = "Input of workflow_dispatch" },
    { name = "--secret", kind = "option", repeatable = true, metavar = "NAME",
      help = "${{ secrets.NAME }} is this variable of our environment" },
    { name = "--secret-file", kind = "option", metavar = "PATH",
      help = "NAME=value lines for ${{ secrets.NAME }}" },
    { name = "--var", kind = "option", repeatable = true, metavar = "NAME=VALUE",
      help = "${{ vars.NAME }}" },
    { name = "--var-file", kind = "option", metavar = "PATH",
      help = "NAME=value lines for ${{ vars.NAME }}" },
    { name = "--skip-action", kind = "option", repeatable = true, metavar = "NAME",
      help = "Leave out steps that use this action" },
    { name = "--keep-home", kind = "flag",
      help = "Steps work in your home folder, not in one of the job's own" },
    { name = "--any-system", kind = "flag",
      help = "Run jobs for Windows and macOS on this machine, too" },
    { name = "--builtin", kind = "flag", help = "Use the built-in runner although act is there" },
    { name = "--json", kind = "flag", help = "Print the run as JSON" },
  },
  run = run_ci,
}
