-- SPDX-License-Identifier: Apache-2.0
-- A Serverless service while it becomes a template: what its parts add to, and the logical ids that
-- the framework gives (a service's `resources` refer to them).
local json = require "std.json"
local names = require "std.normalize.names"
local word_of = require("std.normalize.word").of

local Service = {}
Service.__index = Service

-- --- names -----------------------------------------------------------------------------------

local function upper_first(text) return text:sub(1, 1):upper() .. text:sub(2) end

---"hello-world" → "HelloDashworld"
function Service.normal(name)
  return upper_first((word_of(name):gsub("%-", "Dash"):gsub("_", "Underscore")))
end

---"my-topic.x" → "Mytopicx"
function Service.alnum(name) return upper_first((word_of(name):gsub("[^%w]", ""))) end

---"/users/{id}/x-y" → "UsersIdVarXDashy"
function Service.path_name(path)
  local out = {}
  for part in path:gmatch("[^/]+") do
    local text = part:lower():gsub("%-", "Dash"):gsub("{(.*)}", "%1Var"):gsub("[^%w]", "")
    out[#out + 1] = upper_first(text)
  end
  return table.concat(out)
end

---The words of a name, each with a capital: "application/json" → "ApplicationJson"
function Service.words(name)
  local out = {}
  for word in name:gsub("(%l)(%u)", "%1 %2"):gmatch("%w+") do out[#out + 1] = upper_first(word) end
  return table.concat(out)
end

---The name in an ARN or in a reference to one.
---@param value any text, or a CloudFormation function
---@return string
function Service.name_of(value)
  if type(value) == "string" then return (value:match("([^:/]+)$") or value) end
  if type(value) ~= "table" then return tostring(value) end
  local att, join = value["Fn::GetAtt"], value["Fn::Join"]
  if type(att) == "table" then return word_of(att[1]) end
  if type(att) == "string" then return att:match("^[^.]+") end
  if value.Ref then return word_of(value.Ref) end
  if type(join) == "table" and type(join[2]) == "table" then
    return Service.name_of(join[2][#join[2]])
  end
  local other = value["Fn::ImportValue"] or value["Fn::Sub"]
  if type(other) == "table" then other = other[1] end
  return other and Service.name_of(other) or "Value"
end

---Is it a CloudFormation function?
function Service.is_intrinsic(value)
  local key = type(value) == "table" and next(value)
  return key == "Ref" or type(key) == "string" and key:sub(1, 4) == "Fn::"
end

-- --- building --------------------------------------------------------------------------------

function Service.table_or_empty(value) return type(value) == "table" and value or {} end

---@param list any a list, one value, or nothing
function Service.list(value)
  if value == nil or type(value) == "userdata" then return {} end
  if type(value) ~= "table" or Service.is_intrinsic(value) then return { value } end
  return value
end

function Service.arn_of(id) return { ["Fn::GetAtt"] = { id, "Arn" } } end

---The ARN of a function as text: rights of its own role may not refer to it.
function Service.arn_text(fn, suffix)
  return { ["Fn::Sub"] = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    .. fn.function_name .. (suffix or "") }
end

function Service.join(...) return { ["Fn::Join"] = { "", { ... } } } end

Service.PARTITION = { Ref = "AWS::Partition" }
Service.REGION = { Ref = "AWS::Region" }
Service.ACCOUNT = { Ref = "AWS::AccountId" }

---What a JSON text property gets for a value.
function Service.json_text(value)
  if type(value) == "string" then return value end
  local text = json.encode(value)
  local refers = text:find('"Fn::', 1, true) or text:find('"Ref"', 1, true)
  if refers or text:find("\\u0001", 1, true) then
    return { ["Fn::ToJsonString"] = value }
  end
  return text
end

---Tags as a list of {Key, Value}, in the order of their names.
function Service.tag_list(...)
  local merged, list = {}, {}
  for _, tags in ipairs { ... } do
    for key, value in pairs(tags) do merged[key] = value end
  end
  for _, key in ipairs(names.sorted_keys(merged)) do
    list[#list + 1] = { Key = key, Value = merged[key] }
  end
  return #list > 0 and list or nil
end

function Service:refuse(id, property, reason)
  self.unsupported[#self.unsupported + 1] = { id = id, type = "serverless", property = property,
    reason = reason }
end

function Service:assume(text) self.assumptions[#self.assumptions + 1] = text end

---Adds a resource under a logical id.
---@return string id
function Service:add(id, kind, props, more)
  local resource = { Type = kind, Properties = props }
  for key, value in pairs(more or {}) do resource[key] = value end
  self.resources[id] = resource
  return id
end

function Service:output(id, description, value, condition)
  self.outputs[id] = { Description = description, Value = value, Condition = condition }
end

---Allows the shared role something.
function Service:allow(actions, resources, condition)
  self.statements[#self.statements + 1] = { Effect = "Allow", Action = actions,
    Resource = resources, Condition = condition }
end

---Lets the shared role read what a key encrypts; once for each key.
function Service:use_key(key)
  for _, known in ipairs(self.keys) do
    if known == key or json.encode(known) == json.encode(key) then return end
  end
  self.keys[#self.keys + 1] = key
end

---Names each key of a setting that is not known.
---@param known table<string, any>
function Service:check(id, what, value, known)
  for _, key in ipairs(names.sorted_keys(value)) do
    if known[key] == nil then self:refuse(id, tostring(key), what) end
  end
end

---"a b c" → {a = true, b = true, c = true}
function Service.set(words)
  local out = {}
  for word in words:gmatch("%S+") do out[word] = true end
  return out
end

---What calls a function: its alias where it has one.
function Service.target(fn)
  if not fn.alias then return Service.arn_of(fn.id) end
  return { ["Fn::Join"] = { ":", { Service.arn_of(fn.id), fn.alias } } }
end

---Attributes of a resource that calls a function: waits for its alias, shares its condition.
function Service.calls(fn, waits)
  local list = {}
  for _, id in ipairs(waits or {}) do list[#list + 1] = id end
  list[#list + 1] = fn.alias_id
  return { DependsOn = #list > 0 and list or nil, Condition = fn.definition.condition }
end

---Lets a service of AWS call a function.
---@return string id
function Service:permission(fn, suffix, principal, source, more)
  local props = { FunctionName = Service.target(fn), Action = "lambda:InvokeFunction",
    Principal = principal, SourceArn = source }
  for key, value in pairs(more or {}) do props[key] = value end
  return self:add(fn.normal .. "LambdaPermission" .. suffix, "AWS::Lambda::Permission", props,
    Service.calls(fn))
end

---The function that a name in the file means, or nil after naming it.
function Service:function_named(name, user)
  local fn = self.functions[name]
  if not fn then
    self:refuse(user, word_of(name), "a function that the service does not declare")
  end
  return fn
end

---The ARN that API Gateway calls for a function.
function Service.invocation_uri(target, alias)
  local parts = { "arn:", Service.PARTITION, ":apigateway:", Service.REGION,
    ":lambda:path/2015-03-31/functions/", target }
  if alias then parts[#parts + 1], parts[#parts + 2] = ":", alias end
  parts[#parts + 1] = "/invocations"
  return { ["Fn::Join"] = { "", parts } }
end

---@param document table resolved
---@param provider table
function Service.new(document, provider)
  local title = document.service
  title = word_of(type(title) == "table" and title.name or title)
  local stage = word_of(provider.stage or "dev")
  return setmetatable({ name = title, stage = stage, prefix = title .. "-" .. stage,
    provider = provider, unsupported = {}, assumptions = {}, resources = {}, outputs = {},
    statements = {}, functions = {}, order = {}, custom = Service.table_or_empty(document.custom),
    layers = Service.table_or_empty(document.layers) }, Service)
end

return Service
