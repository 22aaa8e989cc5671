-- SPDX-License-Identifier: Apache-2.0
-- SAM templates to CloudFormation through the official translator, which lives in one Python
-- process for as long as this Lua state (sam_worker.py says how it is spoken to).
local code = require "std.normalize.code"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local process = require "std.process"
local python = require "std.python"
local yaml = require "std.yaml"

local M = {}

-- --- the worker ------------------------------------------------------------------------------

local worker

local function fail(message)
  return nil, error_of.new { op = "normalize sam", code = "unavailable", message = message }
end

local function read_line(self)
  while true do
    local line, rest = self.pending:match("^([^\n]*)\n(.*)$")
    if line then
      self.pending = rest
      return line
    end
    local stream, text = self.handle:read()
    if not stream then return nil end
    if stream == "stdout" then
      self.pending = self.pending .. text
    else
      self.complaint = (self.complaint .. text):sub(-400)
    end
  end
end

local function start()
  local here = debug.getinfo(1, "S").source:match("^@(.*)/")
  local dir = fs.tempdir("lsqm-sam")
  local pipe = fs.join(dir.path, "requests")
  local handle, err = process.start { argv = { python.find(os.getenv("LSQM_PYTHON")),
    here .. "/sam_worker.py", pipe }, stream = true }
  if not handle then return nil, err end
  local self = { handle = handle, dir = dir, pending = "", complaint = "", count = 0 }
  if not read_line(self) then
    return fail("the SAM translator does not start: " .. (self.complaint:match("[^\n]+\n*$") or ""))
  end
  self.requests = assert(io.open(pipe, "w"))
  return self
end

---@return table? answer {template=} or {errors=}
local function ask(template)
  local err
  if not worker then worker, err = start() end
  if not worker then return nil, err end
  worker.count = worker.count + 1
  worker.requests:write(json.encode { id = worker.count, template = template }, "\n")
  worker.requests:flush()
  local line = read_line(worker)
  if not line then
    local complaint = worker.complaint
    worker = nil
    return fail("the SAM translator ended: " .. complaint)
  end
  return json.decode(line)
end

---Ends the worker; the next template starts another one.
function M.close()
  if not worker then return end
  worker.handle:close()
  worker = nil
end

-- --- files beside the template ------------------------------------------------------------------

local function is_local(uri)
  return type(uri) == "string" and not uri:find("^s3://") and not uri:find("^https?://")
end

local function package_uri(uri) return { Bucket = code.LOCAL, Key = uri } end

local function load_document(state, id, property, uri)
  local path = fs.join(state.base, uri)
  local text = not uri:find("..", 1, true) and fs.read(path)
  if not text then
    state.unsupported[#state.unsupported + 1] = { id = id, property = property,
      reason = "missing file " .. uri }
    return nil
  end
  local value, err = yaml.decode(text, { file = path, tags = "cloudformation" })
  if value == nil then
    state.unsupported[#state.unsupported + 1] = { id = id, property = property,
      reason = tostring(err) }
  end
  return value
end

local FIXES = {}

FIXES["AWS::Serverless::Function"] = function(state, id, props)
  if is_local(props.CodeUri) then props.CodeUri = package_uri(props.CodeUri) end
  local image = props.PackageType == "Image" or state.image
  if image and props.ImageUri == nil then
    props.ImageUri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/lsqm:latest"
    state.assumptions[#state.assumptions + 1] = id .. ": image lsqm:latest"
  elseif not image and props.CodeUri == nil and props.InlineCode == nil and not state.code then
    props.CodeUri = package_uri(".")
  end
end

FIXES["AWS::Serverless::LayerVersion"] = function(_, _, props)
  if is_local(props.ContentUri) then props.ContentUri = package_uri(props.ContentUri) end
end

local function inline(from, to)
  return function(state, id, props)
    if not is_local(props[from]) then return end
    props[to] = load_document(state, id, from, props[from])
    props[from] = nil
  end
end

FIXES["AWS::Serverless::StateMachine"] = inline("DefinitionUri", "Definition")
FIXES["AWS::Serverless::Api"] = inline("DefinitionUri", "DefinitionBody")
FIXES["AWS::Serverless::HttpApi"] = inline("DefinitionUri", "DefinitionBody")

local NOT_HERE = { ["AWS::Serverless::Application"] = "a nested application",
  ["AWS::Serverless::GraphQLApi"] = "a GraphQL API with files of its own" }

local function prepare(template, state)
  local globals = type(template.Globals) == "table" and template.Globals.Function or {}
  if is_local(globals.CodeUri) then globals.CodeUri = package_uri(globals.CodeUri) end
  state.code, state.image = globals.CodeUri ~= nil, globals.PackageType == "Image"
  local resources = type(template.Resources) == "table" and template.Resources or {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    local resource = resources[id]
    local kind = type(resource) == "table" and resource.Type
    if NOT_HERE[kind] then
      state.unsupported[#state.unsupported + 1] = { id = id, type = kind, reason = NOT_HERE[kind] }
    elseif FIXES[kind] then
      if type(resource.Properties) ~= "table" then resource.Properties = {} end
      FIXES[kind](state, id, resource.Properties)
    end
  end
end

local function refused(answer)
  local list = {}
  for i, text in ipairs(answer.errors) do
    list[i] = { id = text:match("id %[([^%]]+)%]"), type = "AWS::Serverless", reason = text }
  end
  return { unsupported = list }
end

---Expands a SAM template.
---@param template table parsed, changed here
---@param job {path: string}
---@return table? result {template=} or {unsupported=}
---@return table? err the translator itself failed
function M.expand(template, job)
  local state = { base = fs.dirname(job.path), unsupported = {}, assumptions = {} }
  prepare(template, state)
  if #state.unsupported > 0 then return { unsupported = state.unsupported } end
  local answer, err = ask(template)
  if not answer then return nil, err end
  if answer.errors then return refused(answer) end
  return { template = answer.template, assumptions = state.assumptions }
end

return M
