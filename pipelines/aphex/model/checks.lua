-- SPDX-License-Identifier: Apache-2.0
-- What must hold before anything is deployed: the account behind the credentials, keys in cdk.json,
-- programs that answer. Each gives {ok =, what =, message =}.

local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local stacks = require "pipelines.aphex.model.stacks"
local xml = require "std.xml"

local M = {}

local SECONDS <const> = 20

local function verdict(ok, what, message) return { ok = ok, what = what, message = message } end

--- Do the credentials belong to the environment's account? Asks STS.
---@param client lsqm.AwsClient
---@param account string
function M.credentials(client, account)
  local answer, err = client:query("sts", "GetCallerIdentity", {}, true)
  local element = answer and xml.find(answer, "GetCallerIdentityResult")
  local own = element and xml.text(element, "Account")
  if not own then
    return verdict(false, "credentials", err and tostring(err) or "STS names no account")
  end
  return verdict(own == account, "credentials", own == account and "account " .. own
    or ("they belong to account %s, the environment is %s"):format(own, account))
end

--- May the credentials ask CloudFormation for the environment's stacks, as a deployment does first?
--- A stack that is not there yet is no refusal.
---@param client lsqm.AwsClient
---@param list {name: string}[] StackConfig
function M.permissions(client, list)
  for _, stack in ipairs(list) do
    local known, err = stacks.describe(client, stack.name)
    if not known and err.code ~= "not_found" then
      return verdict(false, "permissions", tostring(err))
    end
  end
  return verdict(true, "permissions", ("cloudformation:DescribeStacks of %d stacks"):format(#list))
end

local function is_empty(value)
  return value == nil or value == json.null or value == ""
    or (type(value) == "table" and next(value) == nil)
end

--- Has cdk.json a value for each key?
---@param dir string
---@param keys string[]
function M.context(dir, keys)
  if #keys == 0 then return verdict(true, "context", "nothing is required") end
  local document, err = json.read(fs.join(dir, "cdk.json"))
  if type(document) ~= "table" then
    return verdict(false, "context", err and tostring(err) or "cdk.json is no object")
  end
  local missing, context = {}, document.context
  for _, key in ipairs(keys) do
    if type(context) ~= "table" or is_empty(context[key]) then missing[#missing + 1] = key end
  end
  return verdict(#missing == 0, "context", #missing == 0 and #keys .. " keys"
    or "cdk.json has no value for " .. table.concat(missing, ", "))
end

--- Does the program answer to --version or -v?
---@param name string
function M.tool(name)
  if not process.which(name) then return verdict(false, name, "it is not on PATH") end
  for _, flag in ipairs { "--version", "-v" } do
    local result = process.run { argv = { name, flag }, timeout = SECONDS, inherit = { "HOME" },
      max_output = 4096 }
    if result and result.code == 0 then
      local line = (result.stdout .. result.stderr):match "[^\n]+" or ""
      return verdict(true, name, line:sub(1, 80))
    end
  end
  return verdict(false, name, "it answers neither to --version nor to -v")
end

return M
