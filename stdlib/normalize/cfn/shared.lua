-- SPDX-License-Identifier: Apache-2.0
-- What the rules of several services have in common.
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local M = {}

---Block device mappings of a machine: Terraform knows EBS volumes and others apart.
function M.block_devices(self, value, body)
  values.each(self, value, function(item, test)
    if type(item) ~= "table" or values.is_intrinsic(item) then
      return self:unsupported(nil, "a device known only at deploy time")
    end
    local block = body:block(item.Ebs and "ebs_block_device" or "ephemeral_block_device", test)
    self:map(item, { Ebs = { inline = true }, NoDevice = function(_, no_device, inner)
      inner:set("no_device", type(no_device) == "table" or self:value(no_device))
    end }, block)
  end)
end

---The logical id that a template value refers to when it is a plain Ref or GetAtt.
---@return string|nil
function M.logical_id(value)
  if type(value) ~= "table" then return nil end
  local attribute = value["Fn::GetAtt"]
  if type(attribute) == "table" then attribute = attribute[1] end
  if type(attribute) == "string" then attribute = attribute:match("^[^.]+") end
  return type(value.Ref) == "string" and value.Ref or attribute
end

---The resource of the template that a value refers to, when it has this type.
---@return string|nil id, table|nil properties
function M.resource_of(self, value, cfn_type)
  local id = M.logical_id(value)
  local target = id and self.scope.resources[id]
  if not target or target.cfn_type ~= cfn_type then return nil end
  local props = self.scope.template.Resources[id].Properties
  return id, type(props) == "table" and props or {}
end

---A map of parameters as blocks of a name and a value. `method`: when a change of a database's
---parameter applies; after a restart suits every parameter.
---@param block string
---@param method string|nil
function M.parameters(block, method)
  local function write(self, value, body, test)
    if values.is_no_value(value) then return end
    local arms = values.if_arms(value)
    if arms then
      local condition = self.scope:condition(arms[1])
      local both = test and test .. " && " or ""
      write(self, arms[2], body, both .. condition)
      return write(self, arms[3], body, both .. "!" .. condition)
    end
    if type(value) ~= "table" or values.is_intrinsic(value) then
      return self:unsupported(nil, "a structure known only at deploy time")
    end
    for _, name in ipairs(names.sorted_keys(value)) do
      local item = not values.is_no_value(value[name]) and body:block(block, test)
      if item then
        item:set("name", tostring(name))
        item:set("value", self:value(value[name]))
        item:set("apply_method", method)
      end
    end
  end
  return function(self, value, body) write(self, value, body) end
end

---The attributes of a resource in one string, as CloudFormation's compound ids.
---@param separator string
---@param ... string attributes
function M.compound(separator, ...)
  local attributes = { ... }
  return function(target, address)
    local parts = {}
    for i, name in ipairs(attributes) do parts[i] = "${" .. address(target, name) .. "}" end
    return '"' .. table.concat(parts, separator) .. '"'
  end
end

---Specs that leave each of these properties out for one reason.
---@param reason string
---@param list string names, separated by blanks
---@param specs table<string, any>
function M.without(reason, list, specs)
  for name in list:gmatch("%S+") do specs[name] = { drop = reason } end
  return specs
end

---Specs for the same name in Terraform under another prefix.
---@param arguments table<string, string>
---@param prefix string
function M.under(prefix, arguments)
  local out = {}
  for key, name in pairs(arguments) do out[key] = prefix .. "." .. name end
  return out
end

return M
