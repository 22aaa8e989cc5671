-- SPDX-License-Identifier: Apache-2.0
-- The values of Serverless variables. A value that exists only where a service is deployed
-- (${aws:region}, ${ssm:…}) is kept as a mark in the text until finish() makes a reference of it;
-- one that only the author's machine knows (${env:…}) gets a stand-in, which is listed.
local error_of = require "std.error"
local files = require "std.normalize.serverless_files"
local names = require "std.normalize.names"
local params = require "std.normalize.cfn.params"
local text = require "std.normalize.serverless_text"
local yaml = require "std.yaml"

local M = {}

-- Limits of what one document may expand to.
local MAX_BYTES <const>, MAX_STEPS <const>, MAX_DEPTH <const> = 8 << 20, 200000, 150

-- Options nobody gives here: what stands for them where a document says nothing itself.
local DEFAULTS = { stage = "dev", region = "us-east-1" }

local State = {}
State.__index = State

local function fail(state, message)
  error(error_of.new { op = "normalize serverless", code = "invalid", file = state.path,
    line = state.line or 1, col = state.col or 1, message = message }, 0)
end

local function is_null(value) return value == nil or value == yaml.null end

function State:refuse(property, reason)
  local key = property .. "\0" .. reason
  if self.seen[key] then return end
  self.seen[key] = true
  self.unsupported[#self.unsupported + 1] = { id = "variables", type = "serverless",
    property = property, reason = reason }
end

