-- SPDX-License-Identifier: Apache-2.0
-- The developer's workflow: one session file per developer, its stages and their history.
-- rules/workflow.lua says which stage may follow which.

local contracts = require("std.contracts").of "parity"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local resolve = require "std.resolve"
local table_of = require "std.table"
local time = require "std.time"
local uuid = require "std.uuid"
local uv = require "luv"

local M = {}

local function rules() return assert(resolve.load("parity", "rules.workflow")) end

--- Who works here.
function M.developer()
  local name = os.getenv "USER"
  if not name or name == "" then name = uv.os_get_passwd().username end
  return name
end

local function folder(ctx, developer)
  return open.path(ctx, "contexts", "sessions", (developer:gsub("[^%w_.-]", "_")))
end

local function session_path(ctx, developer)
  return fs.join(folder(ctx, developer), "current-session.yml")
end

local function aside_path(ctx, developer, environment)
  return fs.join(folder(ctx, developer), (environment:gsub("[^%w_.-]", "_")) .. ".session.yml")
end

local function new_session(environment, developer)
  return { environment_id = environment, developer = developer, current_stage = "uninitialized",
    last_transition = time.iso(), stage_history = json.array(),
    metadata = { uptime_minutes = 0, total_restarts = 0 } }
end

local function minutes_since(text)
  return math.max(0, math.floor((time.now() - (time.parse(text) or time.now())) / 60))
end

local function read(path)
  if not fs.exists(path) then return nil end
  local value, err = contracts.read(path, "workflow_state")
  if not value then error(err, 0) end
  return value
end

--- The developer's session in an environment; a new one where there is none.
function M.load(ctx, environment, developer)
  developer = developer or M.developer()
  local session = read(session_path(ctx, developer))
  if session and session.environment_id ~= environment then
    session = read(aside_path(ctx, developer, environment))
  end
  session = session or new_session(environment, developer)
  session.metadata.uptime_minutes = minutes_since(session.last_transition)
  return session
end

-- The session of another environment is put aside, not lost.
local function put_aside(ctx, session)
  local path = session_path(ctx, session.developer)
  local other = read(path)
  if other and other.environment_id ~= session.environment_id then
    return fs.rename(path, aside_path(ctx, session.developer, other.environment_id))
  end
  return true
end

--- Writes the session.
function M.save(ctx, session)
  if ctx.dry_run then return true end
  local ok, err = put_aside(ctx, session)
  if not ok then return nil, err end
  return contracts.write_yaml(session_path(ctx, session.developer), "workflow_state", session)
end

--- May `to` follow `from`? kind: "workflow" or "environment".
function M.is_allowed(kind, from, to)
  return table_of.contains(rules()[kind][from] or {}, to)
end

local function refused(kind, from, to)
  local allowed = rules()[kind][from] or {}
  return nil, error_of.new { op = "parity " .. kind, code = "usage",
    message = ("from %s one cannot go to %s; possible: %s"):format(from, to,
      #allowed > 0 and table.concat(allowed, ", ") or "nothing") }
end

--- Moves a session to a stage. Nothing changes when the stage may not follow.
---@param options table|nil {trigger=, details=, command=}
---@return table? session
---@return lsqm.Error? code "usage"
function M.enter(session, to, options)
  local from = session.current_stage
  if not M.is_allowed("workflow", from, to) then return refused("workflow", from, to) end
  options = options or {}
  local now = time.iso()
  table.insert(session.stage_history, { id = uuid.v4(), from_stage = from, to_stage = to,
    workflow_state_id = session.environment_id .. "/" .. session.developer, timestamp = now,
    trigger = options.trigger or "manual",
    trigger_details = options.details and mask.text(options.details),
    metadata = { duration_in_previous_stage_minutes = minutes_since(session.last_transition),
      associated_command = options.command } })
  session.current_stage, session.last_transition = to, now
  session.metadata.uptime_minutes = 0
  if table_of.contains(rules().restarts, from .. ">" .. to) then
    session.metadata.total_restarts = session.metadata.total_restarts + 1
  end
  return session
end

--- Loads, enters the stages one after the other, and saves; stages that the session is in already
--- are passed over.
---@return table? session
---@return lsqm.Error?
function M.advance(ctx, environment, stages, options)
  local session = M.load(ctx, environment)
  for _, stage in ipairs(stages) do
    if session.current_stage ~= stage then
      local ok, err = M.enter(session, stage, options)
      if not ok then return nil, err end
    end
  end
  local ok, err = M.save(ctx, session)
  if not ok then return nil, err end
  return session
end

--- Moves an environment to a state, by the same kind of rules.
---@return table? environment
---@return lsqm.Error? code "usage"
function M.enter_state(environment, to)
  local from = environment.state
  if from == to then return environment end
  if not M.is_allowed("environment", from, to) then return refused("environment", from, to) end
  environment.state = to
  return environment
end

return M
