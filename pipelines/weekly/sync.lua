-- SPDX-License-Identifier: Apache-2.0
-- sync: brings the artifact repository here (FR-004 to FR-006): clones it, pulls it, or makes a
-- new one. A local working tree is used in place; a bare repository or a URL is cloned.

local config_of = require "std.config"
local fs = require "std.fs"
local git = require "std.git"
local stage = require "std.stage"

local function is_repository(dir)
  return fs.exists(fs.join(dir, ".git"))
end

local function plan(config)
  local dir, remote = config_of.store_dir(config), config.artifact_repo
  if is_repository(dir) then
    return { action = (remote and remote ~= dir) and "pull" or "open", dir = dir, remote = remote }
  end
  if remote and not (fs.exists(remote) and #(fs.list(remote) or {}) == 0) then
    return { action = "clone", dir = dir, remote = remote }
  end
  return { action = "init", dir = dir }
end

local actions = {}

function actions.clone(step, token)
  return git.clone { url = step.remote, path = step.dir, token = token }
end

function actions.pull(step, token)
  local repo, err = git.open(step.dir)
  if not repo then return nil, err end
  return repo:pull { token = token }
end

function actions.open(step)
  return git.open(step.dir)
end

function actions.init(step)
  local ok, err = fs.mkdir(step.dir)
  if not ok then return nil, err end
  return git.init(step.dir)
end

local WORDS = { clone = "cloned %s to %s", pull = "pulled %s into %s", open = "using %s",
  init = "began a new repository in %s" }

local function describe(step)
  if step.action == "clone" or step.action == "pull" then
    return WORDS[step.action]:format(step.remote, step.dir)
  end
  return WORDS[step.action]:format(step.dir)
end

-- FR-005, FR-006: what the next stages stand on.
local function report(ctx, step)
  local store = ctx.store
  for _, problem in ipairs(store:problems()) do
    ctx.log:error("damaged file set aside", { error = tostring(problem) })
  end
  local latest = store:runs { finished = true }[1]
  ctx.out(("sync: %s; %d architectures, baseline run %s"):format(describe(step),
    #store:architectures(), latest and latest.run_id or "none"))
end

return stage {
  api = 1, name = "sync", help = "Clone or pull the artifact repository",
  args = {},
  run = function(ctx)
    local step = plan(ctx.config)
    if ctx.dry_run then
      ctx.out(("would %s: %s"):format(step.action, step.remote or step.dir))
      return 0
    end
    local timing = ctx.log:stage("sync")
    local done, err = actions[step.action](step, ctx.config.github_token)
    if done == nil then return nil, err end
    report(ctx, step)
    timing:done { action = step.action }
    return 0
  end,
}
