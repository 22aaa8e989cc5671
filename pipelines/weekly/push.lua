-- SPDX-License-Identifier: Apache-2.0
-- Publishes a run: trends, index, retention, one commit, push; then issues for regressions.
-- (FR-039 to FR-045, FR-066, FR-067.) Exit 1 when the run has regressions.

local errors = require "std.error"
local git = require "std.git"
local github = require "std.github"
local issues = require "pipelines.weekly.push.issues"
local message = require "pipelines.weekly.push.message"
local parallel = require "std.parallel"
local stage = require "std.stage"

local ATTEMPTS = 5
-- Issues about another emulator do not belong there.
local LOCALSTACK_REPO = "localstack/localstack"

local function update(ctx, run)
  local changes, err = ctx.store:update_trends(run)
  if not changes then return nil, err end
  local deleted
  deleted, err = ctx.store:prune(ctx.config.retention)
  if not deleted then return nil, err end
  if #deleted > 0 then ctx.log:info("old runs deleted", { count = #deleted, run_ids = deleted }) end
  local ok
  ok, err = ctx.store:save_index()
  if not ok then return nil, err end
  return changes
end

local function commit(ctx, repo, run, changes)
  local oid, err = repo:commit { message = message.of(run, run:summary(), changes), all = true }
  if err then return nil, err end
  ctx.log:info("committed", { commit = oid or "nothing new", run_id = run.run_id })
  return true
end

-- Another run was pushed meanwhile. Runs, apps and architectures lie in folders of their own;
-- index and trends are made anew, since lines merged from both sides would mean nothing.
local function rebase(ctx, repo, run, options)
  local done, err = repo:rebase { favor = "local", token = options.token }
  if not done then return nil, err end
  local ok
  ok, err = ctx.store:rebuild()
  if not ok then return nil, err end
  return commit(ctx, repo, run, ctx.store:changes(run))
end

local function push(ctx, repo, run, options)
  local err
  for attempt = 1, ATTEMPTS do
    local ok
    ok, err = repo:push { token = options.token }
    if ok then return true end
    if err.code ~= "rejected" or attempt == ATTEMPTS then break end
    ctx.log:warn("push rejected, trying again on top of the remote's runs", { attempt = attempt })
    if attempt > 1 then parallel.sleep(2 ^ (attempt - 2)) end
    ok, err = rebase(ctx, repo, run, options)
    if not ok then return nil, err end
  end
  return nil, err
end

local function publish(ctx, run, changes)
  local repo, err = git.open(ctx.store.root)
  if not repo then return nil, err end
  local ok
  ok, err = commit(ctx, repo, run, changes)
  if not ok then return nil, err end
  if not repo:remote_url() then
    ctx.out("push: committed; no remote is set, so nothing was sent")
    return repo
  end
  ok, err = push(ctx, repo, run, { token = ctx.config.github_token })
  if not ok then return nil, errors.wrap(err, "push") end
  ctx.out("push: run " .. run.run_id .. " is in the artifact repository")
  return repo
end

-- Issues -------------------------------------------------------------------------------------

local function open_regressions(store, run)
  local list = {}
  for _, record in ipairs(store:regressions()) do
    if record.to_run_id == run.run_id and not record.github_issue_url then
      list[#list + 1] = record
    end
  end
  return list
end

local function reason_not_to_file(ctx, run)
  local emulator = run.config.emulator and run.config.emulator.name or "localstack"
  local repo = ctx.config.issue_repo
  if not repo or repo == "" then return "no ISSUE_REPO is set" end
  if repo == LOCALSTACK_REPO and emulator ~= "localstack" then
    return ("the run used %s; set ISSUE_REPO to file elsewhere than in %s"):format(emulator, repo)
  end
  if not ctx.config.github_token and not ctx.dry_run then return "no GITHUB_TOKEN is set" end
end

local function remember(store, group, url)
  local hashes = {}
  for _, record in ipairs(group.regressions) do
    hashes[record.arch_hash .. record.to_run_id] = true
  end
  local list = store:regressions()
  for _, record in ipairs(list) do
    if hashes[record.arch_hash .. record.to_run_id] then record.github_issue_url = url end
  end
  return store:save_regressions(list)
end

local function file_groups(ctx, run, groups)
  local client = github.new { token = ctx.config.github_token, repo = ctx.config.issue_repo,
    api_url = ctx.config.github_api_url }
  local filed, err = issues.file(client, groups, {
    run = run, limit = ctx.config.issue_limit,
    on_filed = function(group, url)
      remember(ctx.store, group, url)
      ctx.out("issue: " .. tostring(url))
    end,
  })
  if not filed then
    ctx.log:error("issues not filed", { error = tostring(err), error_type = err.code })
    ctx.out("issues: not filed: " .. tostring(err))
  elseif filed < #groups then
    ctx.out(("issues: %d more root causes are not filed (limit %d a run)"):format(#groups - filed,
      ctx.config.issue_limit))
  end
  return filed or 0
end

local function file_issues(ctx, run, repo)
  local found = open_regressions(ctx.store, run)
  if #found == 0 then return end
  local reason = reason_not_to_file(ctx, run)
  if reason then
    ctx.out(("issues: %d regressions, none filed: %s"):format(#found, reason))
    return
  end
  local groups = issues.group(found, run, ctx.rules("signature"))
  file_groups(ctx, run, groups)
  -- The links belong to the record; a failure here is mended by the next push.
  local oid = repo:commit { message = "Link the issues of run " .. run.run_id:sub(1, 8) .. "\n",
    all = true }
  if oid and repo:remote_url() then
    local ok, err = repo:push { token = ctx.config.github_token }
    if not ok then ctx.log:warn("links to issues not pushed yet", { error = tostring(err) }) end
  end
end

local function dry_run(ctx, run)
  local changes = ctx.store:changes(run)
  ctx.out("would commit and push:")
  for line in message.of(run, run:summary(), changes):gmatch("[^\n]+") do ctx.out("  " .. line) end
  local surplus = #ctx.store:runs() - ctx.config.retention
  if surplus > 0 then ctx.out(("would delete %d old runs"):format(surplus)) end
  local reason = #changes.regressions > 0 and reason_not_to_file(ctx, run)
  if reason then ctx.out("would file no issue: " .. reason) return 0 end
  local groups = issues.group(changes.regressions, run, ctx.rules("signature"))
  for i = 1, math.min(#groups, ctx.config.issue_limit) do
    ctx.out(("would file in %s: %s"):format(ctx.config.issue_repo, issues.title(groups[i], run)))
  end
  return 0
end

return stage {
  api = 1,
  name = "push",
  help = "Commit and push the latest run, file issues for regressions",
  args = {
    { name = "--run", kind = "option", metavar = "ID", help = "the run (default: latest)" },
  },
  run = function(ctx, args)
    local timing <close> = ctx.log:stage("push") -- luacheck: ignore timing
    local run, err = ctx.store:find_run(args.run or "latest")
    if not run then return nil, err end
    if ctx.dry_run then return dry_run(ctx, run) end
    local changes, repo
    changes, err = update(ctx, run)
    if not changes then return nil, err end
    repo, err = publish(ctx, run, changes)
    if not repo then return nil, err end
    local regressions = 0
    for _, one in ipairs(ctx.store:siblings(run)) do
      file_issues(ctx, one, repo)
      regressions = regressions + #ctx.store:changes(one).regressions
    end
    return regressions > 0 and 1 or 0
  end,
}
