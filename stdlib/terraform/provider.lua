-- SPDX-License-Identifier: Apache-2.0
-- The aws provider's configuration for an emulator. Which endpoint names exist is asked of the
-- installed provider's own schema, once per version: a fixed list breaks at each release.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local tables = require "std.table"

local M = {}

M.FILE = "lsqm_provider.tf"

local ADDRESS = "/hashicorp/aws"

--- The version that deploys `dir`: the leased one, else what `init` chose; nil without an aws
--- provider.
---@param lease? lsqm.Lease
---@return string?
function M.version(dir, lease)
  if lease then return lease.version end
  local text = fs.read(fs.join(dir, ".terraform.lock.hcl")) or ""
  local block = text:match('provider "[^"]*' .. ADDRESS .. '" (%b{})')
  return block and block:match('version%s*=%s*"([^"]+)"')
end

local function from_schema(tool, dir, lease)
  local result, err = tool:run { args = { "providers", "schema", "-json" }, dir = dir,
    lease = lease }
  if not result then return nil, err end
  local answer = json.decode(result.stdout)
  for name, schema in pairs(type(answer) == "table" and answer.provider_schemas or {}) do
    if name:sub(-#ADDRESS) == ADDRESS then
      local endpoints = schema.provider.block.block_types.endpoints
      return tables.sorted_keys(endpoints.block.attributes)
    end
  end
  return nil, error_of.new { op = "terraform providers schema", code = "unavailable",
    message = "no schema of the aws provider: " .. result.stderr:sub(1, 300) }
end

--- Endpoint names of the provider that `dir` uses, or that is leased; kept in the cache by version.
--- A root without the aws provider has none.
---@param lease? lsqm.Lease
---@return string[]? names
function M.services(tool, dir, lease)
  local version = M.version(dir, lease)
  if not version then return {} end
  local path = fs.join(tool.cache, "provider", ("aws-%s-endpoints.json"):format(version))
  local text = fs.read(path)
  local names = text and json.decode(text)
  if type(names) == "table" and #names > 0 then return names end
  local err
  names, err = from_schema(tool, dir, lease)
  if not names then return nil, err end
  fs.mkdir(fs.dirname(path))
  fs.write(path, json.encode(names))
  return names
end

local function block(endpoint, services, alias)
  local lines = { 'provider "aws" {' }
  local function add(text) lines[#lines + 1] = "  " .. text end
  if alias then add(("alias = %q"):format(alias.name)) end
  add(("region = %q"):format(alias and alias.region or "us-east-1"))
  add 'access_key = "test"'
  add 'secret_key = "test"'
  for _, flag in ipairs { "skip_credentials_validation", "skip_metadata_api_check",
    "skip_region_validation", "s3_use_path_style" } do
    add(flag .. " = true")
  end
  add "endpoints {"
  for _, name in ipairs(services) do add(("  %s = %q"):format(name, endpoint)) end
  add "}"
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n")
end

--- Writes provider blocks that send every service to the endpoint.
---@param aliases? {name: string, region?: string}[]
function M.write(dir, endpoint, services, aliases)
  if #services == 0 then return true end
  local blocks = { block(endpoint, services) }
  for _, alias in ipairs(aliases or {}) do
    blocks[#blocks + 1] = block(endpoint, services, alias)
  end
  return fs.write(fs.join(dir, M.FILE), table.concat(blocks, "\n\n") .. "\n")
end

--- For tflocal, which adds endpoints to the provider blocks it finds.
function M.write_bare(dir, aliases)
  local blocks = { 'provider "aws" {\n  region = "us-east-1"\n}' }
  for _, alias in ipairs(aliases or {}) do
    blocks[#blocks + 1] = ('provider "aws" {\n  alias  = %q\n  region = %q\n}')
      :format(alias.name, alias.region or "us-east-1")
  end
  return fs.write(fs.join(dir, M.FILE), table.concat(blocks, "\n\n") .. "\n")
end

return M