function State:assume(line)
  if self.seen[line] then return end
  self.seen[line] = true
  self.assumptions[#self.assumptions + 1] = line
end

local function mark(name) return "\1" .. name .. "\2" end

-- --- stand-ins ---------------------------------------------------------------------------------

-- Two names never get the same text unless their kind asks for a certain form.
local function stand_in(name)
  local value = params.stand_in(name, {})
  if value ~= "lsqm" and value ~= "lsqm-bucket" then return value end
  return "lsqm-" .. (names.snake(name):gsub("[^%w]+", "-"):gsub("^%-", ""):gsub("%-$", ""))
end

local function not_given(what)
  return function(state, term)
    local value = stand_in(term.address)
    state:assume(("%s %s is not given: '%s' stands for it"):format(what, term.address, value))
    return value
  end
end

-- A value that another stack, parameter or bucket holds becomes a parameter of the template.
local function elsewhere(kind, label)
  return function(state, term)
    local address = term.address:gsub("~%a+$", "")
    local name = label
    for word in address:gmatch("%w+") do name = name .. word:sub(1, 1):upper() .. word:sub(2) end
    if not state.parameters[name] then
      local default = stand_in(address:match("([^/.]+)/?$") or address)
      state.parameters[name] = { Type = "String", Default = default,
        Description = ("Stands for ${%s:%s}"):format(kind, address) }
      state:assume(("%s %s: variable with the value '%s'"):format(kind, address, default))
    end
    return mark(name)
  end
end

-- --- reading the document ------------------------------------------------------------------------

local evaluate

local function step(state, value, part)
  if value == yaml.null then return nil end
  if type(value) == "string" and value:find("^\1[^\2]*\2$") then
    return elsewhere("member", "Member")(state, { address = value:sub(2, -2) .. "." .. part })
  end
  if type(value) ~= "table" then return nil end
  local key = tonumber(part)
  if key and value[key + 1] ~= nil then return value[key + 1] end
  return value[part]
end

-- The value without variables around it; what is inside of a table is not looked at.
local function plain(state, value, key)
  if type(value) ~= "string" or not value:find("${", 1, true) then return value end
  local parts, found = text.parse(value)
  if not found then return value end
  if state.reading[key] then
    state.cycle = state.cycle or key
    return nil
  end
  state.reading[key] = true
  value = evaluate(state, parts)
  state.reading[key] = nil
  return value
end

local function lookup(state, root, path, origin)
  local value, key = plain(state, root, origin), origin
  for part in path:gmatch("[^.]+") do
    value = step(state, value, part)
    key = key .. "." .. part
    value = plain(state, value, key)
    if is_null(value) then return nil end
  end
  return value
end

local function read_self(state, path)
  if path == "" then fail(state, "${self:} is the whole document, which contains itself") end
  local value = lookup(state, state.document, path, "self")
  if path == "service" and type(value) == "table" then return value.name end
  if value == nil and path == "service.name" then return read_self(state, "service") end
  return value
end

local function default_of(state, name)
  if not name or not DEFAULTS[name] then return nil end
  local value = read_self(state, "provider." .. name)
  return value ~= nil and value or DEFAULTS[name]
end

local function stage(state) return default_of(state, "stage") end

local function param(state, term)
  local name = term.address
  for _, path in ipairs { "stages." .. tostring(stage(state)) .. ".params",
    "params." .. tostring(stage(state)), "stages.default.params", "params.default" } do
    local value = read_self(state, path .. "." .. name)
    if value ~= nil then
      if type(value) == "table" and value.value ~= nil then return value.value end
      return value
    end
  end
end

local function file(state, term)
  local content, problem = files.read(state.base, term.parameter or "")
  if problem then
    state:refuse("file(" .. tostring(term.parameter) .. ")", problem)
    return ""
  end
  if content == nil then
    state.absent = term.parameter
    return nil
  end
  return lookup(state, content, term.address, "file(" .. term.parameter .. ")")
end

local AWS = { region = "AWS::Region", accountId = "AWS::AccountId", partition = "AWS::Partition" }
local BOOLEANS = { ["true"] = true, ["1"] = true, ["false"] = false, ["0"] = false }

local SOURCES = {
  self = function(state, term) return read_self(state, term.address) end,
  file = file, param = param,
  sls = function(state, term)
    if term.address == "stage" then return stage(state) end
    return term.address == "instanceId" and "lsqm" or nil
  end,
  aws = function(_, term) return AWS[term.address] and mark(AWS[term.address]) end,
  strToBool = function(state, term)
    local value = BOOLEANS[term.parameter:gsub("^['\"](.*)['\"]$", "%1"):lower()]
    if value == nil then state:refuse("strToBool(" .. term.parameter .. ")", "not a boolean") end
    return value or false
  end,
  ssm = elsewhere("ssm", "Ssm"), cf = elsewhere("cf", "Cf"), s3 = elsewhere("s3", "S3"),
  output = elsewhere("output", "Output"), state = elsewhere("state", "State"),
  opt = function() return nil end, env = function() return nil end,
  git = function() return nil end,
}

-- What stands for a source that has no value when nothing else has one either.
local LAST = { env = not_given "environment variable", opt = not_given "option",
  param = not_given "parameter", git = not_given "fact of the author's repository" }

-- --- evaluating ----------------------------------------------------------------------------------

-- Text of a source, its nested variables replaced; or the value of the one variable it is.
local function source_text(state, parts)
  if #parts == 1 and type(parts[1]) == "table" then
    local value = evaluate(state, parts)
    return nil, value
  end
  local out = {}
  for i, part in ipairs(parts) do
    local value = part
    if type(part) == "table" then value = evaluate(state, { part }) end
    if is_null(value) or type(value) == "table" then return nil, nil end
    out[i] = tostring(value)
  end
  return table.concat(out)
end

local function from_source(state, parts, terms)
  local written, value = source_text(state, parts)
  if not written then return value end
  local term = text.term(written)
  if term.null then return yaml.null end
  if term.value ~= nil then return term.value end
  if not term.kind then return nil end
  local read = SOURCES[term.kind]
  if not read then
    state:refuse("${" .. written .. "}", "a source of variables that is not known here")
    return ""
  end
  terms[#terms + 1] = term
  return read(state, term)
end

local function last_resort(state, terms)
  for _, term in ipairs(terms) do
    local value = term.kind == "opt" and default_of(state, term.address)
      or term.kind == "self" and DEFAULTS[term.address:match("^provider%.(%a+)$")]
    if value then return value end
  end
  for _, term in ipairs(terms) do
    if LAST[term.kind] then return LAST[term.kind](state, term) end
  end
end

local function from_variable(state, variable)
  local terms = {}
  for i, parts in ipairs(variable.sources) do
    local value = from_source(state, parts, terms)
    if not is_null(value) then return value end
    if value == yaml.null and i == #variable.sources then return value end
  end
  local value = last_resort(state, terms)
  if value ~= nil then return value end
  if state.cycle then fail(state, "variables refer to each other: " .. state.cycle) end
  state:refuse(variable.text, state.absent and "missing file " .. state.absent
    or "variable not known here")
  return ""
end

evaluate = function(state, parts)
  state.steps, state.depth = state.steps + 1, state.depth + 1
  if state.steps > MAX_STEPS then fail(state, "variables take too many steps to replace") end
  if state.depth > MAX_DEPTH then fail(state, "variables are nested too deeply") end
  local out = {}
  for i, part in ipairs(parts) do
    local value = part
    if type(part) == "table" then
      value = from_variable(state, part)
      if #parts == 1 then
        state.depth = state.depth - 1
        return value
      end
    end
    if type(value) == "table" then
      state:refuse(part.text, "a structure in the middle of a text")
      value = ""
    end
    out[i] = value == yaml.null and "" or tostring(value)
    state.bytes = state.bytes + #out[i]
  end
  if state.bytes > MAX_BYTES then fail(state, "variables expand to more than 8 MB") end
  state.depth = state.depth - 1
  return table.concat(out)
end

local resolve

local function resolve_table(state, value)
  if state.done[value] then return state.done[value] end
  if state.active[value] then
    fail(state, "variables refer to each other: a value has itself in it")
  end
  state.active[value] = true
  local out, at = setmetatable({}, getmetatable(value)), state.marks[value]
  for _, key in ipairs(names.sorted_keys(value)) do
    local place = at and at.keys and at.keys[key]
    if place then state.line, state.col = place[1], place[2] end
    out[key] = resolve(state, value[key])
  end
  state.marks[out] = at
  state.active[value] = nil
  state.done[value] = out
  return out
end

resolve = function(state, value)
  if type(value) == "string" then
    if not value:find("${", 1, true) then return value end
    state.cycle, state.absent = nil, nil
    local parts, found = text.parse(value)
    if not found then return value end
    local made = evaluate(state, parts)
    return type(made) == "table" and resolve(state, made) or made
  end
  if type(value) ~= "table" then return value end
  state.depth = state.depth + 1
  if state.depth > MAX_DEPTH then fail(state, "the document is nested too deeply") end
  local out = resolve_table(state, value)
  state.depth = state.depth - 1
  return out
end

---The document with its variables replaced.
---@param document table
---@param job {path: string}
---@param marks table positions, as yaml.decode gives them
---@return table|nil resolved {document, unsupported, assumptions, parameters}
---@return table|nil err variables that refer to each other, or expand without end
function M.resolve(document, job, marks)
  local state = setmetatable({ document = document, marks = marks, path = job.path,
    base = files.folder(job.path), reading = {}, active = {}, done = {}, seen = {},
    unsupported = {}, assumptions = {}, parameters = {}, steps = 0, depth = 0, bytes = 0 }, State)
  local ok, result = pcall(resolve, state, document)
  if not ok then
    if error_of.is(result) then return nil, result end
    error(result, 0)
  end
  return { document = result, unsupported = state.unsupported, assumptions = state.assumptions,
    parameters = state.parameters }
end

-- --- references ----------------------------------------------------------------------------------

local function reference(value, in_sub)
  local whole = value:match("^\1([^\1\2]*)\2$")
  if whole and not in_sub then return { Ref = whole } end
  if not in_sub then value = value:gsub("%${", "${!") end
  value = value:gsub("\1([^\1\2]*)\2", "${%1}")
  return in_sub and value or { ["Fn::Sub"] = value }
end

---Makes references of what is known only where the service is deployed.
---@param value any
---@param in_sub boolean|nil inside of Fn::Sub, where text may refer by itself
function M.finish(value, in_sub)
  if type(value) == "string" then
    return value:find("\1", 1, true) and reference(value, in_sub) or value
  end
  if type(value) ~= "table" then return value end
  local out = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do
    if key == "Fn::Sub" and type(item) == "table" then
      out[key] = setmetatable({ M.finish(item[1], true), M.finish(item[2]) }, getmetatable(item))
    else
      if type(key) == "string" and key:find("\1", 1, true) then
        key = key:gsub("\1([^\1\2]*)\2", "%1")
      end
      out[key] = M.finish(item, key == "Fn::Sub")
    end
  end
  return out
end

return M
