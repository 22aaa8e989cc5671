-- SPDX-License-Identifier: Apache-2.0
-- What the stages that run share: the configuration, one of its environments, a client for its
-- region, the folder of results.

local aws = require "std.aws"
local config_of = require "pipelines.aphex.model.config"
local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local fs = require "std.fs"
local suggest = require "std.suggest"

local M = {}

-- What the CDK and tests may know of AWS.
M.INHERIT = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
  "AWS_ENDPOINT_URL", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE" }

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

--- {config, environment, client, dir}; environment and client only with args.environment wanted.
---@param args table
---@param wants_environment boolean
---@return table|nil
---@return lsqm.Error|nil
function M.open(args, wants_environment)
  local config, err = config_of.read(args.file)
  if not config then return nil, err end
  local session = { config = config, dir = fs.absolute(fs.dirname(args.file)) }
  if not wants_environment then return session end
  session.environment, err = choose(config, args.environment)
  if not session.environment then return nil, err end
  local client
  client, err = M.client(session.environment.region)
  if not client then return nil, err end
  session.client = client
  return session
end

--- A client with the environment's credentials; AWS_ENDPOINT_URL leads to an emulator.
function M.client(region)
  local credentials, err = aws.credentials()
  if not credentials then return nil, err end
  return aws.client { region = region, credentials = credentials,
    endpoint = os.getenv "AWS_ENDPOINT_URL" }
end

local function word(name) return (name:gsub("[^%w._-]+", "-")) end

--- Writes a result; returns its path.
function M.keep(args, entity, value, ...)
  local parts = {}
  for i, part in ipairs { ... } do parts[i] = word(part) end
  local path = fs.join(args.results, table.concat(parts, "-") .. ".json")
  local ok, err = contracts.write(path, entity, value)
  if not ok then return nil, err end
  return path
end

return M
