-- SPDX-License-Identifier: Apache-2.0
-- Checks of a workflow file before anything of it runs: keys and kinds, expressions and the
-- contexts that they may name, shells, actions, services. Each problem has file:line:col.
--
-- `state` is {file, marks, notes = list of texts, project, skip = set of action names, unknown =
-- list of actions that cannot run, read = {n = files read so far, KEY = true: noted already}}.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local json = require "std.json"
local keys = require "pipelines.parity.ci.keys"
local resolve = require "std.resolve"
local services = require "pipelines.parity.ci.services"
local suggest = require "std.suggest"
local table_of = require "std.table"

local M = {}

local ACT <const> = "`act` can run it where it is installed"

local function place_of(state, t, key)
  local mark = state.marks[t] or {}
  local place = key ~= nil and mark.keys and mark.keys[key] or { mark.line, mark.col }
  return place[1], place[2]
end

--- Raises an error of kind "usage" at a key of a table of the file.
---@param fields {hint: string?, source: string?, caret: integer?}?
function M.fail(state, t, key, message, fields)
  local line, col = place_of(state, t, key)
  error(error_of.new(table_of.merge(fields or {}, { op = "workflow", code = "usage",
    file = state.file, line = line, col = col, message = message })), 0)
end

--- Something that is not done here, and is said so.
function M.note(state, t, key, text)
  local line, col = place_of(state, t, key)
  table.insert(state.notes, ("%s:%s:%s: %s"):format(state.file, line or 1, col or 1, text))
end

local function is_map(value) return type(value) == "table" and not json.is_array(value) end

local function is_list(value) return type(value) == "table" and table_of.is_list(value) end

local function is_scalar(value) return type(value) ~= "table" end

-- No item of a table is a table itself.
local function is_flat(value)
  for _, item in pairs(value) do if not is_scalar(item) then return false end end
  return true
end

local function is_texts(value)
  if type(value) == "string" then return true end
  return is_list(value) and not table_of.find(value, function(one)
    return type(one) ~= "string"
  end)
end

local function has_expression(value)
  return type(value) == "string" and value:find("${{", 1, true) ~= nil
end

local KINDS <const> = {
  any = function() return true end,
  text = function(value) return type(value) ~= "table" and value ~= json.null end,
  word = function(value) return type(value) == "string" end,
  number = function(value) return type(value) == "number" and value > 0 end,
  boolean = function(value) return type(value) == "boolean" end,
  map = is_map,
  list = is_list,
  texts = is_texts,
  values = function(value) return is_map(value) and is_flat(value) end,
  scalars = function(value) return is_list(value) and is_flat(value) end,
  named = function(value) return type(value) == "string" or is_map(value) end,
  labels = function(value) return is_map(value) or is_texts(value) and #value > 0 end,
}

local KIND_WORDS <const> = { text = "a text", word = "a text", number = "a number above 0",
  boolean = "true or false", map = "a mapping", list = "a list",
  texts = "a text or a list of texts", values = "a mapping of plain values",
  scalars = "a list of plain values", named = "a text or a mapping",
  labels = "a text, a list of texts or a mapping" }

--- The first key that is not known or whose value is of the wrong kind, and what to say of it.
---@param known table<string, string> key → kind
---@return string? key
---@return string? message
function M.problem(t, known, what)
  for _, key in ipairs(table_of.sorted_keys(t)) do
    local kind = known[key]
    if not kind then
      return key, ("%s has no key '%s'%s"):format(what, key, suggest.phrase(key, known))
    end
    local value = t[key]
    if not KINDS[kind](value) and not (has_expression(value) and keys.may_be_filled(kind, key)) then
      return key, ("%s of %s must be %s"):format(key, what, KIND_WORDS[kind])
    end
  end
  return nil
end

--- Are a table's keys known, and their values of the right kind?
---@param known table<string, string> see problem
function M.keys(state, t, known, what)
  local key, message = M.problem(t, known, what)
  if key then M.fail(state, t, key, message) end
