-- SPDX-License-Identifier: Apache-2.0
-- What a job leaves and is kept with the run: reports that rules/artifacts.lua knows, its log and
-- summary, and what it uploads by name, which later jobs can download.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"
local resolve = require "std.resolve"
local sha256 = require "std.sha256"
local table_of = require "std.table"

local M = {}

local function fail(op, message, ...)
  error(error_of.new { op = op, code = "invalid", message = message:format(...) }, 0)
end

local must = require("pipelines.parity.engine.raise").must

local function rule_of(name)
  for _, rule in ipairs(assert(resolve.load("parity", "rules.artifacts"))) do
    if fs.match(rule[1], name) then return rule end
  end
  return nil
end

local function add(stage, path, type_name, format)
  table.insert(stage.artifacts, { stage_id = stage.id, type = type_name, path = path,
    size_bytes = must(fs.stat(path)).size, format = format ~= "" and format or "binary" })
end

-- Reports are texts that people read and pass on: no secret stands in them. What is built stays as
-- it is.
local function keep(job, from, to, rule)
  fs.mkdir(fs.dirname(to))
  if rule then
    must(fs.write(to, mask.text(must(fs.read(from)))))
    add(job.stage, to, rule.type, rule.format)
  else
    must(fs.copy(from, to))
    add(job.stage, to, "build_artifact", fs.ext(from):sub(2))
  end
end

local function is_new(job, name)
  if job.known[name] then return false end
  local ours, before = fs.join(job.workspace, name), fs.stat(fs.join(job.project, name))
  local now = must(fs.stat(ours))
  if now.type ~= "file" then return false end
  return not (before and before.size == now.size
    and sha256.file(fs.join(job.project, name)) == sha256.file(ours))
end

--- Keeps the reports. Files that were there before the job are none of it, unless it changed them.
function M.collect(job)
  for _, name in ipairs(fs.walk(job.workspace, { skip = { ".git", "node_modules" } }) or {}) do
    local rule = rule_of(name)
    if rule and is_new(job, name) then
      keep(job, fs.join(job.workspace, name), fs.join(job.artifacts_dir, name), rule)
    end
  end
end

--- Keeps a text of the runner's own.
function M.keep_text(job, name, text, format)
  fs.mkdir(job.artifacts_dir)
  local path = fs.join(job.artifacts_dir, name)
  if fs.write(path, mask.text(text)) then add(job.stage, path, "log_file", format) end
end

-- upload and download -----------------------------------------------------------------------------

