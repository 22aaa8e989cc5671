-- SPDX-License-Identifier: Apache-2.0
-- Publishes a run: trends, index, retention, one commit, push; then issues for regressions.
-- (FR-039 to FR-045, FR-066, FR-067.) Exit 1 when the run has regressions.

local errors = require "std.error"
local filing = require "pipelines.weekly.push.filing"
local fs = require "std.fs"
local git = require "std.git"
local links = require "pipelines.weekly.push.links"
local message = require "pipelines.weekly.push.message"
local parallel = require "std.parallel"
local stage = require "std.stage"

local ATTEMPTS = 8

local function prune(ctx)
  local deleted, err = ctx.store:prune(ctx.config.retention)
  if not deleted then return nil, err end
  if #deleted > 0 then ctx.log:info("old runs deleted", { count = #deleted, run_ids = deleted }) end
  return true
end

-- FR-042. The report stage has written the page; where it did not run, or the page is not about
-- the newest run, it is written now. A page that cannot be written keeps no run back.
local function update_report(ctx, renew)
  local latest = ctx.store:find_run("latest")
  local page = fs.read(ctx.store:path("reports", "latest", "index.html"))
  if not renew and latest and page and page:find(latest.run_id, 1, true) then return end
  local child = setmetatable({ out = function() end, args = {} }, { __index = ctx })
  local code, err = ctx.load("report").run(child, {})
  if code == nil then ctx.log:error("reports/latest not renewed", { error = tostring(err) }) end
end

local function update(ctx, run)
  local changes, err = ctx.store:update_trends(run)
  if not changes then return nil, err end
  local ok
  ok, err = prune(ctx)
  if ok then ok, err = ctx.store:save_index() end
  if not ok then return nil, err end
  update_report(ctx)
  return changes
end

local function commit(ctx, repo, run, changes)
  local oid, err = repo:commit { message = message.of(run, run:summary(), changes), all = true }
  if err then return nil, err end
  ctx.log:info("committed", { commit = oid or "nothing new", run_id = run.run_id })
  return true
end

-- Another run was pushed meanwhile. Runs, apps and architectures lie in folders of their own;
-- index, trends and page are made anew, since lines merged from both sides would mean nothing.
local function rebase(ctx, repo, run)
  local done, err = repo:rebase { favor = "local", token = ctx.config.github_token }
  if not done then return nil, err end
  local ok
  ok, err = prune(ctx)
  if ok then ok, err = ctx.store:rebuild() end
  if ok then ok, err = links.restore(ctx.store) end
  if not ok then return nil, err end
  update_report(ctx, true)
  return commit(ctx, repo, run, ctx.store:changes(run))
end

local function push(ctx, repo, run)
  local rebased, err = false, nil
  for attempt = 1, ATTEMPTS do
    local ok
    ok, err = repo:push { token = ctx.config.github_token }
    if ok then return true, nil, rebased end
    if err.code ~= "rejected" or attempt == ATTEMPTS then break end
    ctx.log:warn("push rejected, trying again on top of the remote's runs", { attempt = attempt })
    -- By chance, so that two runners do not go on meeting each other.
    if attempt > 1 then parallel.sleep(math.random() * 2 ^ math.min(attempt - 2, 3)) end
    ok, err = rebase(ctx, repo, run)
    if not ok then return nil, err end
    rebased = true
  end
  return nil, errors.wrap(err, "push")
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
  local rebased
  ok, err, rebased = push(ctx, repo, run)
  if not ok then return nil, err end
  ctx.out("push: run " .. run.run_id .. " is in the artifact repository")
  return repo, nil, rebased
end

-- FR-045. The links belong to the records; a push that fails here is mended by the next one.
local function file_issues(ctx, run, repo)
  local changed = false
  for _, one in ipairs(ctx.store:siblings(run)) do
    changed = filing.file(ctx, one, repo) or changed
  end
  if not changed then return end
  local oid, err = repo:commit { message = "Link the issues of run " .. run.run_id:sub(1, 8)
    .. "\n", all = true }
  local ok = oid ~= nil
  if oid and repo:remote_url() then ok, err = push(ctx, repo, run) end
  if not ok then ctx.log:warn("links to issues not pushed yet", { error = tostring(err) }) end
end

-- known: what changed in the run itself, unless a rebase put another run before it.
local function count_regressions(ctx, run, known)
  local n = 0
  for _, one in ipairs(ctx.store:siblings(run)) do
    local changes = one.run_id == run.run_id and known or ctx.store:changes(one)
    n = n + #changes.regressions
  end
  return n
end

local function dry_run(ctx, run)
  local changes = ctx.store:changes(run)
  ctx.out("would commit and push:")
  for line in message.of(run, run:summary(), changes):gmatch("[^\n]+") do ctx.out("  " .. line) end
  local surplus = #ctx.store:runs() - ctx.config.retention
  if surplus > 0 then ctx.out(("would delete %d old runs"):format(surplus)) end
  filing.dry_run(ctx, run, changes)
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
    local changes, repo, rebased
    changes, err = update(ctx, run)
    if not changes then return nil, err end
    repo, err, rebased = publish(ctx, run, changes)
    if not repo then return nil, err end
    file_issues(ctx, run, repo)
    return count_regressions(ctx, run, not rebased and changes) > 0 and 1 or 0
  end,
}
