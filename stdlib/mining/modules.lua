-- SPDX-License-Identifier: Apache-2.0
-- Modules of a Terraform registry as sources: those that a search finds, or one by its address.
-- The newest version is fetched, once; from GitHub as an archive instead of a clone.

local archive = require "std.archive"
local error_of = require "std.error"
local fetch = require "std.normalize.terraform.fetch"
local fs = require "std.fs"
local http = require "std.http"
local registry = require "std.terraform.registry"
local retry = require "std.retry"
local trees = require "std.mining.trees"

local M = {}

local LIMIT <const> = 10
local MAX_ANSWER <const> = 8 << 20

local function failure(what, why)
  return error_of.new { op = "registry", code = "unavailable", message = what .. " " .. why }
end

-- Asks the registry, again after what may pass; JSON that was cut off may be whole next time.
local function getter(options)
  return function(url)
    local host = url:match "^%a+://([^/]+)" or url
    local request = { url = url, follow = 3, retries = 3, timeout = options.http.timeout or 30,
      max_body = MAX_ANSWER, retry_base = options.http.retry_base }
    local response, err = http.request(request)
    if err and err.code == "timeout" then response, err = http.request(request) end
    if not response then return nil, "could not be fetched: " .. tostring(err.message) end
    if response.status >= 300 then
      return nil, ("could not be fetched: %s answers %d"):format(host, response.status),
        response.status
    end
    return response
  end
end

-- Unpacked while it comes; what was cut off on its way comes once more.
local function unpack_from(options, url, dir, work)
  local unpacked = fs.join(work, "unpacked")
  return retry.call(function()
    fs.remove(unpacked)
    local response, totals = archive.receive(unpacked, trees.LIMITS, function(on_data)
      return http.request { url = url, follow = 3, retries = 0, on_data = on_data, timeout = 600 }
    end)
    if not response then return nil, totals end
    if response.status < 300 and totals then return trees.settle(unpacked, dir) end
    return nil, error_of.new { code = response.status >= 500 and "unavailable" or "http",
      status = response.status,
      message = ("the archive's place answers %d%s"):format(response.status,
        response.status < 300 and " without a byte" or "") }
  end, { base = options.http.retry_base })
end

-- The archive that GitHub makes of a repository, where the place is one of GitHub's.
local function from_github(options, at, dir, work)
  local repo = at.url:match "^https://github%.com/([%w._-]+/[%w._-]+)$"
  if not repo then return false end
  local unpacked = fs.join(work, "unpacked")
  local ok, err = options.github:tarball(repo:gsub("%.git$", ""), at.ref or "HEAD", unpacked,
    trees.LIMITS)
  if not ok then return nil, err end
  return trees.settle(unpacked, dir)
end

local function from_elsewhere(location, dir)
  local from, why = fetch.source(location)
  if not from then return nil, failure("its source", tostring(why)) end
  return fs.copy(from, dir)
end

local function is_own(url)
  local base = registry.url()
  return url:find "^https://" or url:sub(1, #base + 1) == base .. "/"
end

local function fill_from(options, location)
  return function(dir, work)
    local at = fetch.place(location)
    if at.is_git then
      local ok, err = from_github(options, at, dir, work)
      if ok ~= false then return ok, err end
      return from_elsewhere(location, dir)
    end
    if not at.url:find "^https?://" or not is_own(at.url) then
      return nil, failure("its place", "is not https")
    end
    return unpack_from(options, at.url, dir, work)
  end
end

-- Brings a module's tree to its newest version: "unchanged", "fetched", "empty", or nil, err.
local function update(options, get, tree, address)
  local version, why = registry.newest(get, address)
  if not version then return nil, failure(address, why) end
  if tree:is_empty(version) then return "empty" end
  if tree:has(version) then return "unchanged" end
  local location
  location, why = registry.location(get, address, version)
  if not location then return nil, failure(address, why) end
  local ok, err = tree:replace(version, fill_from(options, location))
  if not ok then return nil, error_of.wrap(err, "module " .. address) end
  return "fetched"
end

local function visit(source, options, note, get, address)
  if options.seen[address] then return note:skip(address, "read with an earlier source") end
  options.seen[address] = true
  local namespace, name, provider = address:match "^([^/]+)/([^/]+)/([^/]+)$"
  local tree = trees.open(options, source, namespace, ("terraform-%s-%s"):format(provider, name))
  local state, err = update(options, get, tree, address)
  if state == "fetched" then note.fetched = note.fetched + 1 end
  if state == "unchanged" or state == "empty" then note.unchanged = note.unchanged + 1 end
  if state == "empty" then return note:skip(address, "no template in it") end
  if not state then
    note:problem(err)
    if not tree:is_here() then return nil end
    options.log:warn("source not updated, its last state is used", { url = address,
      error = tostring(err) })
  end
  return { dir = tree.dir, tree = tree, name = name,
    base = ("%s/modules/%s"):format(registry.url(), address) }
end

--- The roots of a source. What cannot be had of it is in the note; the rest is used.
---@param source {module?: string, search?: string, provider?: string, namespace?: string,
--- limit?: integer}
---@param options {github: lsqm.GitHubApi, workdir: string, log: table, seen: table}
---@param note table see std.mining.note
---@return table[]|nil roots
---@return lsqm.Error|nil
function M.roots(source, options, note)
  local get, list = getter(options), { source.module }
  if source.search then
    local why
    list, why = registry.search(get, { search = source.search, namespace = source.namespace,
      provider = source.provider or "aws", limit = source.limit or LIMIT })
    if not list then return nil, failure("the search for " .. source.search, why) end
  end
  local roots = {}
  for _, address in ipairs(list) do
    note.visited = note.visited + 1
    roots[#roots + 1] = visit(source, options, note, get, address)
  end
  return roots
end

return M
