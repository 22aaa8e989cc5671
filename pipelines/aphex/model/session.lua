-- SPDX-License-Identifier: Apache-2.0
-- What the stages that run share: the configuration, one of its environments, a client for its
-- region, the folder of results.

local aws = require "std.aws"
local config_of = require "pipelines.aphex.model.config"
local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local fs = require "std.fs"
local mask = require "std.mask"
local suggest = require "std.suggest"
local tables = require "std.table"
local uv = require "luv"

local M = {}

-- What the CDK and tests may know of AWS; a program's children get none of it unasked.
local AWS <const> = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
  "AWS_ENDPOINT_URL", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_STS_REGIONAL_ENDPOINTS", "AWS_CA_BUNDLE" }

M.FILE = { name = "file", kind = "positional", optional = true, default = "aphex-config.yaml",
  help = "Configuration (default: aphex-config.yaml)" }
M.ENVIRONMENT = { name = "--environment", kind = "option", short = "-e", metavar = "NAME",
  help = "Environment of the configuration (default: its only one)" }
M.RESULTS = { name = "--results", kind = "option", metavar = "DIR", default = "results",
  help = "Folder for the results (default: results)" }

--- Arguments of a stage: copies of the shared ones, and more.
function M.args(...)
  local list = {}
  for i, arg in ipairs { ... } do
    list[i] = {}
    for key, value in pairs(arg) do list[i][key] = value end
  end
  return list
end

local function usage(text, hint)
  return nil, error_of.new { op = "aphex", code = "usage", message = text, hint = hint }
end

local function choose(config, name)
  if not name and #config.environments == 1 then return config.environments[1] end
  local names = {}
  for i, one in ipairs(config.environments) do
    if one.name == name then return one end
    names[i] = one.name
  end
  if not name then return usage("--environment is needed: " .. table.concat(names, ", ")) end
  local near = suggest.did_you_mean(name, names)
  return usage(("there is no environment '%s'"):format(name), near
    and ("did you mean '%s'?"):format(near) or nil)
end

-- Values that no output may show.
local function hide_secrets()
  for name, value in pairs(uv.os_environ()) do
    if mask.is_secret_key(name) then mask.add(value) end
  end
end

--- {config, environment, dir}; environment only where it is wanted.
---@param args table
---@param wants_environment boolean
---@return table|nil
---@return lsqm.Error|nil
function M.open(args, wants_environment)
  hide_secrets()
  local config, err = config_of.read(args.file)
  if not config then return nil, err end
  local session = { config = config, dir = fs.absolute(fs.dirname(args.file)) }
  if not wants_environment then return session end
  session.environment, err = choose(config, args.environment)
  if not session.environment then return nil, err end
  return session
end

--- A client with the environment's credentials; AWS_ENDPOINT_URL leads to an emulator.
---@param region string
---@return lsqm.AwsClient|nil
---@return lsqm.Error|nil
function M.client(region)
  local endpoint = os.getenv "AWS_ENDPOINT_URL"
  local credentials, err = aws.credentials { region = region, endpoint = endpoint }
  if not credentials then return nil, err end
  return aws.client { region = region, credentials = credentials, endpoint = endpoint }
end

--- The variables of these names that are set.
---@param names string[]
---@return table<string, string>
function M.variables(names)
  local found = {}
  for _, name in ipairs(names) do found[name] = os.getenv(name) end
  return found
end

--- What commands of an environment see beside what every command does.
---@param environment table EnvironmentConfig
---@param names string[] further variables
---@return table<string, string>
function M.environment_variables(environment, names)
  local region = environment.region
  return tables.merge(M.variables(AWS), M.variables(names), { AWS_REGION = region,
    AWS_DEFAULT_REGION = region, CDK_DEFAULT_ACCOUNT = environment.account,
    CDK_DEFAULT_REGION = region, APHEX_ENVIRONMENT = environment.name })
end

-- Names of files; two names that differ stay different.
local function word(name)
  return (name:gsub("[^%w._-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- Writes a result; returns its path.
---@param args table
---@param entity string
---@param value table
---@param kind string "test"
---@param environment string|nil of which it is: "test-dev.json"
---@param stack string|nil of which it is: "deploy-dev/Network.json"
---@return string|nil
---@return lsqm.Error|nil
function M.keep(args, entity, value, kind, environment, stack)
  local name = kind .. (environment and "-" .. word(environment) or "")
    .. (stack and "/" .. word(stack) or "") .. ".json"
  local path = fs.join(args.results, name)
  local ok, err = contracts.write(path, entity, value)
  if not ok then return nil, err end
  return path
end

return M
