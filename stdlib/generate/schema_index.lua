-- SPDX-License-Identifier: Apache-2.0
-- What the deployed state says of each resource type: the names of its attributes, from the
-- provider's schema. The same text for every architecture, so that it is cached with the system
-- prompt; tests that read attributes which do not exist are the most common broken ones.

local generate = require "std.generate"
local model = require "std.generate.model"
local provider = require "std.normalize.provider"

local M = {}

-- Every type has them, or no test reads them.
local DULL <const> = { id = true, tags = true, tags_all = true, timeouts = true,
  name_prefix = true, force_destroy = true, skip_destroy = true }

local function names_of(body)
  local names = {}
  for name in pairs(body.attrs) do
    if not DULL[name] then names[#names + 1] = name end
  end
  for name in pairs(body.blocks) do
    if not DULL[name] then names[#names + 1] = name .. "[]" end
  end
  table.sort(names)
  return names
end

local HEAD <const> = [[
The attributes of the resource types in the deployed state. Blocks, which are lists of objects
there, end in []. Every resource has id besides.

]]

--- One line per known type: `aws_sqs_queue: arn delay_seconds …`. Empty when none is known.
---@param types table<string, true>
---@return string
local function text_of(types)
  local lines = {}
  for name in pairs(types) do
    local body = provider.resource(name)
    if body then
      lines[#lines + 1] = ("%s: %s"):format(name, table.concat(names_of(body), " "))
    end
  end
  if #lines == 0 then return "" end
  table.sort(lines)
  return HEAD .. table.concat(lines, "\n")
end

--- The index of all types that some Terraform roots use together. Roots that cannot be read count
--- for nothing here: whoever generates for them says why.
---@param dirs string[]
---@return string
function M.of_roots(dirs)
  local types = {}
  for _, dir in ipairs(dirs) do
    local files = generate.read_dir(dir)
    local found = files and model.read(files)
    for _, resource in ipairs(found and found.resources or {}) do types[resource.type] = true end
  end
  return text_of(types)
end

return M
