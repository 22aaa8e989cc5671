-- SPDX-License-Identifier: Apache-2.0
-- SAM templates to CloudFormation through the official translator, which lives in one Python
-- process for as long as this Lua state (sam_worker.py says how it is spoken to).
local code = require "std.normalize.code"
local document = require "std.normalize.document"
local error_of = require "std.error"
local expr = require "std.normalize.expr"
local fs = require "std.fs"
local json = require "std.json"
local leftovers = require "std.leftovers"
local names = require "std.normalize.names"
local process = require "std.process"
local python = require "std.python"
local stand_in = require "std.normalize.stand_in"
local yaml = require "std.yaml"

local M = {}

-- --- the worker ------------------------------------------------------------------------------

-- One template may take so many seconds.
local LIMIT <const> = 30
local MEMORY <const> = 4 << 30

local worker

local function fail(message, kind)
  return nil, error_of.new { op = "normalize sam", code = kind or "unavailable", line = 1, col = 1,
    message = message }
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

-- The translator sees its own files and the pipe: no network, no home, no credentials.
local function command(here, pipe)
  local interpreter = python.find(os.getenv("LSQM_PYTHON"))
  interpreter = interpreter:find("/", 1, true) and interpreter or process.which(interpreter)
  local real = fs.realpath(interpreter) or interpreter
  return process.sandbox { argv = { interpreter, "-I", here .. "/sam_worker.py", pipe },
    rw = { fs.dirname(pipe) }, ro = { fs.realpath(here), fs.dirname(fs.dirname(interpreter)),
      fs.dirname(fs.dirname(real)) } }
end

local function start()
  local here = fs.absolute(debug.getinfo(1, "S").source:match("^@(.*)/"))
  local dir = fs.tempdir(leftovers.prefix "sam")
  local pipe = fs.join(dir.path, "requests")
  local handle, err = process.start { argv = command(fs.realpath(here) or here, pipe),
    stream = true, limits = { memory = MEMORY } }
  if not handle then return nil, err end
  local self = { handle = handle, dir = dir, pending = "", complaint = "", count = 0 }
  if not read_line(self) then
    return fail("the SAM translator does not start: " .. (self.complaint:match("[^\n]+\n*$") or ""))
  end
  self.requests = assert(io.open(pipe, "w"))
  return self
end

---Ends the worker; the next template starts another one.
function M.close()
  if not worker then return end
  worker.handle:close()
  worker.requests:close()
  worker = nil
end

---The worker's process id, for tests; nil where none runs.
function M.worker_pid() return worker and worker.handle.pid end

local function exchange(text, parameters)
  local err
  if not worker then worker, err = start() end
  if not worker then return nil, err end
  worker.count = worker.count + 1
  local head = json.encode { id = worker.count, limit = LIMIT, parameters = parameters }
  local sent = worker.requests:write(head:sub(1, -2), ',"template":', text, "}\n")
    and worker.requests:flush()
  local line = sent and read_line(worker)
  if line then return json.decode(line) end
  local complaint = worker.complaint
  M.close()
  return fail("the SAM translator ended: " .. complaint, "ended")
end

-- A worker that ended meanwhile is replaced; a template that ends two has itself to blame.
---@return table? answer {template=} or {errors=}
local function ask(template, parameters)
  local text = json.encode(template)
  local answer, err = exchange(text, parameters)
  if not answer and err.code == "ended" then answer, err = exchange(text, parameters) end
  return answer, err
end

-- What the root's variables will be: the translator has to know the value of a parameter where it
-- makes names of it (AutoPublishAlias).
local function stand_ins(template)
  local made
  local parameters = type(template.Parameters) == "table" and template.Parameters or {}
  for name, parameter in pairs(parameters) do
    if type(parameter) == "table" and parameter.Default == nil and parameter.Type == "String" then
      made = made or {}
      made[name] = expr.scalar(stand_in.value(name, parameter))
    end
  end
  return made
end

-- --- files beside the template ------------------------------------------------------------------

local function is_local(uri)
  return type(uri) == "string" and not uri:find("^s3://") and not uri:find("^https?://")
end

local function package_uri(uri) return { Bucket = code.LOCAL, Key = uri } end

local function refuse(state, id, property, reason)
  state.unsupported[#state.unsupported + 1] = { id = id, property = property, reason = reason,
    type = state.kind }