end

local function expression_failed(state, t, key, err)
  if not error_of.is(err) then error(err, 0) end
  M.fail(state, t, key, err.message, { source = err.source, caret = err.caret })
end

--- Are the expressions in a value, at all its depths, such as may stand at this place?
function M.expressions(state, t, key, place)
  local value = t[key]
  if type(value) == "table" then
    for inner in table_of.sorted_pairs(value) do M.expressions(state, value, inner, place) end
  elseif type(value) == "string" then
    local ok, err = pcall(expression.check, value, keys.contexts[place])
    if not ok then expression_failed(state, t, key, err) end
  end
end

--- The same of a condition.
function M.condition(state, t, place)
  if t["if"] == nil then return end
  local ok, always = pcall(expression.check_condition, t["if"], keys.contexts[place])
  if not ok then expression_failed(state, t, "if", always) end
  if always then
    M.note(state, t, "if", "always holds: there is text beside the ${{ }}, and text is true")
  end
end

local function check_shell(state, t)
  local shell = t.shell
  if shell == nil or keys.shells[shell] or shell:find("{0}", 1, true) or has_expression(shell) then
    return
  end
  M.fail(state, t, "shell", ("there is no shell '%s' here%s"):format(shell,
    suggest.phrase(shell, keys.shells)), { hint = "a shell of your own names its script {0}" })
end

--- `defaults` of a workflow or a job.
function M.defaults(state, owner, what)
  if owner.defaults == nil then return end
  M.keys(state, owner.defaults, keys.defaults, "defaults of " .. what)
  local run = owner.defaults.run
  if run == nil then return end
  M.keys(state, run, keys.run_defaults, "defaults.run of " .. what)
  check_shell(state, run)
end

local function check_inputs(state, step, rule)
  for _, name in ipairs(rule.refuses or {}) do
    if step.with and step.with[name] ~= nil then
      M.fail(state, step.with, name, ("%s of %s is not followed here"):format(name, step.uses),
        { hint = ACT })
    end
  end
  for _, name in ipairs(rule.ignores or {}) do
    if step.with and step.with[name] ~= nil then
      M.note(state, step.with, name, ("%s of %s is not followed: %s"):format(name, step.uses,
        rule.says))
    end
  end
end

-- What `uses:` of a step names: an action of the rules, one to leave out, or one of the project.
local function check_uses(state, step, what)
  local name = step.uses:gsub("@.*$", "")
  if has_expression(step.uses) then
    M.fail(state, step, "uses", "uses of a step takes no expression")
  end
  if state.skip[name] then return end
  if name:find("^%./") or name == "." then
    step.action = require("pipelines.parity.ci.composite").read(state, step)
    return
  end
  local rules = assert(resolve.load_rows("parity", "rules.actions"))
  if rules[name] then return check_inputs(state, step, rules[name]) end
  local line, col = place_of(state, step, "uses")
  table.insert(state.unknown, { name = name, file = state.file, line = line, col = col,
    message = ("%s uses the action %s, which cannot run here%s"):format(what, step.uses,
      suggest.phrase(name, rules)) })
end

