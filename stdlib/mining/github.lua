-- SPDX-License-Identifier: Apache-2.0
-- Repositories of GitHub as sources: all of an organisation or account, or one. Only what changed
-- since the last time is fetched, as the archive of one commit.

local error_of = require "std.error"
local fs = require "std.fs"
local trees = require "std.mining.trees"

local M = {}

local MAX_MB <const> = 200
local BY_SHA <const> = "application/vnd.github.sha"

local function repositories(api, source)
  if source.repo then
    local one, err = api:get("/repos/" .. source.repo)
    if not one then return nil, err end
    return { one }
  end
  if source.org then
    return api:list(("/orgs/%s/repos?type=public&sort=full_name"):format(source.org))
  end
  return api:list(("/users/%s/repos?type=owner&sort=full_name"):format(source.user))
end

-- Why a repository is not worth a request. One that is named is meant, fork or not.
local function reason_to_skip(source, repo)
  local limit = source.max_mb or MAX_MB
  if repo.fork and not source.repo then return "a fork" end
  if repo.disabled then return "disabled by GitHub" end
  if repo.size == 0 then return "empty" end
  if type(repo.size) == "number" and repo.size > limit * 1024 then
    return ("%d MB; repositories are read up to %d"):format(repo.size // 1024, limit)
  end
  return nil
end

local function fetch(api, tree, name, sha)
  return tree:replace(sha, function(dir, work)
    local unpacked = fs.join(work, "unpacked")
    local ok, err = api:tarball(name, sha, unpacked, trees.LIMITS)
    if not ok then return nil, err end
    return trees.settle(unpacked, dir)
  end)
end

-- Nothing was pushed since this tree was made: not even its commit is asked for.
local function is_current(source, tree, repo)
  local state = tree.state
  return type(repo.pushed_at) == "string" and state.pushed_at == repo.pushed_at
    and state.ref == source.ref and (tree:is_here() or tree:is_empty(state.version))
end

-- Brings a tree to the newest commit. "unchanged", "fetched", "empty", or nil, err.
local function update(api, source, tree, repo)
  if is_current(source, tree, repo) then
    return tree:is_here() and "unchanged" or "empty"
  end
  local ref = source.ref or repo.default_branch or "HEAD"
  local sha, err = api:text(("/repos/%s/commits/%s"):format(repo.full_name,
    (ref:gsub("/", "%%2F"))), BY_SHA)
  if not sha then return nil, err end
  sha = sha:match "^%x+"
  if not sha or #sha < 40 then
    return nil, error_of.new { op = "github", code = "http",
      message = ("%s: no commit's SHA"):format(repo.full_name) }
  end
  local state = tree:is_empty(sha) and "empty" or tree:has(sha) and "unchanged"
  if not state then
    local ok, why = fetch(api, tree, repo.full_name, sha)
    if not ok then return nil, error_of.wrap(why, "source " .. repo.full_name) end
  end
  tree:note { pushed_at = repo.pushed_at, ref = source.ref }
  return state or "fetched"
end

local function root_of(tree, repo)
  return { dir = tree.dir, tree = tree, base = "https://github.com/" .. repo.full_name,
    name = repo.name }
end

-- One repository: its root or nothing, and what is noted about it.
local function visit(api, source, options, note, repo)
  local name = repo.full_name
  if options.seen[name] then return note:skip(name, "read with an earlier source") end
  options.seen[name] = true
  local reason = reason_to_skip(source, repo)
  if reason then return note:skip(name, reason) end
  local tree = trees.open(options, source, repo.full_name:match "^[^/]+", repo.name)
  if source.limit and note.fetched >= source.limit and not tree.state.version then
    return note:skip(name, ("left for the next run: %d are fetched in one"):format(source.limit))
  end
  local state, err = update(api, source, tree, repo)
  if state == "fetched" then note.fetched = note.fetched + 1 end
  if state == "empty" then
    note.unchanged = note.unchanged + 1
    return note:skip(name, "no template in it")
  end
  if not state and err.status == 409 then return note:skip(name, "empty") end
  if state == "unchanged" then note.unchanged = note.unchanged + 1 end
  if not state then
    note:problem(err)
    if not tree:is_here() then return nil end
    options.log:warn("source not updated, its last state is used", { url = name,
      error = tostring(err) })
  end
  return root_of(tree, repo)
end

local function is_wanted(source, repo)
  if type(repo) ~= "table" or type(repo.full_name) ~= "string" then return false end
  if not repo.full_name:find "^[%w._-]+/[%w._-]+$" then return false end
  return not source.match or fs.match(source.match, repo.name)
end

--- The roots of a source. What cannot be had of it is in the note; the rest is used.
---@param source {org?: string, user?: string, repo?: string, ref?: string, match?: string glob of
--- repository names, limit?: integer new ones in a run, max_mb?: integer}
---@param options {github: lsqm.GitHubApi, workdir: string, log: table, seen: table}
---@param note table see std.mining.note
---@return table[]|nil roots
---@return lsqm.Error|nil
function M.roots(source, options, note)
  local api = options.github
  local list, err = repositories(api, source)
  if not list then return nil, err end
  local roots = {}
  for _, repo in ipairs(list) do
    if is_wanted(source, repo) then
      note.visited = note.visited + 1
      roots[#roots + 1] = visit(api, source, options, note, repo)
    end
  end
  return roots
end

return M
