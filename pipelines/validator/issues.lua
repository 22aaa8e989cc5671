-- SPDX-License-Identifier: Apache-2.0
-- Files an issue for every architecture that failed twice in a row and has none.

local error_of = require "std.error"
local github = require "std.github.issues"
local issues = require "pipelines.validator.model.issues"
local obstacle_to = require "std.github.obstacle"
local place_of = require "pipelines.validator.model.place"
local runs = require "pipelines.validator.model.runs"
local site = require "pipelines.validator.model.site"
local stage = require "std.stage"
local tracker_of = require "pipelines.validator.model.tracker"

local function client_of(config)
  if config.github_token then
    return github.new { token = config.github_token, repo = config.issue_repo,
      api_url = config.github_api_url }
  end
  return nil, error_of.new { op = "issues", code = "unavailable",
    message = "GITHUB_TOKEN is not set" }
end

local function file(ctx, place, tracker, run)
  local reason = obstacle_to(ctx.config.issue_repo, run.localstack_version:match "^%S+")
  if reason then
    ctx.out("issues: none is filed: " .. reason)
    return true
  end
  local client, err = client_of(ctx.config)
  if not client then return nil, err end
  local filed
  filed, err = issues.file(place, tracker, client, run, ctx.config.issue_limit)
  if not filed then return nil, err end
  for _, one in ipairs(filed) do
    ctx.out(("issues: %s: %s"):format(one.entry.architecture_id, one.issue.html_url))
  end
  return true
end

return stage {
  api = 1,
  name = "issues",
  help = "File an issue for what failed twice in a row and has none",
  args = place_of.args(),
  run = function(ctx, args)
    local place = place_of.open(args.root)
    local lock <close>, held = place:hold(ctx.dry_run)
    if not lock then return nil, held end
    local tracker, err = tracker_of.load(place)
    if not tracker then return nil, err end
    local due, run, why = tracker_of.due(tracker), runs.latest(place)
    if run == nil then return nil, why end
    ctx.out(("issues: %d due"):format(#due))
    if ctx.dry_run then
      for _, entry in ipairs(due) do ctx.out("would file " .. entry.architecture_id) end
      return 0
    end
    if not run then return 0 end
    local ok
    if #due > 0 then
      ok, err = file(ctx, place, tracker, run)
      if not ok then return nil, err end
    end
    ok, err = issues.link(place, tracker, run)
    if ok then ok, err = site.write_latest(place, run, ctx) end
    if not ok then return nil, err end
    return 0
  end,
}
