-- SPDX-License-Identifier: Apache-2.0
-- Where templates come from: checks the `sources` of the configuration, brings them here, and
-- lists what they hold, each candidate with its URL and digest.

local discover = require "std.mining.discover"
local error_of = require "std.error"
local fs = require "std.fs"
local github = require "std.mining.github"
local modules = require "std.mining.modules"
local normalize = require "std.normalize"
local sha256 = require "std.sha256"
local suggest = require "std.suggest"
local tables = require "std.table"
local text_of = require "std.text"

local M = {}

local COMMON = { type = "string", include = "table", exclude = "table", source_type = "string" }

-- What each type of source may name, and which of `needs` it must name exactly one of.
local TYPES = {
  dir = { needs = { "path" }, keys = tables.merge(COMMON, { path = "string",
    base_url = "string" }) },
  git = { needs = { "url" }, keys = tables.merge(COMMON, { url = "string", ref = "string",
    base_url = "string" }) },
  github = { needs = { "org", "user", "repo" }, keys = tables.merge(COMMON, { org = "string",
    user = "string", repo = "string", ref = "string", match = "string", limit = "number",
    max_mb = "number" }) },
  registry = { needs = { "search", "module" }, keys = tables.merge(COMMON, { search = "string",
    module = "string", namespace = "string", provider = "string", limit = "number" }) },
}

-- What goes into a URL is a name and nothing else.
local NAMES = { org = "^[%w_-]+$", user = "^[%w_-]+$", repo = "^[%w_-]+/[%w._-]+$",
  ref = "^[%w._/-]+$", module = "^[%w_-]+/[%w_-]+/[%w_-]+$" }

local function wrong(i, text, near)
  return nil, error_of.new { op = "sources", code = "usage",
    message = ("source %d: %s"):format(i, text),
    hint = near and ("did you mean '%s'?"):format(near) or nil }
end

local function check_keys(i, source, kind)
  for key, value in pairs(source) do
    local want = kind.keys[key]
    if not want then
      return wrong(i, ("unknown key '%s'"):format(tostring(key)),
        suggest.did_you_mean(tostring(key), kind.keys))
    end
    if type(value) ~= want then
      return wrong(i, ("'%s' must be a %s, not a %s"):format(key, want, type(value)))
    end
    local is_url = source.type == "git" or not NAMES[key]
    if not is_url and not value:find(NAMES[key]) then
      return wrong(i, ("'%s' is no name: %s"):format(key, value))
    end
  end
  return true
end

