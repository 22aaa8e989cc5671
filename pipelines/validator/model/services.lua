-- SPDX-License-Identifier: Apache-2.0
-- KNOWN_AWS_SERVICES: the services of all resource types that the AWS provider has, named as
-- std.normalize names them.

local fs = require "std.fs"
local program = require "lsqm.program"
local resolve = require "std.resolve"

local M = {}

local known

--- name → true
---@return table<string, boolean>
function M.known()
  if known then return known end
  local names = assert(resolve.load("weekly", "rules.services"))
  local set = {}
  for line in assert(fs.read(program.share .. "/stdlib/normalize/aws.idx")):gmatch("[^\n]+") do
    local kind = line:match("^(aws_[%w_]+) ")
    local service = kind and names.of_type(kind)
    if service then set[service] = true end
  end
  known = set
  return set
end

--- Those of a list that are not known.
---@param list string[]
---@return string[]
function M.unknown(list)
  local out, set = {}, M.known()
  for _, name in ipairs(list) do
    if not set[name] then out[#out + 1] = name end
  end
  return out
end

return M
