-- SPDX-License-Identifier: Apache-2.0
-- Reads terraform.tfstate (format version 4) directly: `terraform show` would start the provider
-- once more only to print what the file says.

local fs = require "std.fs"
local json = require "std.json"

local M = {}

local function address(resource, instance)
  local text = (resource.module and resource.module .. "." or "") .. resource.type .. "."
    .. resource.name
  local key = instance.index_key
  if key == nil or key == json.null then return text end
  if type(key) == "string" then return ("%s[%s]"):format(text, json.encode(key)) end
  return ("%s[%d]"):format(text, key)
end

local function add_resources(state, list)
  for _, resource in ipairs(state.resources or {}) do
    if resource.mode == "managed" then
      for _, instance in ipairs(resource.instances or {}) do
        list[#list + 1] = { address = address(resource, instance), type = resource.type,
          name = resource.name, values = instance.attributes or {} }
      end
    end
  end
end

--- What is deployed: managed resources as {address, type, name, values}, and the outputs' values
--- (sensitive ones masked). Empty when there is no state.
---@return {resources: table[], outputs: table}
function M.read(dir)
  local deployed = { resources = json.array {}, outputs = {} }
  local text = fs.read(fs.join(dir, "terraform.tfstate"))
  local state = text and json.decode(text)
  if type(state) ~= "table" then return deployed end
  add_resources(state, deployed.resources)
  for name, output in pairs(state.outputs or {}) do
    deployed.outputs[name] = output.sensitive and "(sensitive)" or output.value
  end
  return deployed
end

return M
