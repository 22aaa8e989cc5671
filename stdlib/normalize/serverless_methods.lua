-- SPDX-License-Identifier: Apache-2.0
-- Methods of the REST API of a Serverless service: integrations of every kind, request models and
-- parameters, responses, and the OPTIONS methods that cors asks for.
local Service = require "std.normalize.serverless_service"
local mapping = require "std.normalize.serverless_mapping"
local names = require "std.normalize.names"
local word = require("std.normalize.word").of

local M = {}

local list, table_or_empty = Service.list, Service.table_or_empty

local KINDS = { ["lambda-proxy"] = "AWS_PROXY", lambda_proxy = "AWS_PROXY", aws_proxy = "AWS_PROXY",
  ["aws-proxy"] = "AWS_PROXY", lambda = "AWS", aws = "AWS", http = "HTTP", mock = "MOCK",
  http_proxy = "HTTP_PROXY", ["http-proxy"] = "HTTP_PROXY" }

---The kind of integration of an http event.
function M.kind(event)
  if event.integration == nil then return event.async and "AWS" or "AWS_PROXY" end
  return KINDS[word(event.integration):lower()]
end

-- --- cors ----------------------------------------------------------------------------------------

local HEADERS = { "Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key",
  "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amzn-Trace-Id" }

local CORS = Service.set "origin origins headers methods allowCredentials cacheControl maxAge"

