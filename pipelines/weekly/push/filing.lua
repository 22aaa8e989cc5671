-- SPDX-License-Identifier: Apache-2.0
-- Between the store and the issues: what a run's open regressions are, where issues may go, and
-- what is written down about them.

local causes = require "pipelines.weekly.push.causes"
local compare = require "std.store.compare"
local github_issues = require "std.github.issues"
local issues = require "pipelines.weekly.push.issues"
local links = require "pipelines.weekly.push.links"
local obstacle_to = require "std.github.obstacle"
local reproducer = require "pipelines.weekly.push.reproducer"
local text = require "pipelines.weekly.report.text"
local words = require "pipelines.weekly.push.issue_text"

local M = {}

---Why no issue can be filed; nil: it can.
---@return string|nil
local function obstacle(ctx, run)
  local emulator = run.config.emulator and run.config.emulator.name or "localstack"
  local reason = obstacle_to(ctx.config.issue_repo, emulator)
  if reason then return reason end
  if ctx.config.issue_limit == 0 then return "issue_limit is 0" end
  if not ctx.config.github_token and not ctx.dry_run then return "no GITHUB_TOKEN is set" end
end

-- A remote as strangers may see it: no paths of this machine, no login.
local function repository_of(repo)
  local url = repo and repo:remote_url()
  if type(url) ~= "string" or not url:find("^https?://") then return nil end
  url = url:gsub("^(https?://)[^/@]*@", "%1")
  local head = repo:head()
  local branch = head and head.branch or "main"
  return { url = url, web = ("%s/tree/%s"):format(url:gsub("%.git$", ""), branch) }
end

local function about_of(ctx, run, repo)
  return {
    run = run, store = ctx.store, previous = ctx.store:previous(run),
    emulator_row = ctx.rules("emulators")[causes.emulator_name(run.config)],
    repository = repository_of(repo),
    result_of = function(record) return causes.result_of(ctx.store, run, record) end,
  }
end

-- Does an architecture fail in its newest validation with this emulator?
local function still_of(ctx, run)
  local emulator, corpus = causes.emulator_name(run.config), ctx.store:index().architectures
  local trends
  return function(hash)
    if not corpus[hash] then return nil end
    trends = trends or ctx.store:trends("architectures")
    for _, point in ipairs(trends[hash] and trends[hash].history or {}) do
      if (point.emulator or "") == emulator then return not compare.is_good(point.status) end
    end
    return nil
  end
end

local function linked_of(records)
  return function(url)
    local list = {}
    for _, record in ipairs(records) do
      if url and record.github_issue_url == url then list[#list + 1] = record.arch_hash end
    end
    return list
  end
end

-- The folder stands in the body of the issue: where it cannot be written, that is told.
local function write_reproducer(ctx, about, group)
  local record = reproducer.pick(ctx.store, group)
  local ok, err = reproducer.write(ctx.store, group, { hash = record.arch_hash,
    config = about.run.config, emulator = about.emulator_row, workspace = ctx.config.workspace })
  if not ok then ctx.log:error("reproducer not written", { error = tostring(err) }) end
end

local function tell(ctx, outcome)
  if outcome.closed > 0 then
    ctx.out(("issues: %s closed: green again"):format(text.count(outcome.closed, "issue")))
  end
  if #outcome.over > 0 then
    local n = 0
    for _, group in ipairs(outcome.over) do n = n + #group.regressions end
    ctx.out(("issues: %s (%s) over the limit of %d a run: %s"):format(
      text.count(#outcome.over, "more root cause"), text.count(n, "architecture"),
      ctx.config.issue_limit, outcome.summary))
  end
end

local function work_of(ctx, run, repo, records, found)
  local about = about_of(ctx, run, repo)
  return {
    client = github_issues.new { token = ctx.config.github_token, repo = ctx.config.issue_repo,
      api_url = ctx.config.github_api_url, log = ctx.log },
    groups = causes.of(ctx.store, run, records, ctx.rules("signature")),
    about = about, limit = ctx.config.issue_limit,
    still = still_of(ctx, run), linked = linked_of(records),
    on_filed = function(group, url, is_summary)
      for _, record in ipairs(group.regressions) do found[record] = url end
      if is_summary then return end
      write_reproducer(ctx, about, group)
      ctx.out("issue: " .. tostring(url))
    end,
    on_error = function(what, err)
      ctx.log:error("issue not written", { about = what, error = tostring(err),
        error_type = err.code })
    end,
  }
end

---Files, updates and closes the issues of a run's emulator. A failure is told and does not fail
---the push: the next one finds the same open regressions.
---@param repo table the artifact repository
---@return boolean changed whether something was written into the store
function M.file(ctx, run, repo)
  local records = ctx.store:regressions()
  if #records == 0 then return false end
  local reason = obstacle(ctx, run)
  if reason then
    local open = #causes.open(ctx.store, run, records)
    if open > 0 then
      ctx.out(("issues: %s, none filed: %s"):format(text.count(open, "regression"), reason))
    end
    return false
  end
  local found = {}
  local outcome, err = issues.reconcile(work_of(ctx, run, repo, records, found))
  local ok, why = links.save(ctx.store, run, found)
  if not ok then ctx.log:error("links to issues not kept", { error = tostring(why) }) end
  if outcome then tell(ctx, outcome) else
    ctx.log:error("issues not filed", { error = tostring(err), error_type = err.code })
    ctx.out("issues: not filed: " .. tostring(err))
  end
  return next(found) ~= nil
end

-- Dry run -------------------------------------------------------------------------------------

local function print_issue(ctx, group, about)
  ctx.out(("would file in %s: %s"):format(ctx.config.issue_repo,
    words.title(group, about.run)))
  ctx.out("  labels: " .. table.concat(words.labels(about.run), ", "))
  for line in (words.body(group, about) .. "\n"):gmatch("(.-)\n") do ctx.out("  " .. line) end
end

---Prints the issues as they would be filed; asks nobody.
---@param changes table of the run: nothing of it is in the store in a dry run
function M.dry_run(ctx, run, changes)
  local records = ctx.store:regressions()
  for _, record in ipairs(changes.regressions) do records[#records + 1] = record end
  local groups = causes.of(ctx.store, run, records, ctx.rules("signature"))
  local reason = #groups > 0 and obstacle(ctx, run)
  if reason then ctx.out("would file no issue: " .. reason) return end
  local about, limit = about_of(ctx, run), ctx.config.issue_limit
  for i = 1, math.min(#groups, limit) do print_issue(ctx, groups[i], about) end
  if #groups > limit then
    local rest = table.move(groups, limit + 1, #groups, 1, {})
    ctx.out(("would tell of %s in one issue: %s"):format(text.count(#rest, "more root cause"),
      words.summary_title(run)))
    for line in (words.summary(rest, about) .. "\n"):gmatch("(.-)\n") do ctx.out("  " .. line) end
  end
end

return M
