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

local function is_structure(self, item)
  if type(item) == "table" and not values.is_intrinsic(item) then return true end
  self:unsupported(nil, "a structure known only at deploy time")
end

---Calls fn(item, test, i) for each structure of a list; see values.each.
function M.structures(self, value, fn)
  values.each(self, value, function(item, test, i)
    if is_structure(self, item) then fn(item, test, i) end
  end)
end

---Calls fn(key, item) for each entry of a map with free keys, in the order of the keys.
function M.entries(self, value, fn)
  if values.is_no_value(value) or not is_structure(self, value) then return end
  for _, key in ipairs(names.sorted_keys(value)) do
    self.scope:at(tostring(key), function() fn(tostring(key), value[key]) end)
  end
end

---Spec of a property that another entry of the same rule reads.
function M.elsewhere() end

---Specs for the same name in Terraform under another prefix.
---@param prefix string
---@param wanted table<string, string>
function M.under(prefix, wanted)
  local out = {}
  for key, name in pairs(wanted) do out[key] = prefix .. "." .. name end
  return out
end

return M