--- Raises the first of the actions that cannot run here; the hint has all of them.
---@param unknown table[] as collected while the steps were checked
function M.unknown_actions(unknown)
  local first = unknown[1]
  if not first then return end
  local names, seen = {}, {}
  for _, one in ipairs(unknown) do
    if not seen[one.name] then names[#names + 1] = one.name end
    seen[one.name] = true
  end
  error(error_of.new { op = "workflow", code = "usage", file = first.file, line = first.line,
    col = first.col, message = first.message, hint = ("--skip-action %s leaves %s out; %s"):format(
      table.concat(names, " --skip-action "), #names > 1 and "them" or "it", ACT) }, 0)
end

local function check_step(state, steps, i, what, place, ids)
  local step = steps[i]
  if not is_map(step) then M.fail(state, steps, i, "a step must be a mapping") end
  local name = ("step %d of %s"):format(i, what)
  M.keys(state, step, keys.step, name)
  if (step.run == nil) == (step.uses == nil) then
    M.fail(state, steps, i, name .. " needs either run or uses")
  end
  if step.id then
    if ids[step.id] then
      M.fail(state, step, "id", ("%s is the id of two steps"):format(step.id))
    end
    ids[step.id] = true
  end
  M.condition(state, step, place == "action step" and place or "step if")
  for key in table_of.sorted_pairs(step) do
    if key ~= "if" then M.expressions(state, step, key, place) end
  end
  check_shell(state, step)
  if step.uses then check_uses(state, step, name) end
end

--- The steps of a job or an action.
---@param place string "step" or "action step"
function M.steps(state, steps, what, place)
  local ids = {}
  for i in ipairs(steps) do check_step(state, steps, i, what, place, ids) end
end

local function check_image(state, owner, key, what)
  local service = owner[key]
  if not is_map(service) then M.fail(state, owner, key, what .. " must be a mapping") end
  M.keys(state, service, keys.service, what)
  if service.image == nil then M.fail(state, owner, key, what .. " has no image") end
  if service.credentials ~= nil then
    M.fail(state, service, "credentials", what .. ": the engine's own credentials are used",
      { hint = ACT })
  end
  local bad = not has_expression(service.options) and services.unsupported(service.options)
  if bad then
    M.fail(state, service, "options", ("%s: the option %s is not supported here"):format(what,
      bad), { hint = ACT })
  end
end

local function check_containers(state, job, id)
  for name in table_of.sorted_pairs(job.services or {}) do
    check_image(state, job.services, name, ("service %s of %s"):format(name, id))
  end
  if job.container ~= nil and type(job.container) ~= "string" then
    check_image(state, job, "container", "container of job " .. id)
  end
end

local function check_runner(state, jobs, id)
  local job = jobs[id]
  if job["runs-on"] == nil then M.fail(state, jobs, id, ("job %s has no runs-on"):format(id)) end
  if type(job.steps) ~= "table" or #job.steps == 0 then
    M.fail(state, jobs, id, ("job %s has no steps"):format(id))
  end
  M.defaults(state, job, "job " .. id)
  M.steps(state, job.steps, id, "step")
  check_containers(state, job, id)
end

--- One job; who calls another workflow has it read by the caller of this.
function M.job(state, jobs, id)
  local job = jobs[id]
  if not is_map(job) then M.fail(state, jobs, id, ("job %s must be a mapping"):format(id)) end
  if not id:find("^[%a_][%w_-]*$") then
    M.fail(state, jobs, id, ("'%s' cannot name a job: letters, digits, - and _"):format(id))
  end
  M.keys(state, job, job.uses ~= nil and keys.call or keys.job, "job " .. id)
  M.condition(state, job, "job if")
  for key, place in table_of.sorted_pairs(keys.job_places) do
    if key ~= "if" then M.expressions(state, job, key, place) end
  end
  if is_map(job.strategy) then M.keys(state, job.strategy, keys.strategy, "strategy of " .. id) end
  M.without_meaning(state, job)
  if job.uses == nil then check_runner(state, jobs, id) end
end

--- What is written but does nothing here is said, where it is written first.
function M.without_meaning(state, t)
  for key, text in table_of.sorted_pairs(keys.without_meaning) do
    if t[key] ~= nil and not state.read[key] then
      state.read[key] = true
      M.note(state, t, key, text)
    end
  end
end

local MOST_FILES <const> = 200

--- Counts one more file that is read: files that use each other many times end somewhere.
function M.count_file(state, t)
  state.read.n = state.read.n + 1
  if state.read.n > MOST_FILES then
    M.fail(state, t, "uses", ("more than %d actions and workflows are used"):format(MOST_FILES))
  end
end

--- A file of the project that `uses: ./…` names; nil where it lies outside.
function M.inside(state, name)
  local below = fs.below(name)
  return below and fs.join(state.project, below)
end

return M
