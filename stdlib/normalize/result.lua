-- SPDX-License-Identifier: Apache-2.0
-- Records of normalising: what one input became, with its files written.
local archive = require "std.archive"
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local positions = require "std.normalize.positions"
local resolve = require "std.resolve"

local M = {}

local function record_of(job, status)
  return { input = job.input or job.path, format = job.format, status = status, slug = job.slug,
    resources = {}, unsupported = json.array {}, assumptions = json.array {},
    services = json.array {}, resource_count = 0, complexity = "none" }
end

---@param err any error value or text
function M.failed(job, err)
  local record = record_of(job, "failed")
  local is_table = type(err) == "table"
  record.error = { message = is_table and err.message or tostring(err),
    file = is_table and err.file or job.path, line = is_table and err.line or 1,
    col = is_table and err.col or 1 }
  return record
end

-- Sorted, with a fixed mode: the same content gives the same bytes.
local function entries_of(files)
  local entries = {}
  for _, name in ipairs(names.sorted_keys(files)) do
    entries[#entries + 1] = { path = name, data = files[name], mode = tonumber("755", 8) }
  end
  return entries
end

local function read_files(base, list)
  local files = {}
  for _, name in ipairs(list) do
    local data, err = fs.read(fs.join(base, name))
    if not data then return nil, err end
    files[name] = data
  end
  return files
end

local function write_package(path, content)
  if content.copy then return fs.copy(content.copy, path) end
  if content.base then
    local files, err = read_files(content.base, content.names)
    return files and archive.zip(path, entries_of(files)), err
  end
  return archive.zip(path, content.dir or entries_of(content.files))
end

local function write_files(job, converted)
  local ok, err = fs.mkdir(job.out)
  if not ok then return nil, err end
  for _, name in ipairs(names.sorted_keys(converted.files)) do
    local path = fs.join(job.out, name)
    fs.mkdir(fs.dirname(path))
    ok, err = fs.write(path, converted.files[name])
    if not ok then return nil, err end
  end
  for _, name in ipairs(names.sorted_keys(converted.copies or {})) do
    local path = fs.join(job.out, name)
    fs.mkdir(fs.dirname(path))
    ok, err = fs.copy(converted.copies[name], path)
    if not ok then return nil, err end
  end
  for _, name in ipairs(names.sorted_keys(converted.packages or {})) do
    local path = fs.join(job.out, name)
    fs.mkdir(fs.dirname(path))
    ok, err = write_package(path, converted.packages[name])
    if not ok then return nil, err end
  end
  return true
end

local function complexity(count, services)
  if count <= 5 and services <= 3 then return "low" end
  return count <= 20 and services <= 6 and "medium" or "high"
end

local function count_resources(record)
  local rules = resolve.load("weekly", "rules.services")
  local services = {}
  for _, addresses in pairs(record.resources) do
    for _, address in ipairs(addresses) do
      record.resource_count = record.resource_count + 1
      local service = rules.of_type(address:match("([%w_]+)%.[^.]+$") or "")
      if service then services[service] = true end
    end
  end
  record.services = json.array(names.sorted_keys(services))
  record.complexity = complexity(record.resource_count, #record.services)
end

local function array_values(map)
  for _, list in pairs(map) do json.array(list) end
  return map
end

---Writes the files of a conversion and describes it.
---@param job table {path, format, out, slug}
---@param converted table {files, packages, resources, unsupported, assumptions}
function M.finish(job, converted)
  local unsupported = converted.unsupported or {}
  local record = record_of(job, #unsupported == 0 and "normalized" or "unsupported")
  record.resources = array_values(converted.resources or {})
  positions.add(job, unsupported)
  record.unsupported = json.array(unsupported)
  record.assumptions = json.array(converted.assumptions or {})
  record.provider_aliases = converted.provider_aliases and json.array(converted.provider_aliases)
  count_resources(record)
  if record.status ~= "normalized" then return record end
  local ok, err = write_files(job, converted)
  if not ok then return M.failed(job, err) end
  record.out = job.out
  return record
end

return M