local function check_needs(i, source, kind)
  local given = {}
  for _, key in ipairs(kind.needs) do given[#given + 1] = source[key] and key or nil end
  if #given == 1 then return true end
  if #kind.needs == 1 then return wrong(i, ("'%s' is missing"):format(kind.needs[1])) end
  return wrong(i, ("exactly one of '%s' is needed"):format(table.concat(kind.needs, "', '")))
end

--- Mistakes in the list are the user's (code "usage"), found before anything is read.
---@param sources table[]
---@return boolean? ok
---@return table? err
function M.check(sources)
  for i, source in ipairs(sources) do
    if type(source) ~= "table" then return wrong(i, "must be a table { type = …, … }") end
    local kind = TYPES[source.type]
    if not kind then
      local word = tostring(source.type)
      return wrong(i, ("unknown type '%s'; known: %s"):format(word,
        table.concat(tables.sorted_keys(TYPES), ", ")), suggest.did_you_mean(word, TYPES))
    end
    local ok, err = check_keys(i, source, kind)
    if ok then ok, err = check_needs(i, source, kind) end
    if not ok then return nil, err end
  end
  return true
end

-- --- opening ---------------------------------------------------------------------------------

local function encode(path)
  return (path:gsub("[^%w%-%._~/]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- Each returns the roots of a source, {dir, base, name?, tree?}, or nil, err.
local openers = {}

function openers.dir(source)
  if not fs.is_dir(source.path) then
    return nil, error_of.new { op = "source", code = "not_found",
      message = "no such folder: " .. source.path }
  end
  local root = fs.realpath(source.path)
  return { { dir = root, base = source.base_url or "file://" .. encode(root) } }
end

-- A branch, else a tag or commit. The clone's own branches stay where they were made.
local function checkout(repo, ref)
  if not ref then return true end
  local ok = repo:checkout("origin/" .. ref)
  if ok then return true end
  local err
  ok, err = repo:checkout(ref)
  return ok, err
end

local function clone(source, dir)
  local repo, err = require("std.git").clone { url = source.url, path = dir }
  local ok = repo
  if repo then ok, err = checkout(repo, source.ref) end
  if not ok then
    fs.remove(dir)
    return nil, err
  end
  return true
end

local function update(source, dir)
  local repo, err = require("std.git").open(dir)
  if not repo then return nil, err end
  local ok
  if source.ref then
    ok, err = repo:fetch()
    if ok ~= nil then ok, err = checkout(repo, source.ref) end
  else
    ok, err = repo:pull()
  end
  return ok ~= nil and ok or nil, err
end

-- What cannot be brought up to date (no network) is read as it was; what cannot even be opened,
-- or no longer fast-forwards, is cloned anew.
local function refresh(source, dir, options)
  local ok, err = update(source, dir)
  if ok then return true end
  if err.code == "network" or err.code == "timeout" or err.code == "http" then
    options.log:warn("source not updated, its last state is used",
      { url = source.url, error = tostring(err) })
    return true
  end
  local aside <close> = fs.tempdir(dir .. "-new-")
  if not aside then return nil, err end
  local fresh = fs.join(aside.path, "clone")
  ok, err = clone(source, fresh)
  if ok then ok, err = fs.remove(dir) end
  if ok then ok, err = fs.rename(fresh, dir) end
  return ok, err
end

local function is_local(url)
  return not url:find("^%a[%w+.-]*://") and not url:find("^[%w._-]+@")
end

function openers.git(source, options)
  local name = sha256.string(source.url .. "\0" .. (source.ref or "")):sub(1, 12)
  local dir = fs.join(options.workdir, "sources", name)
  local ok, err = true, nil
  if fs.exists(fs.join(dir, ".git")) then
    if not options.dry_run then ok, err = refresh(source, dir, options) end
  elseif options.dry_run then
    return nil, error_of.new { op = "source", code = "not_found",
      message = "would clone " .. source.url }
  else
    ok, err = fs.mkdir(fs.dirname(dir))
    if ok then ok, err = clone(source, dir) end
  end
  if not ok then return nil, error_of.wrap(err, "source " .. source.url) end
  local base = source.base_url or source.url:gsub("%.git/*$", "")
  if is_local(base) then base = "file://" .. encode(fs.absolute(base)) end
  return { { dir = fs.realpath(dir), base = base } }
end

local function would_ask(what)
  return nil, error_of.new { op = "source", code = "not_found", message = "would read " .. what }
end

function openers.github(source, options, note)
  if options.dry_run then return would_ask(note.source) end
  return github.roots(source, options, note)
end

function openers.registry(source, options, note)
  if options.dry_run then return would_ask(note.source) end
  return modules.roots(source, options, note)
end

-- --- contents --------------------------------------------------------------------------------

local SOURCE_TYPES = { serverless = "serverless", cdk = "cdk" }

local function source_type(source, candidate)
  if source.source_type then return source.source_type end
  if source.type == "registry" then return "terraform_registry" end
  return SOURCE_TYPES[candidate.format] or "github"
end

local function describe(candidate, source, root)
  local rel = candidate.rel
  candidate.source_url = rel == "." and root.base or root.base .. "/" .. encode(rel)
  candidate.source_type = source_type(source, candidate)
  candidate.name = rel == "." and (root.name or fs.basename(root.dir)) or rel
  candidate.digest = candidate.problem and "" or discover.digest(root.dir, candidate)
end

-- A template that was mined before and still lies there, but is none any more: cut off, emptied,
-- overwritten. Without this it would drop out without a word.
local function unrecognised(known, source, root, found)
  local seen, base = {}, root.base
  for _, candidate in ipairs(found) do seen[candidate.source_url] = true end
  for _, url in ipairs(tables.sorted_keys(known)) do
    local rel = url:sub(1, #base + 1) == base .. "/" and text_of.percent_decoded(url:sub(#base + 2))
    local path = rel and fs.join(root.dir, rel)
    if rel and not seen[url] and discover.is_selected(rel, source) and fs.is_file(path) then
      found[#found + 1] = { path = path, rel = rel, format = known[url].format,
        problem = "no template of a known kind any more" }
      describe(found[#found], source, root)
    end
  end
end

local function candidates_of(root, source, known, note)
  root.base = root.base:gsub("/+$", "")
  local found, left_out = discover.find(root.dir, { include = source.include,
    exclude = source.exclude, detect = normalize.detect })
  if not found then return nil, left_out end
  for _, one in ipairs(left_out) do
    note:skip(one.rel == "" and root.base or root.base .. "/" .. encode(one.rel), one.reason)
  end
  for _, candidate in ipairs(found) do describe(candidate, source, root) end
  unrecognised(known, source, root, found)
  if #found == 0 and root.tree then root.tree:forget() end
  return found
end

--- What a source is called in the report.
---@return string "github aws-samples"
function M.title(source)
  local kind = TYPES[source.type]
  for _, key in ipairs(kind.needs) do
    if source[key] then return source.type .. " " .. source[key] end
  end
  return source.type
end

--- Everything that a source holds. What of it could not be had is in the note.
---@param source table
---@param options {workdir: string, log: table, known: table, github: lsqm.GitHubApi, seen: table,
--- dry_run?: boolean}
---@param note table see std.mining.note
---@return table[] candidates
---@return table[] roots {dir, base}: the folders that they were looked for in
function M.expand(source, options, note)
  local all = {}
  local roots, err = openers[source.type](source, options, note)
  if not roots then
    note:problem(err)
    -- A limit is GitHub's ordinary answer to a large organisation: the next run goes on.
    note.unreached = not err.limit and err or nil
  end
  for _, root in ipairs(roots or {}) do
    local found
    found, err = candidates_of(root, source, options.known, note)
    if not found then note:problem(err) end
    table.move(found or {}, 1, #(found or {}), #all + 1, all)
  end
  return all, roots or {}
end

return M
