-- SPDX-License-Identifier: Apache-2.0
-- What the rules of several services have in common.
local expr = require "std.normalize.expr"
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
      if not inner.schema.attrs.no_device then
        return self:unsupported(nil, "a device that is left out")
      end
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
  if type(value.Ref) == "string" then return value.Ref end
  return type(attribute) == "string" and attribute or nil
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

M.structures = values.structures

---Calls fn(key, item) for each entry of a map with free keys, in the order of the keys.
function M.entries(self, value, fn)
  if values.is_no_value(value) or not is_structure(self, value) then return end
  for _, key in ipairs(names.sorted_keys(value)) do
    self.scope:at(tostring(key), function() fn(tostring(key), value[key]) end)
  end
end

---Rules of a filter by the names of a bucket's objects.
function M.key_filter(self, value, body)
  M.structures(self, value, function(rule)
    local name = type(rule.Name) == "string" and rule.Name:lower() or ""
    if name == "prefix" or name == "suffix" then
      body:set("filter_" .. name, self:value(rule.Value))
    else
      self:unsupported(nil, "a filter that is neither prefix nor suffix")
    end
  end)
end

---Spec of the region that something is in: only the stack's own can be left out.
function M.own_region(self, value)
  local node = self:value(value)
  if node == expr.none or expr.text(node) == "data.aws_region.current.name" then
    return self.scope:drop(self.id, "Region", "it is the region of the stack")
  end
  self:unsupported(nil, "another region")
end

---Spec of a property that another entry of the same rule reads.
function M.elsewhere() end

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

---An IPv4 range by its network address, as EC2 keeps it: 192.168.1.7/24 is 192.168.1.0/24.
---@param range string
---@return string
function M.network_address(range)
  local a, b, c, d, bits = range:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)/(%d+)$")
  bits = tonumber(bits)
  if not bits or bits > 32 then return range end
  local number = (tonumber(a) << 24) | (tonumber(b) << 16) | (tonumber(c) << 8) | tonumber(d)
  number = number & ~((1 << (32 - bits)) - 1)
  return ("%d.%d.%d.%d/%d"):format(number >> 24 & 255, number >> 16 & 255, number >> 8 & 255,
    number & 255, bits)
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

---A map of structures as blocks that name their key: {NAME: {Definition: [...]}}.
---@param block string
---@param inner string the block inside that holds the structure
function M.keyed(block, inner)
  return values.structure(function(self, value, body)
    for _, key in ipairs(names.sorted_keys(value)) do
      local one = body:block(block)
      one:set("key", tostring(key))
      values.structure(function() self:map(value[key], {}, one:block(inner)) end)(self, value[key])
    end
  end)
end

---Tags given by the kind of what they are put on, where Terraform tags one kind.
---@param kind string
function M.tags_of(kind)
  return function(self, value, body)
    values.structures(self, value, function(item, test)
      if item.ResourceType ~= kind or test then
        return self:unsupported(nil, "tags of something else than a " .. kind)
      end
      self:map({ Tags = item.Tags }, {}, body)
    end)
  end
end

---A rule's build function for one resource in CloudFormation and one in Terraform for each item of
---a list. A list of structures gives their properties, a list of values the argument `item_specs`.
---@param list string the property that is the list
---@param type_name string
---@param common table specs of the other properties
---@param item_specs table|string
function M.each_item(list, type_name, common, item_specs)
  return function(self, props)
    local rest = {}
    for key, value in pairs(props) do if key ~= list then rest[key] = value end end
    values.each(self, props[list], function(item, test)
      local suffix = #self.blocks > 0 and tostring(#self.blocks + 1) or nil
      local body = self:block(type_name, suffix, test)
      self:map(rest, common, body)
      if type(item_specs) == "string" then return body:set(item_specs, self:value(item)) end
      values.structure(function() self:map(item, item_specs, body) end)(self, item)
    end)
    if #self.blocks == 0 then self:unsupported(list, "nothing in it") end
  end
end

---Properties of a search domain, OpenSearch's and Elasticsearch's alike.
function M.domain()
  local logs = values.structure(function(self, value, body)
    for _, name in ipairs(names.sorted_keys(value)) do
      local block = body:block("log_publishing_options")
      block:set("log_type", name)
      values.structure(function(_, log)
        self:map(log, { CloudWatchLogsLogGroupArn = "cloudwatch_log_group_arn" }, block)
      end)(self, value[name])
    end
  end)
  return {
    AccessPolicies = { to = "access_policies", json = true },
    AdvancedSecurityOptions = { to = "advanced_security_options",
      defaults = { enabled = "false" } },
    -- CloudFormation allows plain HTTP where nothing is said, Terraform does not.
    DomainEndpointOptions = { to = "domain_endpoint_options", set = { enforce_https = "false" } },
    EncryptionAtRestOptions = { to = "encrypt_at_rest" },
    NodeToNodeEncryptionOptions = { to = "node_to_node_encryption" },
    LogPublishingOptions = logs,
  }
end

return M
