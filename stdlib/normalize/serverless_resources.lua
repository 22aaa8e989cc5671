-- SPDX-License-Identifier: Apache-2.0
-- The `resources` section of a Serverless service, merged into what the functions made.
local Service = require "std.normalize.serverless_service"
local names = require "std.normalize.names"

local M = {}

local table_or_empty = Service.table_or_empty

local SECTIONS = { "Resources", "Outputs", "Conditions", "Mappings", "Parameters", "Metadata" }
local KNOWN = Service.set [[Resources Outputs Conditions Mappings Parameters Metadata extensions
  Description AWSTemplateFormatVersion Transform]]

local function parts_of(section)
  section = table_or_empty(section)
  return #section > 0 and section or { section }
end

local function is_null(value) return value == nil or type(value) == "userdata" end

---Merges deeply into a copy; lists by their places, as the framework does.
function M.merged(to, from)
  if type(to) ~= "table" or type(from) ~= "table" or Service.is_intrinsic(from)
    or Service.is_intrinsic(to) then
    return from
  end
  local out = setmetatable({}, getmetatable(from))
  for key, value in pairs(to) do out[key] = value end
  for key, value in pairs(from) do
    if not is_null(value) then out[key] = M.merged(out[key], value) end
  end
  return out
end

---The resources that the section declares.
---@return table<string, table>
function M.declared(section)
  local out = {}
  for _, part in ipairs(parts_of(section)) do
    for id, resource in pairs(table_or_empty(table_or_empty(part).Resources)) do
      if type(resource) == "table" then out[id] = M.merged(out[id] or {}, resource) end
    end
  end
  return out
end

---A resource of the section to which an event adds something.
---@return table resource a copy that takes its place
function Service:own_part(id)
  self.taken = self.taken or {}
  if not self.taken[id] then
    local resource = M.merged({}, self.declared[id])
    resource.Properties = M.merged({}, table_or_empty(resource.Properties))
    if type(resource.Properties.LambdaConfig) == "table" then
      resource.Properties.LambdaConfig = M.merged({}, resource.Properties.LambdaConfig)
    end
    self.resources[id], self.taken[id] = resource, true
  end
  return self.resources[id]
end

local APPENDED = Service.set "DependsOn"

-- An extension merges into a resource that the functions made.
local function extend(service, template, id, extension)
  local resource = template.Resources[id]
  if not resource then
    return service:refuse("extensions", id, "a resource that the service does not make")
  end
  for _, key in ipairs(names.sorted_keys(table_or_empty(extension))) do
    if APPENDED[key] then
      local list = {}
      for _, value in ipairs { Service.list(resource[key]), Service.list(extension[key]) } do
        for _, item in ipairs(value) do list[#list + 1] = item end
      end
      resource[key] = list
    else
      resource[key] = M.merged(resource[key], extension[key])
    end
  end
end

local function merge_part(service, template, part)
  for _, section in ipairs(SECTIONS) do
    for id, value in pairs(table_or_empty(part[section])) do
      local taken = section == "Resources" and service.taken and service.taken[id]
      if not taken and not is_null(value) then
        template[section] = template[section] or {}
        template[section][id] = M.merged(template[section][id], value)
      end
    end
  end
  if part.Transform then template.Transform = part.Transform end
  for _, key in ipairs(names.sorted_keys(part)) do
    if not KNOWN[key] then service:refuse("resources", tostring(key), "section of the template") end
  end
end

---The template of a service whose functions are added.
function M.merge(service, section)
  local template = { Resources = service.resources, Outputs = service.outputs }
  for _, part in ipairs(parts_of(section)) do
    if type(part) == "table" then merge_part(service, template, part) end
  end
  for _, part in ipairs(parts_of(section)) do
    for id, extension in pairs(table_or_empty(table_or_empty(part).extensions)) do
      extend(service, template, id, extension)
    end
  end
  return template
end

---"#{AWS::Region}" and "#{Name}" as references (serverless-pseudo-parameters).
function M.pseudo(value)
  if type(value) == "string" then return (value:gsub("#{([%w:.]+)}", "\1%1\2")) end
  if type(value) ~= "table" then return value end
  local out = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do out[key] = M.pseudo(item) end
  return out
end

return M
