-- SPDX-License-Identifier: Apache-2.0
-- What started a run: the event and its payload, whether the workflow's filters let it start, and
-- the `github` context and variables that follow from it.

local error_of = require "std.error"
local filters = require "pipelines.parity.ci.filters"
local fs = require "std.fs"
local git = require "std.git"
local json = require "std.json"
local suggest = require "std.suggest"
local table_of = require "std.table"
local uv = require "luv"

local M = {}

-- What GitHub calls the event of each kind of trigger, and back.
local EVENTS <const> = { git_push = "push", pr_validation = "pull_request", scheduled = "schedule" }
local TRIGGERS <const> = { push = "git_push", pull_request = "pr_validation",
  pull_request_target = "pr_validation", schedule = "scheduled" }

local BASE <const> = { pull_request = true, pull_request_target = true }

local function usage(fields)
  fields.op, fields.code = "parity ci", "usage"
  return nil, error_of.new(fields)
end

-- As a person runs it, it is a push if it can be one.
local function default_event(workflow)
  if table_of.contains(workflow.events, "push") then return "push" end
  return workflow.events[1]
end

--- The event of a run, and what it is called as a trigger.
---@param args {event: string?, trigger: string}
---@return {name: string, trigger: string, chosen: boolean}?
---@return lsqm.Error?
function M.choose(workflow, args)
  local name = args.event or EVENTS[args.trigger]
  local chosen = name ~= nil
  name = name or default_event(workflow)
  if not table_of.contains(workflow.events, name) then
    return usage { message = ("%s does not run on %s, only on %s%s"):format(
      fs.basename(workflow.file), name, table.concat(workflow.events, ", "),
      suggest.phrase(name, workflow.events)) }
  end
  local trigger = args.event and TRIGGERS[name] or args.trigger
  return { name = name, trigger = trigger, chosen = chosen }
end

local function base_of(payload)
  local request = type(payload.pull_request) == "table" and payload.pull_request or {}
  return type(request.base) == "table" and request.base.ref or nil
end

local NOT_LOOKED_AT <const> = { "paths", "paths-ignore", "types" }

local function note_others(settings, event, note)
  for _, key in ipairs(NOT_LOOKED_AT) do
    if settings[key] ~= nil then note(("on.%s.%s is not looked at"):format(event.name, key)) end
  end
end

--- Would GitHub start it? An event that was asked for must pass the filters; where none was, it
--- runs all the same, and a note says so.
---@param where {branch: string, tag: string?, payload: table}
---@param note fun(text: string)
---@return boolean?
---@return lsqm.Error?
function M.filter(workflow, event, where, note)
  local settings = workflow.settings[event.name] or {}
  note_others(settings, event, note)
  local kind, name = where.tag and "tags" or "branches", where.tag or where.branch
  if BASE[event.name] then
    kind, name = "branches", base_of(where.payload)
    if not name and (settings.branches or settings["branches-ignore"]) then
      note(("on.%s.branches is not looked at: --event-file names no base branch"):format(
        event.name))
    end
    if not name then return true end
  end
  local key, why = filters.refusal(settings, kind, name)
  if not key then return true end
  local mark = workflow.marks[workflow.on[event.name]]
  local place = mark and mark.keys[key] or {}
  if event.chosen then
    return usage { file = workflow.file, line = place[1], col = place[2],
      message = ("GitHub would not start it on %s: %s"):format(event.name, why) }
  end
  note(("%s:%s:%s: GitHub would not start it on %s: %s"):format(workflow.file, place[1] or 1,
    place[2] or 1, event.name, why))
  return true
end

local PAYLOADS <const> = {
  push = function(github, message)
    return { ref = github.ref, after = github.sha, head_commit = { id = github.sha,
      message = message }, pusher = { name = github.actor } }
  end,
  pull_request = function(github)
    return { number = 0, action = "opened", pull_request = { number = 0,
      head = { ref = github.head_ref, sha = github.sha }, user = { login = github.actor } } }
  end,
  workflow_dispatch = function(github, _, inputs) return { ref = github.ref, inputs = inputs } end,
}

--- The payload of a file, or {}.
---@return table?
---@return lsqm.Error?
function M.read(path)
  if not path then return {} end
  local payload, err = json.read(path)
  if payload == nil then
    err.code = "usage"
    return nil, err
  end
  if type(payload) ~= "table" then
    return usage { file = path, message = "an event's payload must be an object" }
  end
  return payload
end

-- owner/name as the remote has it, else one of this machine.
local function repository_of(project)
  local repo = git.open(project)
  local url = repo and repo:remote_url "origin"
  local found = url and url:gsub("/$", ""):gsub("%.git$", ""):match("[:/]([%w_.-]+/[%w_.-]+)$")
  return found or "local/" .. fs.basename(project)
end

--- The `github` context.
---@param run table PipelineRun
---@param options {workflow, event, project, payload, branch, tag, inputs, secrets}
function M.github(run, options)
  local event, repository = options.event, repository_of(options.project)
  local owner, name = repository:match("^(.*)/(.*)$")
  local ref = options.tag and "refs/tags/" .. options.tag or "refs/heads/" .. options.branch
  local github = { sha = run.git_context.commit_sha, ref = ref, workflow = options.workflow.name,
    ref_name = options.tag or options.branch, ref_type = options.tag and "tag" or "branch",
    event_name = event.name, run_id = run.id, run_number = 1, run_attempt = 1,
    actor = run.triggered_by, triggering_actor = run.triggered_by, job = "",
    repository = repository, repository_owner = owner, workspace = options.project,
    server_url = "https://github.com", api_url = "https://api.github.com",
    graphql_url = "https://api.github.com/graphql", head_ref = "", base_ref = "",
    token = options.secrets.GITHUB_TOKEN or "" }
  if BASE[event.name] then
    github.head_ref, github.base_ref = options.branch, base_of(options.payload) or ""
    github.ref, github.ref_name = "refs/pull/0/merge", "0/merge"
  end
  local make = PAYLOADS[event.name] or BASE[event.name] and PAYLOADS.pull_request
  local payload = make and make(github, run.git_context.commit_message, options.inputs) or {}
  payload.repository = { name = name, full_name = repository, owner = { login = owner } }
  github.event = table_of.merge(payload, options.payload)
  return github
end

local SYSTEMS <const> = { Linux = "Linux", Darwin = "macOS" }
local MACHINES <const> = { x86_64 = "X64", aarch64 = "ARM64", arm64 = "ARM64" }

--- The `runner` context.
function M.runner()
  local system = uv.os_uname()
  return { name = "lsqm", os = SYSTEMS[system.sysname] or system.sysname,
    arch = MACHINES[system.machine] or system.machine, environment = "self-hosted", debug = "" }
end

-- Which of the context's fields are variables of every step.
local VARIABLES <const> = { "sha", "ref", "ref_name", "ref_type", "repository", "repository_owner",
  "event_name", "run_id", "run_number", "run_attempt", "workflow", "actor", "triggering_actor",
  "server_url", "api_url", "graphql_url", "head_ref", "base_ref" }

--- The variables of every step that are the same in all jobs.
function M.environment(github, runner)
  local env = { CI = "true", GITHUB_ACTIONS = "true", RUNNER_NAME = runner.name,
    RUNNER_OS = runner.os, RUNNER_ARCH = runner.arch }
  for _, name in ipairs(VARIABLES) do env["GITHUB_" .. name:upper()] = tostring(github[name]) end
  return env
end

return M
