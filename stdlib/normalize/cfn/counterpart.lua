-- SPDX-License-Identifier: Apache-2.0
-- The provider's names of CloudFormation's properties, where no rule says them.
local names = require "std.normalize.names"

local M = {}

local function singular(name)
  return name:match("^(.*)ies$") and name:match("^(.*)ies$") .. "y"
    or name:match("^(.*[sx])es$") or name:match("^(.*)s$")
end

local function squash(name) return (name:lower():gsub("[^%w]", "")) end

-- Names of a body without underscores and case: TargetGroupARNs, MemoryGiBPerVCpu and
-- CloudWatchLogs are cut into words in another way by the provider.
local function squashed_names(schema)
  local index = schema.squashed
  if index then return index end
  index = {}
  for _, group in ipairs { schema.blocks, schema.attrs } do
    for name in pairs(group) do index[squash(name)] = name end
  end
  schema.squashed = index
  return index
end

---The name that a property has in the provider's schema when no rule says another: QueueName of
---AWS::SQS::Queue is "name"; a list of blocks has a singular name in Terraform.
---@param key string property name
---@param schema {attrs: table, blocks: table}
---@param cfn_type string|nil
---@return string|nil
function M.of(key, schema, cfn_type)
  local snake = names.snake(key)
  if schema.attrs[snake] or schema.blocks[snake] then return snake end
  local index, wanted = squashed_names(schema), squash(key)
  if index[wanted] then return index[wanted] end
  local last = cfn_type and cfn_type:match("::(%w+)$")
  if last and #key > #last and key:sub(1, #last) == last then
    local short = index[squash(key:sub(#last + 1))]
    if short and short ~= "id" then return short end
  end
  local one = index[singular(wanted) or ""]
  return one and schema.blocks[one] and one or nil
end

return M
