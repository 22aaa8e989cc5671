-- SPDX-License-Identifier: Apache-2.0
-- Remote modules over the network, each version once, into the cache: the registry's protocol
-- (versions, then the place of an archive or repository), git over https, archives over https.
-- Names and places come from templates that nobody here wrote: no other scheme, no credentials.
local archive = require "std.archive"
local fs = require "std.fs"
local git = require "std.git"
local http = require "std.http"
local python = require "std.python"
local registry = require "std.terraform.registry"
local sha256 = require "std.sha256"

local M = {}

local LIMITS <const> = { max_bytes = 256 << 20, max_files = 20000, max_ratio = 200 }

-- Hosts that did not answer are not asked again by this state.
local dead = {}

local function host_of(url) return url:match("^%a+://([^/]+)") end

-- https, or the very registry that the user named.
local function may_ask(url)
  local base = registry.url()
  return url:find("^https://") ~= nil or url:sub(1, #base + 1) == base .. "/"
end

local function get(url, to_file)
  local host = host_of(url)
  if not host or not may_ask(url) then return nil, "its place is not https" end
  if dead[host] then return nil, "could not be fetched: " .. dead[host] end
  local response, err = http.request { url = url, follow = 3, retries = 0, connect_timeout = 5,
    timeout = 60, max_body = not to_file and (4 << 20) or nil, to_file = to_file }
  if not response then
    dead[host] = host .. " does not answer"
    return nil, "could not be fetched: " .. tostring(err.message or err)
  end
  if response.status >= 300 then
    return nil, ("could not be fetched: %s answers %d"):format(host, response.status),
      response.status
  end
  return response
end

-- --- places ----------------------------------------------------------------------------------

-- A folder that is there only when it is whole.
local function filled(key, fill)
  local dir = fs.join(python.cache_dir(), "modules", (sha256.string(key):sub(1, 32)))
  if fs.is_dir(dir) then return dir end
  fs.mkdir(fs.dirname(dir))
  local work <close> = fs.tempdir(fs.join(fs.dirname(dir), "new-"))
  local part = fs.join(work.path, "module")
  local ok, why = fill(part, work.path)
  if not ok then return nil, why end
  fs.rename(part, dir)
  return fs.is_dir(dir) and dir or nil, "could not be kept in the cache"
end

local function clone(url, ref)
  if not may_ask(url) then return nil, "its place is not https" end
  if dead[host_of(url)] then return nil, "could not be fetched: " .. dead[host_of(url)] end
  return filled(url .. "?ref=" .. (ref or ""), function(part)
    local repo, err = git.clone { url = url, path = part }
    if not repo then return nil, "could not be fetched: " .. tostring(err.message or err) end
    if not ref then return true end
    local ok
    ok, err = repo:checkout("origin/" .. ref)
    if not ok then ok, err = repo:checkout(ref) end
    return ok, err and "has no version " .. ref
  end)
end

-- An archive of a repository has one folder with everything in it.
local function only_folder(dir)
  local list = fs.list(dir) or {}
  if #list == 1 and list[1].type == "dir" then return fs.join(dir, list[1].name) end
  return dir
end

local function unpack(url)
  local dir, why = filled(url, function(part, work)
    local file = fs.join(work, "archive")
    local response, err = get(url, file)
    if not response then return nil, err end
    fs.mkdir(part)
    local totals
    totals, err = archive.extract(file, part, LIMITS)
    return totals ~= nil, err and "is not an archive that can be unpacked: " .. err.message
  end)
  return dir and only_folder(dir), why
end

-- "git::https://host/path.git//folder?ref=x", "https://host/x.tar.gz//folder", "host/owner/name"
---@param source string
---@return {url: string, folder?: string, ref?: string, is_git: boolean, query: string}
function M.place(source)
  local address, query = source:match("^([^?]*)%??(.*)$")
  local is_git = address:find("^git::") ~= nil
  address = address:gsub("^git::", "")
  if address:find("^github%.com/") then address, is_git = "https://" .. address, true end
  local base, folder = address:match("^(%a+://.-)//(.*)$")
  base = base or address
  if is_git and base:find("^https://github%.com/") and not folder then
    local repository, rest = base:match("^(https://github%.com/[^/]+/[^/]+)/(.+)$")
    base, folder = repository or base, rest
  end
  return { url = base, folder = folder, ref = query:match("ref=([^&]+)"),
    is_git = is_git or base:find("%.git$") ~= nil, query = query }
end

---The folder of a source that is no registry's: git over https, or an archive.
---@param source string "git::https://…?ref=x", "https://….tar.gz", "github.com/owner/name"
---@return string|nil dir
---@return string|nil why
function M.source(source)
  local at = M.place(source)
  local dir, why
  if at.is_git then
    dir, why = clone(at.url, at.ref)
  elseif at.url:find("^https?://") then
    dir, why = unpack(at.url)
  else
    return nil, "its kind of source is not known"
  end
  if dir and at.folder and at.folder ~= "" and at.folder ~= "*" then
    if at.folder:find("..", 1, true) then return nil, "its folder leaves the module" end
    dir = fs.join(dir, at.folder)
  end
  return dir, why
end

local function from_registry(wanted, version)
  local chosen, why = registry.newest(get, wanted.address, version)
  if not chosen then return nil, why end
  local location
  location, why = registry.location(get, wanted.address, chosen)
  if not location then return nil, why end
  return M.source(location)
end

---The folder that a remote module was fetched into.
---@param wanted {address: string}|nil a registry's module
---@param source string
---@param version string|nil a constraint
---@return string|nil dir
---@return string|nil why
function M.module(wanted, source, version)
  if wanted then return from_registry(wanted, version) end
  return M.source(source)
end

return M