end

-- The text of a file below the template's folder.
local function load_text(state, id, property, uri)
  local root = fs.realpath(state.base) or state.base
  local path = fs.realpath(fs.join(root, uri))
  local inside = path and path:sub(1, #root + 1) == root .. "/"
  local text = inside and fs.read(path)
  if not text then refuse(state, id, property, "missing file " .. uri) end
  return text or nil, path
end

local function load_document(state, id, property, uri)
  local text, path = load_text(state, id, property, uri)
  if not text then return nil end
  local value, err = yaml.decode(text, { file = path, tags = "cloudformation" })
  if value == nil then refuse(state, id, property, tostring(err)) end
  if document.has_zero(value) then
    refuse(state, id, property, "a text with a zero byte")
    return nil
  end
  return value
end

-- AWS::Include of a file that is there is replaced by what the file says: the translator adds to
-- documents. Others stay, and are named later.
local function include(state, id, value, depth)
  if type(value) ~= "table" or depth > 60 then return value end
  local call = value["Fn::Transform"]
  if type(call) == "table" and call.Name == "AWS::Include" then
    local uri = type(call.Parameters) == "table" and call.Parameters.Location
    if is_local(uri) and fs.is_file(fs.join(state.base, uri)) then
      local made = load_document(state, id, "Fn::Transform", uri)
      if type(made) == "table" then
        for key, item in pairs(value) do
          if key ~= "Fn::Transform" then made[key] = item end
        end
        return include(state, id, made, depth + 1)
      end
    end
    return value
  end
  for key, item in pairs(value) do value[key] = include(state, id, item, depth + 1) end
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

local function each(map, fn)
  if type(map) ~= "table" then return end
  for _, key in ipairs(names.sorted_keys(map)) do fn(tostring(key), map[key]) end
end

-- Code and schema of a GraphQL API become part of the template.
FIXES["AWS::Serverless::GraphQLApi"] = function(state, id, props)
  local function text_of(holder, from, to, property)
    if type(holder) ~= "table" or not is_local(holder[from]) then return end
    holder[to] = load_text(state, id, property, holder[from])
    holder[from] = nil
  end
  text_of(props, "SchemaUri", "SchemaInline", "SchemaUri")
  each(props.Functions, function(name, fn)
    text_of(fn, "CodeUri", "InlineCode", "Functions." .. name)
  end)
  each(props.Resolvers, function(kind, fields)
    each(fields, function(name, resolver)
      text_of(resolver, "CodeUri", "InlineCode", ("Resolvers.%s.%s"):format(kind, name))
    end)
  end)
end

-- A template beside this one becomes a nested stack.
FIXES["AWS::Serverless::Application"] = function(state, id, props)
  local location = props.Location
  if type(location) == "table" and location.ApplicationId then
    refuse(state, id, "Location", "an application of the Serverless Application Repository")
  elseif not is_local(location) then
    refuse(state, id, "Location", "a template that is not beside this one")
  else
    load_text(state, id, "Location", location)
  end
end

local function prepare(template, state)
  local globals = type(template.Globals) == "table" and template.Globals.Function
  if type(globals) ~= "table" then globals = {} end
  if is_local(globals.CodeUri) then globals.CodeUri = package_uri(globals.CodeUri) end
  state.code, state.image = globals.CodeUri ~= nil, globals.PackageType == "Image"
  local resources = type(template.Resources) == "table" and template.Resources or {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    local resource = resources[id]
    local kind = type(resource) == "table" and resource.Type
    state.kind = kind
    if type(kind) == "string" and kind:find("^AWS::Serverless::") then
      if resource.Properties == nil or type(resource.Properties) == "userdata" then
        resource.Properties = {}
      end
      if type(resource.Properties) ~= "table" then
        refuse(state, id, "Properties", "not a map of names")
        resource.Properties = {}
      end
      resource.Properties = include(state, id, resource.Properties, 0)
      if FIXES[kind] then FIXES[kind](state, id, resource.Properties) end
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
  if not answer then
    err.file = err.file or job.path
    return nil, err
  end
  local values = answer.errors and stand_ins(template)
  if values then answer = ask(template, values) or answer end
  if answer.errors then return refused(answer) end
  return { template = answer.template, assumptions = state.assumptions }
end

return M
