-- SPDX-License-Identifier: Apache-2.0
-- Runs a GitHub Actions workflow on this machine: through `act` where it is installed, else by the
-- built-in runner. The run with its stages, logs and artifacts is kept below ci/runs.

local act = require "pipelines.parity.ci.act"
local dotenv = require "std.compose.dotenv"
local error_of = require "std.error"
local fs = require "std.fs"
local git = require "std.git"
local hide = require("pipelines.parity.model.secrets").hide
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local runner = require "pipelines.parity.ci.runner"
local runs = require "pipelines.parity.ci.runs"
local stage = require "std.stage"
local time = require "std.time"
local uuid = require "std.uuid"
local workflow_state = require "pipelines.parity.model.workflow"
local workflows = require "pipelines.parity.ci.workflow"

-- What GitHub calls the event of each kind of trigger.
local EVENTS <const> = { git_push = "push", pr_validation = "pull_request", scheduled = "schedule" }

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

local function event_of(workflow, trigger)
  if trigger == "manual" then return workflow.events[1] or "workflow_dispatch" end
  local event = EVENTS[trigger]
  for _, name in ipairs(workflow.events) do if name == event then return event end end
  return usage("%s does not run on %s, only on %s", fs.basename(workflow.file), event,
    table.concat(workflow.events, ", "))
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

-- Secrets come from a file of variables, and are hidden wherever they would be shown.
local function secrets_of(path)
  if not path then return {} end
  local entries, err = dotenv.read(path)
  if not entries then return nil, err end
  local out = {}
  for _, entry in ipairs(entries) do
    if entry.value then
      out[entry.key] = entry.value
      hide(entry.value)
    end
  end
  return out
end

local function github_of(run, workflow, event, project)
  local context = run.git_context
  return { sha = context.commit_sha, ref = "refs/heads/" .. context.branch, run_number = 1,
    ref_name = context.branch, event_name = event, workflow = workflow.name, run_id = run.id,
    actor = run.triggered_by, repository = "local/" .. fs.basename(project), workspace = project,
    repository_owner = "local", event = {}, job = "", server_url = "https://github.com" }
end

local function base_env(github)
  return { CI = "true", GITHUB_ACTIONS = "true", GITHUB_SHA = github.sha, GITHUB_REF = github.ref,
    GITHUB_REF_NAME = github.ref_name, GITHUB_REPOSITORY = github.repository,
    GITHUB_EVENT_NAME = github.event_name, GITHUB_RUN_ID = github.run_id,
    GITHUB_WORKFLOW = github.workflow, GITHUB_ACTOR = github.actor, RUNNER_OS = "Linux",
    HOME = os.getenv "HOME" }
end

local function new_run(args, environment, project, file, tool)
  return { id = uuid.v4(), environment_id = environment, trigger = args.trigger,
    triggered_by = workflow_state.developer(), git_context = git_context(project),
    status = "running", stages = json.array(), started_at = time.iso(),
    summary = { total_stages = 0, passed_stages = 0, failed_stages = 0, skipped_stages = 0 },
    metadata = { tool = tool, workflow_file = fs.relative(file, project) } }
end

-- Testing is a stage of the workflow: entered from where work goes on, and left again.
local function enter_testing(ctx, environment)
  local session = workflow_state.load(ctx, environment)
  local from = session.current_stage
  if from ~= "ready" and from ~= "active_development" then return nil end
  local options = { command = "lsqm parity ci", trigger = "automatic" }
  workflow_state.advance(ctx, environment, { "active_development", "testing" }, options)
  return function(passed)
    local now = workflow_state.load(ctx, environment)
    if now.current_stage ~= "testing" then return end
    workflow_state.enter(now, "active_development", options)
    if passed then now.metadata.last_successful_test_run = time.iso() end
    workflow_state.save(ctx, now)
  end
end

local function run_built_in(ctx, args, run, workflow, event, project)
  local secrets, err = secrets_of(args.secret_file)
  if not secrets then return nil, err end
  local github = github_of(run, workflow, event, project)
  return runner.run { workflow = workflow, run = run, project = project, github = github,
    base_env = base_env(github), secrets = secrets, vars = {}, retries = args.retries,
    artifacts = fs.absolute(open.path(ctx, "ci", "artifacts", run.id)),
    parallel = ctx.config.parallel,
    save = function()
      runner.summarize(run)
      assert(runs.write(ctx, run))
    end, say = function(text) if not args.json then ctx.out(mask.text(text)) end end }
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

local function execute(ctx, args, run, workflow, event, project)
  local start = time.monotonic()
  local ok, err = runs.write(ctx, run)
  if not ok then return nil, err end
  local unfinished <close> = guard(ctx, run, start) -- luacheck: ignore unfinished
  if run.metadata.tool == "act" then
    ok, err = act.execute(run, { act = act.path(), event = event, file = workflow.file,
      project = project })
  else
    ok, err = run_built_in(ctx, args, run, workflow, event, project)
  end
  if not ok then return nil, err end
  runner.finish(run, start)
  return runs.write(ctx, run)
end

local function report(ctx, args, run)
  if args.json then return ctx.out(mask.text(json.encode(run, { pretty = true }))) end
  for _, one in ipairs(run.stages) do
    ctx.out(("%-8s %-30s %ss%s"):format(one.status, one.name, one.duration_seconds or 0,
      one.metadata.retry_count > 0 and (", %d retries"):format(one.metadata.retry_count) or ""))
    if one.status == "failed" then
      local text = (one.logs.stdout or "") .. (one.logs.stderr or "")
      ctx.out((mask.text(text:sub(-2000)):gsub("%s+$", ""):gsub("[^\n]+", "  %0")))
    end
    for _, artifact in ipairs(one.artifacts) do
      ctx.out(("         %s %s (%d bytes)"):format(artifact.type, artifact.path,
        artifact.size_bytes))
    end
  end
  ctx.out(("%s: %d of %d stages passed, %d failed, %d skipped"):format(run.status,
    run.summary.passed_stages, run.summary.total_stages, run.summary.failed_stages,
    run.summary.skipped_stages))
  return nil
end

local function run_ci(ctx, args)
  local project = fs.absolute(args.directory or ".")
  local file, err = find_file(args.workflow, project)
  if not file then return nil, err end
  local tool = act.path() and not args.builtin and "act" or "manual"
  local workflow
  workflow, err = workflows.read(file)
  if not workflow then
    if tool ~= "act" then return nil, err end
    workflow = { file = file, events = { EVENTS[args.trigger] or "push" } }
  end
  local event
  event, err = event_of(workflow, args.trigger)
  if not event then return nil, err end
  local environment = args.id or "local-" .. fs.basename(project):lower()
  local run = new_run(args, environment, project, file, tool)
  if ctx.dry_run then
    for _, entry in ipairs(workflow.jobs or {}) do ctx.out(entry.id) end
    return 0
  end
  local leave = enter_testing(ctx, environment)
  local ok, why = execute(ctx, args, run, workflow, event, project)
  if leave then leave(run.status == "passed") end
  if not ok then return nil, why end
  report(ctx, args, run)
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
    { name = "--secret-file", kind = "option", metavar = "PATH",
      help = "NAME=value lines for ${{ secrets.NAME }}" },
    { name = "--builtin", kind = "flag", help = "Use the built-in runner although act is there" },
    { name = "--json", kind = "flag", help = "Print the run as JSON" },
  },
  run = run_ci,
}