local function split(value)
  if type(value) ~= "string" then return list(value) end
  local out = {}
  for item in value:gmatch("[^,]+") do out[#out + 1] = item:match("^%s*(.-)%s*$") end
  return out
end

-- Both without repetition, the newer first.
local function union(newer, older)
  local seen, out = {}, {}
  for _, part in ipairs { newer, older } do
    for _, item in ipairs(part) do
      if not seen[item] then out[#out + 1] = item end
      seen[item] = true
    end
  end
  return out
end

---What cors says for an event: {origins, headers, …}, or nil.
function M.cors(event)
  if not event.cors then return nil end
  local options = table_or_empty(event.cors)
  local origins = split(options.origins or options.origin or "*")
  local headers = options.headers and split(options.headers) or HEADERS
  return { origins = origins, headers = headers, methods = list(options.methods),
    credentials = options.allowCredentials, age = options.maxAge, cache = options.cacheControl }
end

local ALL = { "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT" }

local function collect(service)
  local paths, order = {}, {}
  for _, item in ipairs(service.http_events) do
    local cors = M.cors(item.event)
    if cors then
      service:check(item.fn.name, "setting of cors", table_or_empty(item.event.cors), CORS)
      local path = paths[item.path]
      if not path then
        path = { item = item, origins = {}, headers = {}, methods = {} }
        paths[item.path], order[#order + 1] = path, path
      end
      path.origins = union(cors.origins, path.origins)
      path.headers = union(cors.headers, path.headers)
      path.methods = union(union(cors.methods, item.method == "ANY" and ALL or { item.method }),
        path.methods)
      path.credentials = path.credentials or cors.credentials
      path.age, path.cache = path.age or cors.age, path.cache or cors.cache
    end
  end
  return order
end

local function quoted(value) return "'" .. word(value) .. "'" end

local function joined(items)
  local texts = {}
  for i, item in ipairs(items) do texts[i] = word(item) end
  return table.concat(texts, ",")
end

local function cors_headers(path)
  local out = { ["Access-Control-Allow-Origin"] = quoted(path.origins[1]),
    ["Access-Control-Allow-Headers"] = quoted(joined(path.headers)),
    ["Access-Control-Allow-Methods"] = quoted(joined(union({ "OPTIONS" }, path.methods))) }
  if path.credentials then out["Access-Control-Allow-Credentials"] = quoted(path.credentials) end
  if path.age then out["Access-Control-Max-Age"] = quoted(math.tointeger(path.age) or path.age) end
  if path.cache then out["Cache-Control"] = quoted(path.cache) end
  return out
end

local function header_parameters(headers)
  local declared, given = {}, {}
  for name, value in pairs(headers) do
    local key = "method.response.header." .. name
    declared[key], given[key] = true, value
  end
  return declared, given
end

---Adds the OPTIONS methods of paths with cors.
function M.preflights(service, api)
  for _, path in ipairs(collect(service)) do
    local declared, given = header_parameters(cors_headers(path))
    local id = "ApiGatewayMethod" .. path.item.name .. "Options"
    table.insert(service.http_methods, service:add(id, "AWS::ApiGateway::Method", {
      HttpMethod = "OPTIONS", AuthorizationType = "NONE", ResourceId = path.item.resource,
      RestApiId = api.id,
      MethodResponses = { { StatusCode = "200", ResponseParameters = declared } },
      Integration = { Type = "MOCK", ContentHandling = "CONVERT_TO_TEXT",
        RequestTemplates = { ["application/json"] = "{statusCode:200}" },
        IntegrationResponses = { { StatusCode = "200", ResponseParameters = given,
          ResponseTemplates = { ["application/json"] = mapping.origins(path.origins) } } } } }))
  end
end

-- --- requests ------------------------------------------------------------------------------------

local PLACES = { querystrings = "querystring", headers = "header", paths = "path" }

-- Keys that the framework does not read, though services have them: `parameters` is the one.
local UNREAD = Service.set "parameter paths headers querystrings"

local function readable(service, item, request)
  local out = {}
  for key, value in pairs(request) do
    if UNREAD[key] then
      service:assume(("%s: request.%s has no effect: the framework reads request.parameters")
        :format(item.fn.name, key))
    else
      out[key] = value
    end
  end
  return out
end

local function parameters(request, is_http)
  local declared, mapped = {}, {}
  for group, place in pairs(PLACES) do
    for name, value in pairs(table_or_empty(table_or_empty(request.parameters)[group])) do
      local key = "method.request." .. place .. "." .. name
      local options = type(value) == "table" and value or { required = value }
      declared[key] = options.required and true or false
      if options.mappedValue then
        mapped["integration.request." .. place .. "." .. name] = options.mappedValue
      elseif is_http then
        mapped["integration.request." .. place .. "." .. name] = key
      end
    end
  end
  return declared, mapped
end

local function model_id(name) return "ApiGateway" .. Service.words(name) .. "Model" end

local function inline_model(service, api, item, content_type, schema)
  local id = "ApiGatewayMethod" .. item.name .. Service.normal(item.method:lower())
    .. Service.words(content_type) .. "Model"
  local wrapped = type(schema.schema) == "table" and schema or { schema = schema }
  service:add(id, "AWS::ApiGateway::Model", { RestApiId = api.id, ContentType = content_type,
    Schema = wrapped.schema, Name = wrapped.name, Description = wrapped.description })
  return { Ref = id }
end

local function models(service, api, item, request)
  local out = {}
  local schemas = request.schemas or request.schema
  for content_type, schema in pairs(table_or_empty(schemas)) do
    if type(schema) == "table" then
      out[content_type] = inline_model(service, api, item, content_type, schema)
    else
      out[content_type] = { Ref = model_id(schema) }
    end
  end
  return next(out) and out or nil
end

---Adds the models that the provider declares.
function M.add_models(service, api)
  local schemas = table_or_empty(table_or_empty(api.settings.request).schemas)
  for _, name in ipairs(names.sorted_keys(schemas)) do
    local model = schemas[name]
    service:add(model_id(name), "AWS::ApiGateway::Model", { RestApiId = api.id,
      ContentType = "application/json", Schema = model.schema, Name = model.name,
      Description = model.description })
  end
end

local function validator(service, api)
  local id = "ApiGateway" .. Service.alnum(service.name) .. "RequestValidator"
  if not service.resources[id] then
    service:add(id, "AWS::ApiGateway::RequestValidator", { RestApiId = api.id,
      ValidateRequestBody = true, ValidateRequestParameters = true,
      Name = service.prefix .. " | Validate request body and querystring parameters" })
  end
  return { Ref = id }
end

-- --- integrations --------------------------------------------------------------------------------

local REQUEST = Service.set [[contentHandling method parameters passThrough schemas schema template
  uri]]
local RESPONSE = Service.set "contentHandling headers statusCodes template transferMode"

local function templates(service, item, request, kind)
  local out = {}
  if kind == "AWS" then out = mapping.requests(item.authorizer.claims) end
  if type(request.template) == "table" then
    for content_type, text in pairs(request.template) do out[content_type] = text end
  elseif request.template then
    service:refuse(item.fn.name, "template", "a request template without content types")
  end
  return next(out) and out or nil
end

local function uri_of(item, kind, request)
  if kind == "AWS" or kind == "AWS_PROXY" then
    return Service.invocation_uri(Service.arn_of(item.fn.id), item.fn.alias)
  end
  if kind ~= "MOCK" then return request.uri end
end

local function integration(service, api, item, kind, mapped)
  local event, request = item.event, table_or_empty(item.event.request)
  local response = table_or_empty(event.response)
  local is_http = kind == "HTTP" or kind == "HTTP_PROXY"
  local props = { Type = kind, Uri = uri_of(item, kind, request), IntegrationHttpMethod = "POST",
    TimeoutInMillis = event.timeoutInMillis or api.settings.timeoutInMillis,
    ContentHandling = request.contentHandling, ConnectionId = event.connectionId,
    RequestParameters = next(mapped) and mapped or nil }
  if is_http then props.IntegrationHttpMethod = word(request.method or item.method):upper() end
  if event.connectionType then
    props.ConnectionType = word(event.connectionType):upper():gsub("%-", "_")
  end
  if kind == "AWS_PROXY" or kind == "HTTP_PROXY" then
    if response.transferMode and word(response.transferMode):upper() ~= "BUFFERED" then
      service:refuse(item.fn.name, "transferMode", "a streamed response")
    end
    return props
  end
  props.PassthroughBehavior = request.passThrough or kind == "AWS" and "NEVER" or nil
  props.RequestTemplates = templates(service, item, request, kind)
  if event.async then
    props.RequestParameters = props.RequestParameters or {}
    props.RequestParameters["integration.request.header.X-Amz-Invocation-Type"] = "'Event'"
  end
  return props
end

---Adds the method of an event.
function M.add(service, api, item)
  local event = item.event
  local kind = M.kind(event)
  if not kind then
    return service:refuse(item.fn.name, "integration",
      "integration " .. word(event.integration))
  end
  local request = readable(service, item, table_or_empty(event.request))
  service:check(item.fn.name, "setting of a request", request, REQUEST)
  service:check(item.fn.name, "setting of a response", table_or_empty(event.response), RESPONSE)
  local declared, mapped = parameters(request, kind == "HTTP" or kind == "HTTP_PROXY")
  local authorizer, fn = item.authorizer, item.fn
  local props = { HttpMethod = item.method, ResourceId = item.resource, RestApiId = api.id,
    ApiKeyRequired = event.private and true or false, OperationName = event.operationId,
    AuthorizationType = authorizer.type, AuthorizerId = authorizer.id,
    AuthorizationScopes = authorizer.scopes, RequestModels = models(service, api, item, request),
    RequestParameters = next(declared) and declared or nil,
    Integration = integration(service, api, item, kind, mapped) }
  if kind == "AWS" or kind == "HTTP" or kind == "MOCK" then
    props.MethodResponses, props.Integration.IntegrationResponses = mapping.responses(event,
      M.cors(event), kind)
  end
  if request.schemas or request.schema or request.parameters then
    props.RequestValidatorId = validator(service, api)
  end
  table.insert(service.http_methods, service:add("ApiGatewayMethod" .. item.name
    .. Service.normal(item.method:lower()), "AWS::ApiGateway::Method", props,
    Service.calls(fn, { authorizer.added })))
end

return M
