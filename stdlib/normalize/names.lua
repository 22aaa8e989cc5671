-- SPDX-License-Identifier: Apache-2.0
-- Names: CamelCase to snake_case, Terraform identifiers, slugs.
local sha256 = require "std.sha256"

local M = {}

---"VPCGatewayAttachment" → "vpc_gateway_attachment"
---@param name string
---@return string
function M.snake(name)
  local s = name:gsub("(%u+)(%u%l)", "%1_%2"):gsub("([%l%d])(%u)", "%1_%2"):lower()
  s = s:gsub("ip_v(%d)", "ipv%1"):gsub("^i_pv(%d)", "ipv%1")
  return s
end

---A Terraform identifier for any text.
---@param name string
---@return string
function M.identifier(name)
  local s = M.snake(name):gsub("[^%w_]+", "_"):gsub("_+", "_"):gsub("^_", ""):gsub("_$", "")
  if not s:match("^%a") then s = "r_" .. s end
  return s
end

---@param taken table<string, boolean> names in use; the result is added
---@param wanted string
---@return string
function M.unique(taken, wanted)
  local name, n = wanted, 1
  while taken[name] do
    n = n + 1
    name = wanted .. "_" .. n
  end
  taken[name] = true
  return name
end

---A folder name that says where the input came from.
---@param path string
---@return string
function M.slug(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  local last = #parts > 0 and parts[#parts] or "input"
  local base = last:gsub("%.%w+$", "")
  local generic = { template = true, serverless = true, main = true, cloudformation = true,
    cdk = true, src = true, sam = true, example = true }
  if #parts > 1 and (generic[base:lower()] or #base < 4) then
    base = parts[#parts - 1] .. "-" .. base
  end
  local slug = base:lower():gsub("[^%w]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
  return slug == "" and "input" or slug:sub(1, 60)
end

---A name within a limit. What is cut off goes into a short sum, so that two names stay two.
---@param name string
---@param limit integer at least 12
---@return string
function M.short(name, limit)
  if #name <= limit then return name end
  return name:sub(1, limit - 9):gsub("%W+$", "") .. "-" .. sha256.string(name):sub(1, 8)
end

---A name of a stack as CloudFormation takes it, short enough for the names that begin with it.
---@param slug string
---@return string
function M.stack(slug)
  local name = slug:gsub("^[^%a]+", ""):sub(1, 32):gsub("%-+$", "")
  return name == "" and "stack" or name
end

function M.sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

return M
