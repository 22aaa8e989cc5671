-- SPDX-License-Identifier: Apache-2.0
-- sync: brings the artifact repository here (FR-004 to FR-006): clones it, pulls it, or makes a
-- new one. A local working tree is used in place; a bare repository or a URL is cloned.

local config_of = require "std.config"
local error_of = require "std.error"
local fs = require "std.fs"
local git = require "std.git"
local links = require "pipelines.weekly.push.links"
local stage = require "std.stage"

local function is_repository(dir)
  return fs.exists(fs.join(dir, ".git"))
end

local function is_bare(path)
  return fs.is_file(fs.join(path, "HEAD")) and fs.is_dir(fs.join(path, "objects"))
end

local function is_empty(dir)
  return #(fs.list(dir) or {}) == 0
end

-- An empty or missing folder may become a repository; other folders are not ours to change.
local function plan(config)
  local dir, remote = config_of.store_dir(config), config.artifact_repo
  if is_repository(dir) then
    return { action = (remote and remote ~= dir) and "pull" or "open", dir = dir, remote = remote }
  end
  if not remote then return { action = "init", dir = dir } end
  if fs.is_dir(remote) and not is_bare(remote) then
    if is_empty(remote) then return { action = "init", dir = remote } end
    return nil, error_of.new { op = "sync", code = "invalid",
      message = remote .. " is neither empty nor a git repository",
      hint = "run `git init` there if it is to hold the artifacts" }
  end
  return { action = is_empty(dir) and "clone" or "adopt", dir = dir, remote = remote }
end

local actions = {}

function actions.clone(step, token)
  return git.clone { url = step.remote, path = step.dir, token = token }
end

-- What lies here goes on top of the remote's state. Index and trends are made anew: lines merged
-- from both sides would mean nothing.
local function join(repo, step, token)
  local ok, err = repo:commit { message = "Work before the sync\n", all = true }
  if ok ~= nil then ok, err = repo:rebase { favor = "local", token = token } end
  -- A remote without any commit has nothing to go on top of.
  if ok == nil and err.code ~= "not_found" then return nil, err end
  local store
  store, err = require("std.store").open(step.dir)
  if not store then return nil, err end
  ok, err = store:rebuild()
  if not ok then return nil, err end
  return links.restore(store)
end

function actions.pull(step, token)
  local repo, err = git.open(step.dir)
  if not repo then return nil, err end
  local done
  done, err = repo:pull { token = token }
  if done ~= nil or err.code ~= "conflict" then return done, err end
  return join(repo, step, token)
end

-- Stages ran here before the repository was named: its content comes first, ours goes on top.
function actions.adopt(step, token)
  local repo, err = git.init(step.dir)
  if not repo then return nil, err end
  local ok
  ok, err = repo:set_remote(step.remote)
  if ok == nil then return nil, err end
  return join(repo, step, token)
end

function actions.open(step)
  return git.open(step.dir)
end

function actions.init(step)
  local ok, err = fs.mkdir(step.dir)
  if not ok then return nil, err end
  return git.init(step.dir)
end

local WORDS = { clone = "cloned %s to %s", adopt = "joined %s with %s",
  pull = "pulled %s into %s", open = "using %s", init = "began a new repository in %s" }

local function describe(step)
  local word = WORDS[step.action]
  if step.remote and step.action ~= "open" then return word:format(step.remote, step.dir) end
  return word:format(step.dir)
end

-- FR-005, FR-006: what the next stages stand on.
local function report(ctx, step)
  local store = ctx.store
  for _, problem in ipairs(store:problems()) do
    ctx.log:error("damaged file set aside", { error = problem })
    ctx.progress:line("sync: " .. error_of.format(problem))
  end
  local latest = store:runs { finished = true }[1]
  ctx.out(("sync: %s; %d architectures, baseline run %s"):format(describe(step),
    #store:architectures(), latest and latest.run_id or "none"))
end

return stage {
  api = 1, name = "sync", help = "Clone or pull the artifact repository",
  args = {},
  run = function(ctx)
    local step, err = plan(ctx.config)
    if not step then return nil, err end
    if ctx.dry_run then
      ctx.out(("would %s: %s"):format(step.action, step.remote or step.dir))
      return 0
    end
    local timing = ctx.log:stage("sync")
    local done
    done, err = actions[step.action](step, ctx.config.github_token)
    if done == nil then return nil, err end
    report(ctx, step)
    timing:done { action = step.action }
    return 0
  end,
}
