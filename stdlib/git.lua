-- SPDX-License-Identifier: Apache-2.0
-- Git repositories, on worker threads. Failures return nil, err; a rejected push has the code
-- "rejected", a replay that needs a person "conflict".

local raw = require "lsqm.raw.git"

local M = {}

---@class std.GitRepo
---@field path string
local Repo = {}
Repo.__index = Repo

local FAVOR <const> = { upstream = 1, ["local"] = 2 }

local function need(value, name, what)
  if type(value) ~= "string" or value == "" then
    error(("git.%s: %s must be a string"):format(what, name), 3)
  end
end

local function at(path) return setmetatable({ path = path }, Repo) end

--- Makes a repository (branch "main"), or opens the one that is there.
---@param path string
---@param options table|nil {bare=boolean}
---@return std.GitRepo|nil
---@return lsqm.Error|nil
function M.init(path, options)
  need(path, "path", "init")
  local ok, err = raw.init { path = path, bare = options and options.bare }
  if not ok then return nil, err end
  return at(path)
end

--- Opens the repository at path itself (parents are not searched).
---@return std.GitRepo|nil
---@return lsqm.Error|nil
function M.open(path)
  need(path, "path", "open")
  local head, err = raw.head { path = path }
  if not head then return nil, err end
  return at(path)
end

--- Clones {url, path, branch, bare, token}. `depth` is accepted and has no effect: libgit2 1.5
--- knows no shallow clones, the whole history comes.
---@return std.GitRepo|nil
---@return lsqm.Error|nil
function M.clone(options)
  if type(options) ~= "table" then error("git.clone: options must be a table", 2) end
  need(options.url, "url", "clone")
  need(options.path, "path", "clone")
  local ok, err = raw.clone { url = options.url, path = options.path, branch = options.branch,
    bare = options.bare, token = options.token }
  if not ok then return nil, err end
  return at(options.path)
end

local function remote_call(name)
  return function(self, options)
    options = options or {}
    return raw[name] { path = self.path, remote = options.remote, token = options.token }
  end
end

--- {branch, oid (nil before the first commit), bare, detached}
function Repo:head() return raw.head { path = self.path } end

--- head() and {added, modified, deleted, untracked, conflicted, ahead, behind, upstream, clean,
--- entries = {{status = "A|M|D|?|U", path}}}
function Repo:status() return raw.status { path = self.path } end

--- Brings the remote's branches. Options: remote, token.
Repo.fetch = remote_call "fetch"

--- Fast-forwards: "up_to_date", "forwarded", "no_upstream"; nil, err (conflict) when it cannot.
Repo.pull = remote_call "pull"

--- Sends the current branch; err.code is "rejected" when the other side moved on.
Repo.push = remote_call "push"

--- Commits {message, paths | all, author = {name=, email=}, time}.
---@return string|false|nil oid false when there was nothing to commit
---@return lsqm.Error|nil
function Repo:commit(options)
  if type(options) ~= "table" then error("git.commit: options must be a table", 2) end
  need(options.message, "message", "commit")
  local author = options.author or {}
  return raw.commit { path = self.path, message = options.message, paths = options.paths,
    name = author.name, email = author.email, time = options.time }
end

--- The newest n commits: {oid, message, name, email, time}.
function Repo:log(n) return raw.log { path = self.path, max = n or 20 } end

--- A branch, tag or commit; create = true makes the branch.
function Repo:checkout(ref, options)
  need(ref, "ref", "checkout")
  return raw.checkout { path = self.path, ref = ref, create = options and options.create }
end

--- Adds a remote or changes its address.
function Repo:set_remote(url, name)
  need(url, "url", "set_remote")
  return raw.set_remote { path = self.path, remote = name, url = url }
end

function Repo:remote_url(name) return raw.remote_url { path = self.path, remote = name } end

--- Fetches and replays our commits onto the remote's branch: {oid, replayed, dropped}.
--- favor = "upstream" | "local" decides lines that both changed; without it they conflict.
function Repo:rebase(options)
  options = options or {}
  return raw.rebase { path = self.path, remote = options.remote, token = options.token,
    favor = FAVOR[options.favor] or 0 }
end

--- Push; when rejected, rebase and push again, up to `attempts` times (5).
---@return boolean|nil
---@return lsqm.Error|nil
function Repo:publish(options)
  options = options or {}
  local ok, err
  for attempt = 1, options.attempts or 5 do
    ok, err = self:push(options)
    if ok or err.code ~= "rejected" or attempt == (options.attempts or 5) then return ok, err end
    local replayed, why = self:rebase(options)
    if not replayed then return nil, why end
  end
end

return M