-- A path of the workflow, which must be in the job's own folders: work, temp and home.
local function inside(job, op, given)
  local path = given:gsub("^~", function() return job.base_env.HOME end)
  path = fs.normalize(fs.join(job.workspace, path))
  if path ~= job.folder and path:sub(1, #job.folder + 1) ~= job.folder .. "/" then
    fail(op, "%s is outside of the job's folders", given)
  end
  return path
end

local function relative(job, path)
  return inside(job, "upload-artifact", path):sub(#job.folder + 2)
end

local function patterns_of(job, text)
  local wanted, unwanted = {}, {}
  for line in text:gmatch("[^\r\n]+") do
    line = line:match("^%s*(.-)%s*$")
    local negated = line:match("^!(.+)$")
    if negated then
      unwanted[#unwanted + 1] = relative(job, negated)
    elseif line ~= "" then
      wanted[#wanted + 1] = relative(job, line)
    end
  end
  return wanted, unwanted
end

local function fits(globs, name)
  for _, glob in ipairs(globs) do
    if fs.match(glob, name) or name:sub(1, #glob + 1) == glob .. "/"
      or fs.match(glob .. "/**", name) then
      return true
    end
  end
  return false
end

local function is_hidden(name) return ("/" .. name):find("/.", 1, true) ~= nil end

-- All files of the folders that the patterns speak of, as seen from the job's folder.
local function candidates(job, wanted)
  local tops, list = {}, {}
  for _, glob in ipairs(wanted) do tops[glob:match("^[^/]*")] = true end
  for top in pairs(tops) do
    for _, name in ipairs(fs.walk(fs.join(job.folder, top), { skip = { ".git" } }) or {}) do
      list[#list + 1] = fs.join(top, name)
    end
  end
  return list
end

local function files_of(job, with)
  local wanted, unwanted = patterns_of(job, with.path or "")
  local hidden = with["include-hidden-files"] == "true"
  return table_of.filter(candidates(job, wanted), function(name)
    return fits(wanted, name) and not fits(unwanted, name) and (hidden or not is_hidden(name))
  end), wanted
end

-- The folder that all of an upload has in common is not part of its names.
local function common_folder(job, wanted)
  local common
  for _, glob in ipairs(wanted) do
    local fixed = glob:match("^([^*?%[{]*)")
    if fixed ~= glob then fixed = fixed:match("^(.*)/[^/]*$") or "" end
    if fixed == glob and fs.is_file(fs.join(job.folder, glob)) then
      fixed = fixed:match("^(.*)/[^/]*$") or ""
    end
    fixed = fixed .. "/"
    while common and fixed:sub(1, #common) ~= common do
      common = common:match("^(.*/)[^/]*/$") or ""
    end
    common = common or fixed
  end
  return common == "/" and "" or common or ""
end

local function check_name(name)
  if name == "" or name == "." or name == ".." or name:find('[":<>|*?\r\n\\/%z]') then
    fail("upload-artifact", "'%s' cannot name an artifact", name)
  end
  return name
end

-- What is overwritten is no artifact of the job any more that uploaded it.
local function drop_rows(stage, folder)
  stage.artifacts = json.array(table_of.filter(stage.artifacts, function(one)
    return one.path:sub(1, #folder) ~= folder
  end))
end

local EMPTY <const> = { warn = "##[warning]no file fits: %s", ignore = "no file fits: %s" }

--- Keeps files under a name.
---@param with table<string, string> name, path, if-no-files-found, overwrite, include-hidden-files
---@return integer code
function M.upload(job, with)
  local name = check_name(with.name or "artifact")
  local files, wanted = files_of(job, with)
  if #files == 0 then
    local text = EMPTY[with["if-no-files-found"] or "warn"]
    if not text then fail("upload-artifact", "no file fits: %s", with.path or "") end
    job.log:line(text, with.path or "")
    return 0
  end
  local store, common = job.uploads, common_folder(job, wanted)
  if store.owner[name] and with.overwrite ~= "true" then
    fail("upload-artifact", "there is an artifact %s already", name)
  end
  local folder = fs.join(store.folder, name)
  if store.owner[name] then drop_rows(store.owner[name], folder .. "/") end
  must(fs.remove(folder))
  store.owner[name] = job.stage
  for _, file in ipairs(files) do
    local to = fs.join(folder, file:sub(1, #common) == common and file:sub(#common + 1) or file)
    keep(job, fs.join(job.folder, file), to, rule_of(file))
    job.known[file:match("^work/(.*)$") or file] = true
  end
  job.log:line("%d files are kept as %s", #files, name)
  return 0
end

--- Forgets what a job uploaded in an attempt that failed.
function M.forget(store, stage)
  for name, owner in pairs(store.owner) do
    if owner == stage then
      store.owner[name] = nil
      fs.remove(fs.join(store.folder, name))
    end
  end
end

local function names_for(store, with)
  if with.name and with.name ~= "" then
    if not store.owner[with.name] then
      fail("download-artifact", "no job of this run has uploaded %s", with.name)
    end
    return { with.name }, true
  end
  local list = {}
  for name in pairs(store.owner) do
    if not with.pattern or fs.match(with.pattern, name) then list[#list + 1] = name end
  end
  table.sort(list)
  return list, with["merge-multiple"] == "true"
end

--- Brings what earlier jobs uploaded.
---@param with table<string, string> name or pattern, path, merge-multiple
---@return integer code
function M.download(job, with, outputs)
  local names, flat = names_for(job.uploads, with)
  local target, count = inside(job, "download-artifact", with.path or ""), 0
  for _, name in ipairs(names) do
    local from = fs.join(job.uploads.folder, name)
    local to = flat and target or fs.join(target, name)
    for _, file in ipairs(fs.walk(from) or {}) do
      local path = fs.join(to, file)
      fs.mkdir(fs.dirname(path))
      must(fs.remove(path))
      must(fs.copy(fs.join(from, file), path))
      job.known[fs.relative(path, job.workspace)], count = true, count + 1
    end
  end
  outputs["download-path"] = target
  job.log:line("%d files of %s", count, #names > 0 and table.concat(names, ", ") or "no artifact")
  return 0
end

return M
