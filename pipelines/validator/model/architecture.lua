-- SPDX-License-Identifier: Apache-2.0
-- Architectures on disk, cache/architectures/{id}/, and their lifecycle (rules/lifecycle.lua).

local error_of = require "std.error"
local fs = require "std.fs"
local hcl = require "std.hcl"
local place_of = require "pipelines.validator.model.place"
local resolve = require "std.resolve"
local services = require "pipelines.validator.model.services"
local sha256 = require "std.sha256"
local tables = require "std.table"
local time = require "std.time"

local M = {}

local TEXTS <const> = { terraform_content = "main.tf", variables_content = "variables.tf",
  outputs_content = "outputs.tf" }
local MAX_SLUG <const> = 100

--- "templates/My Stack.yaml" → "templates-my-stack-yaml"; "." is "root".
---@param path string within its source
function M.slug(path)
  local slug = path:lower():gsub("[^a-z0-9]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
  if slug == "" then return "root" end
  if #slug <= MAX_SLUG then return slug end
  return slug:sub(1, MAX_SLUG) .. "-" .. sha256.string(path):sub(1, 8)
end

--- A new record, pending. Two paths with the same slug stay two architectures.
---@param source table TemplateSource
---@param path string
---@param options {kind: string, digest: string|nil, taken: table<string, string>} id → path
function M.new(source, path, options)
  local id = source.id .. "/" .. M.slug(path)
  local other = options.taken[id]
  if other and other ~= path then id = id .. "-" .. sha256.string(path):sub(1, 8) end
  options.taken[id] = path
  local now = time.iso()
  return { id = id, source_id = source.id, template_path = path, source_type = options.kind,
    status = "pending", terraform_content = "", content_hash = "", created_at = now,
    updated_at = now, template_digest = options.digest }
end

--- Moves on. What the lifecycle does not have raises: it is our mistake, never the template's.
---@param arch table
---@param status string
---@param reason string|nil why it failed
function M.move(arch, status, reason)
  local allowed = assert(resolve.load("validator", "rules.lifecycle"))[arch.status]
  if not allowed or not allowed[status] then
    error(("%s: %s cannot become %s"):format(arch.id, tostring(arch.status), tostring(status)), 2)
  end
  arch.status, arch.updated_at = status, time.iso()
  arch.status_reason = reason and reason:find("%S") and reason:sub(1, 2000) or nil
  return arch
end

--- Why the texts of an architecture are no valid HCL, with file and line.
---@param arch table
---@return string|nil
function M.hcl_problem(arch)
  for key, file in pairs(TEXTS) do
    local parsed, err = hcl.parse(arch[key] or "", { file = file })
    if not parsed then return tostring(err) end
  end
  return nil
end

-- What a schema cannot say.
local function problem_of(arch)
  local unknown = arch.metadata and services.unknown(arch.metadata.services) or {}
  if #unknown > 0 then return "services that AWS does not have: " .. table.concat(unknown, ", ") end
  if arch.terraform_content ~= "" and
    sha256.string(arch.terraform_content) ~= arch.content_hash then
    return "content_hash is not that of terraform_content"
  end
  if arch.id:match("^[^/]+") ~= arch.source_id then return "id does not begin with source_id" end
  return M.hcl_problem(arch)
end

--- Does the record keep its schema and the document's rules?
---@return boolean|nil
---@return lsqm.Error|nil
function M.check(arch)
  local ok, err = place_of.contracts.check("architecture", arch)
  if not ok then return nil, err end
  local problem = problem_of(arch)
  if not problem then return true end
  return nil, error_of.new { op = "architecture " .. arch.id, code = "invalid", message = problem }
end

--- Writes a record and its texts. One that breaks a rule raises.
---@return boolean|nil
---@return lsqm.Error|nil
function M.save(place, arch)
  local ok, err = M.check(arch)
  if not ok then error(err, 2) end
  local dir, record = place:arch_dir(arch.id), {}
  for key, value in pairs(arch) do
    if not TEXTS[key] then record[key] = value end
  end
  ok, err = fs.mkdir(dir)
  for key, file in pairs(TEXTS) do
    local text = arch[key]
    if ok and text and text ~= "" then
      ok, err = fs.write(fs.join(dir, file), text)
    elseif ok then
      ok, err = fs.remove(fs.join(dir, file))
    end
  end
  if not ok then return nil, err end
  return place:write(fs.join(dir, "metadata.json"), "architecture_file", record)
end

--- One architecture with its texts.
---@return table|nil
---@return lsqm.Error|nil
function M.load(place, id)
  local dir = place:arch_dir(id)
  local arch, err = place:read(fs.join(dir, "metadata.json"), "architecture_file")
  if not arch then return nil, err end
  for key, file in pairs(TEXTS) do arch[key] = fs.read(fs.join(dir, file)) end
  arch.terraform_content = arch.terraform_content or ""
  return arch
end

local function folders(dir)
  return tables.filter(fs.is_dir(dir) and fs.list(dir) or {},
    function(entry) return entry.type == "dir" end)
end

--- All architectures by id, sorted. One that cannot be read is told of and left out: `mine` makes
--- it anew.
---@param log table
---@return table[]
function M.all(place, log)
  local list, base = {}, place:path("cache", "architectures")
  for _, source in ipairs(folders(base)) do
    for _, entry in ipairs(folders(fs.join(base, source.name))) do
      local arch, err = M.load(place, source.name .. "/" .. entry.name)
      if not arch then
        log:error("architecture left out, mine makes it anew", { error = tostring(err) })
      end
      list[#list + 1] = arch
    end
  end
  return list
end

-- Every .tf file at the top of a root is part of main.tf, but for variables.tf and outputs.tf.
local function texts_of(dir)
  local keys, main, texts = {}, {}, {}
  for key, file in pairs(TEXTS) do keys[file] = key end
  for _, entry in ipairs(fs.list(dir)) do
    if entry.name:find("%.tf$") then
      local text, key = assert(fs.read(fs.join(dir, entry.name))), keys[entry.name]
      if key and key ~= "terraform_content" then texts[key] = text else table.insert(main, text) end
    end
  end
  texts.terraform_content = table.concat(main, "\n")
  return texts
end

--- Takes over a converted root: its texts become the record's; what lies beside them stays as it
--- is.
---@param dir string the converted root
---@param metadata table ArchitectureMetadata
---@return boolean|nil taken false, and why, where it is no valid HCL
---@return lsqm.Error|string|nil
function M.take_root(place, arch, dir, metadata)
  local texts = texts_of(dir)
  local problem = M.hcl_problem(texts)
  if problem then return false, problem end
  local target = place:arch_dir(arch.id)
  local ok, err = fs.remove(target)
  if ok then ok, err = fs.mkdir(fs.dirname(target)) end
  if ok then ok, err = fs.copy(dir, target) end
  if not ok then return nil, err end
  for _, entry in ipairs(fs.list(dir)) do
    if entry.name:find("%.tf$") then fs.remove(fs.join(target, entry.name)) end
  end
  for key, text in pairs(texts) do arch[key] = text end
  arch.content_hash = sha256.string(arch.terraform_content)
  arch.metadata = tables.deep_copy(metadata)
  return true
end

return M
