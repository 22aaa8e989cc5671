-- SPDX-License-Identifier: Apache-2.0
-- Nested stacks: a template beside the first one becomes a module of the root. Its parameters are
-- the module's inputs, its outputs the module's outputs.
local document = require "std.normalize.document"
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local nearby = require "std.normalize.nearby"
local positions = require "std.normalize.positions"

local M = { TYPE = "AWS::CloudFormation::Stack" }

local MAX_DEPTH = 8

local PROPERTIES = { TemplateURL = true, Parameters = true }
local LEFT_OUT = { TimeoutInMinutes = "it says how long CloudFormation waits",
  NotificationARNs = "they hear of CloudFormation's own events",
  Tags = "Terraform gives tags to resources, not to stacks" }

local function refuse(scope, id, property, reason)
  scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = M.TYPE,
    property = property, reason = reason }
end

-- The CDK says where the file of a nested stack is.
local function address_of(scope, resource)
  local metadata = type(resource.Metadata) == "table" and resource.Metadata or {}
  local asset = metadata["aws:asset:path"]
  if type(asset) == "string" then return asset end
  return nearby.text(resource.Properties.TemplateURL, scope.template)
end

local function child_job(scope, id, path)
  local job = scope.job
  local chain = table.move(job.chain or { job.path }, 1, MAX_DEPTH, 1, {})
  for _, before in ipairs(chain) do
    if before == path then return nil, chain end
  end
  chain[#chain + 1] = path
  return { path = path, root = nearby.root(job), slug = scope.stack_name .. "-" .. id,
    chain = chain, format = "cfn" }
end

local function circular(scope, id, chain)
  local line, col = positions.find(scope.job, { id = id, type = M.TYPE, property = "TemplateURL" })
  local parts = {}
  for i, path in ipairs(chain) do parts[i] = path:match("[^/]+$") end
  scope.problem = document.invalid(scope.job, "nested stacks in a circle: "
    .. table.concat(parts, " -> ") .. " -> " .. parts[1], { line = line, col = col })
end

-- What the child says about itself, under the name of the stack.
local function take_over(scope, id, job, converted)
  positions.add(job, converted.unsupported)
  for _, entry in ipairs(converted.unsupported) do
    entry.id = id .. "." .. tostring(entry.id or "")
    scope.unsupported_list[#scope.unsupported_list + 1] = entry
  end
  for _, text in ipairs(converted.assumptions or {}) do
    local import = text:match("^import (.-): variable ")
    if not scope.linked[import] then scope:assume(id .. ": " .. text) end
  end
end

local function given(properties)
  local set = {}
  for name in pairs(type(properties.Parameters) == "table" and properties.Parameters or {}) do
    set[name] = true
  end
  return set
end

---Converts the template of a nested stack. The target gets `module` with what became of it, or
---the reason is noted.
---@param scope table of the outer template
---@param id string
---@param resource table
---@param open fun(job: table, options: table): table|nil, table|nil converts a job's template
function M.declare(scope, id, resource, open)
  local target = { cfn_type = M.TYPE, condition = resource.Condition }
  scope.resources[id] = target
  local properties = type(resource.Properties) == "table" and resource.Properties or {}
  resource.Properties = properties
  local text = address_of(scope, resource)
  local path = nearby.find(scope.job, text)
  if not path then
    return refuse(scope, id, "TemplateURL", "missing file " .. nearby.name(text))
  end
  local job, chain = child_job(scope, id, path)
  if not job then return circular(scope, id, chain) end
  if #job.chain >= MAX_DEPTH then
    return refuse(scope, id, "TemplateURL", "stacks are nested too deeply")
  end
  local converted, err = open(job, { given = given(properties) })
  if not converted then
    scope.problem = scope.problem or err
    return
  end
  take_over(scope, id, job, converted)
  if #converted.unsupported > 0 then return end
  target.label = names.unique(scope.labels, names.identifier(id))
  target.module = converted
end

-- --- the module ----------------------------------------------------------------------------------

-- A list goes as it is to a list, as text to text.
local function fitted(node, variable)
  local is_list = type(node) == "table" and (node.k == "list" or node.t == "list")
  local wants_list = variable.type:find("^list") ~= nil
  if wants_list and not is_list then
    return expr.raw(('split(",", %s)'):format(expr.text(node)), "list")
  end
  if is_list and not wants_list then
    return expr.raw(('join(",", %s)'):format(expr.text(node)), "string")
  end
  return node
end

local function inputs(scope, id, module, properties, eval)
  local out = {}
  local parameters = type(properties.Parameters) == "table" and properties.Parameters or {}
  for _, name in ipairs(names.sorted_keys(parameters)) do
    local variable = module.variables[name]
    if not variable then
      refuse(scope, id, "Parameters." .. name, "the nested template has no such parameter")
    else
      local node = scope:at("Parameters." .. name, function()
        return eval(parameters[name], scope)
      end)
      if node ~= expr.none then
        out[#out + 1] = { name = variable.name, text = expr.text(fitted(node, variable), 1) }
      end
    end
  end
  for _, label in ipairs(names.sorted_keys(module.imports)) do
    if scope.linked[module.imports[label]] then
      out[#out + 1] = { name = label, text = expr.text(scope:import(module.imports[label])) }
    end
  end
  return out
end

local function addresses(label, module)
  local list = {}
  for _, id in ipairs(names.sorted_keys(module.resources)) do
    for _, address in ipairs(module.resources[id]) do
      list[#list + 1] = "module." .. label .. "." .. address
    end
  end
  return list
end

---The block of a nested stack.
---@return table like std.normalize.cfn.resource's: blocks, addresses; module; depend
function M.convert(scope, id, resource, eval)
  local target = scope.resources[id]
  local properties = resource.Properties
  scope.current_id, scope.current_type = id, M.TYPE
  for _, key in ipairs(names.sorted_keys(properties)) do
    if LEFT_OUT[key] then
      scope:assume(("%s.%s is left out: %s"):format(id, key, LEFT_OUT[key]))
    elseif not PROPERTIES[key] then
      scope:unsupported(tostring(key), "property of a nested stack")
    end
  end
  local block = { label = target.label, count = target.count, secrets = target.module.secrets,
    inputs = inputs(scope, id, target.module, properties, eval) }
  scope.current_id, scope.current_type = nil, nil
  for _, kind in ipairs { "files", "packages" } do
    for name, content in pairs(target.module[kind]) do
      scope[kind][("modules/%s/%s"):format(target.label, name)] = content
    end
  end
  return { blocks = {}, module = block, addresses = addresses(target.label, target.module),
    depend = { "module." .. target.label } }
end

---Node for GetAtt of a nested stack.
function M.attribute(scope, target, name)
  local output = name:match("^Outputs%.(.+)$")
  local label = output and target.module.outputs[output]
  if not label then
    scope:unsupported(nil, ("the nested template has no output %s"):format(output or name))
    return expr.none
  end
  local address = ("module.%s%s.%s"):format(target.label, target.count and "[*]" or "", label)
  return expr.raw(target.count and "one(" .. address .. ")" or address, "string")
end

return M
