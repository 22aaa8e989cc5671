-- SPDX-License-Identifier: Apache-2.0
-- One issue per root cause: regressions with the same signature share it, a known one gets a
-- comment, a closed one is opened again. A regression that has its link is not filed twice.

local github = require "std.github"
local sha256 = require "std.sha256"
local text = require "pipelines.weekly.report.text"

local M = {}

local LOG_BYTES, LISTED, TITLE_MAX = 3000, 50, 120

---Groups of regressions by root cause, largest first.
---@param regressions table[] records without a link
---@param run lsqm.Run
---@param signature fun(result: table): string
---@return table[] {key=, signature=, regressions=}
function M.group(regressions, run, signature)
  local groups, by_key = {}, {}
  local emulator = run.config.emulator and run.config.emulator.name or ""
  for _, record in ipairs(regressions) do
    local result = run:result(record.arch_hash)
    local words = result and text.clean(signature(result)) or "unknown cause"
    local key = sha256.string(emulator .. "\0" .. words):sub(1, 16)
    if not by_key[key] then
      by_key[key] = { key = key, signature = words, regressions = {}, result = result }
      groups[#groups + 1] = by_key[key]
    end
    table.insert(by_key[key].regressions, record)
  end
  table.sort(groups, function(a, b)
    if #a.regressions ~= #b.regressions then return #a.regressions > #b.regressions end
    return a.key < b.key
  end)
  return groups
end

local function emulator_of(run)
  local emulator = run.config.emulator
  return ("%s %s"):format(emulator and emulator.name or "emulator", run.config.localstack_version)
end

local function affected(group)
  local lines = {}
  for i = 1, math.min(#group.regressions, LISTED) do
    local one = group.regressions[i]
    lines[i] = ("- %s (%s): %s → %s"):format(
      github.code(one.architecture_name or one.arch_hash),
      github.code(table.concat(one.services_affected, ", ")), one.from_status, one.to_status)
  end
  if #group.regressions > LISTED then
    lines[#lines + 1] = ("- and %d more"):format(#group.regressions - LISTED)
  end
  return table.concat(lines, "\n")
end

local function log_of(result)
  result = result or {}
  local apply, tests = result.terraform_apply or {}, result.pytest_results or {}
  local log = apply.success == false and apply.logs or tests.output or result.error_message
  return text.tail(log, LOG_BYTES) or "no output was captured"
end

---@param group table
---@param run lsqm.Run
---@return string title
function M.title(group, run)
  local words = group.signature:gsub("%s+", " ")
  if utf8.len(words) and utf8.len(words) > TITLE_MAX then
    words = words:sub(1, utf8.offset(words, TITLE_MAX) - 1) .. "…"
  end
  return ("Regression in %s: %s"):format(emulator_of(run), words)
end

---@param group table
---@param run lsqm.Run
---@return string body with the hidden marker
function M.body(group, run)
  return table.concat({
    ("%s that worked in the run before %s with %s."):format(
      text.count(#group.regressions, "architecture"),
      #group.regressions == 1 and "fails" or "fail", emulator_of(run)),
    "Root cause: " .. github.code(group.signature), affected(group),
    "From one of them:", github.fence(log_of(group.result)),
    ("Run %s"):format(github.code(run.run_id)), github.marker(group.key),
  }, "\n\n")
end

-- An open issue goes before a closed one of the same key.
local function known_issues(client)
  local issues, err = client:issues()
  if not issues then return nil, err end
  local known = {}
  for _, issue in ipairs(issues) do
    local key = github.key_of(issue.body)
    if key and (not known[key] or issue.state == "open") then known[key] = issue end
  end
  return known
end

local function file_one(client, known, group, run)
  local issue = known[group.key]
  if not issue then return client:create(M.title(group, run), M.body(group, run)) end
  local ok, err = client:comment(issue.number, M.body(group, run))
  if ok and issue.state == "closed" then ok, err = client:reopen(issue.number) end
  if not ok then return nil, err end
  return issue
end

---Files the groups. Each success is handed to `on_filed` at once, so none is filed twice.
---@param client lsqm.GitHub
---@param groups table[]
---@param options {run: lsqm.Run, limit: integer, on_filed: fun(group: table, url: string)}
---@return integer|nil filed
---@return lsqm.Error|nil
function M.file(client, groups, options)
  local known, err = known_issues(client)
  if not known then return nil, err end
  local filed = 0
  for i = 1, math.min(#groups, options.limit) do
    local issue
    issue, err = file_one(client, known, groups[i], options.run)
    if not issue then return nil, err end
    filed = filed + 1
    options.on_filed(groups[i], issue.html_url)
  end
  return filed
end

return M
