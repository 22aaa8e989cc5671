-- SPDX-License-Identifier: Apache-2.0
-- Mapping templates (VTL) and responses of integrations that are not proxies: what a function of a
-- `lambda` integration is called with, and which answer becomes which status.
local Service = require "std.normalize.serverless_service"
local names = require "std.normalize.names"
local word = require("std.normalize.word").of

local M = {}

local table_or_empty = Service.table_or_empty

-- --- requests ------------------------------------------------------------------------------------

-- Names and values of the map $all; API Gateway has no macros of one's own.
local ENTRIES = [[
#define( $entries )
{#foreach( $name in $all.keySet() )
"$util.escapeJavaScript($name)": "$util.escapeJavaScript($all.get($name)).replaceAll("\\'", "'")"
#if( $foreach.hasNext ),#end
#end}
#end
]]

-- Fields of the event after its body: name, and what the API says for it.
local TEXTS = { { "method", "$context.httpMethod" }, { "principalId",
  "$context.authorizer.principalId" }, { "stage", "$context.stage" },
  { "requestPath", "$context.resourcePath" } }
local MAPS = { { "enhancedAuthContext", "$context.authorizer" },
  { "headers", "$input.params().header" }, { "query", "$input.params().querystring" },
  { "path", "$input.params().path" }, { "identity", "$context.identity" },
  { "stageVariables", "$stageVariables" } }

local JSON_BODY = '$input.json("$")'
-- Pairs of a form, decoded; a name without value has an empty one.
local FORM_BODY = [[
{#foreach( $pair in $input.path("$").split("&") )
#set( $sides = $pair.split("=") )
#if( $sides.size() > 1 )#set( $value = $util.urlDecode($sides[1]) )#else#set( $value = "" )#end
"$util.escapeJavaScript($util.urlDecode($sides[0]))": "$util.escapeJavaScript($value)"
#if( $foreach.hasNext ),#end
#end}]]

local function request(body, claims)
  local out = { ENTRIES, "{\n\"body\": ", body, ",\n" }
  for _, row in ipairs(TEXTS) do out[#out + 1] = ('"%s": "%s",\n'):format(row[1], row[2]) end
  local pool = { '"sub": "$context.authorizer.claims.sub"' }
  for _, name in ipairs(Service.list(claims)) do
    local short = word(name):gsub("^custom:", "")
    pool[#pool + 1] = ('"%s": "$context.authorizer.claims[\'%s\']"'):format(short, name)
  end
  out[#out + 1] = ('"cognitoPoolClaims": { %s }'):format(table.concat(pool, ", "))
  for _, row in ipairs(MAPS) do
    out[#out + 1] = (',\n#set( $all = %s )"%s": $entries'):format(row[2], row[1])
  end
  return table.concat(out) .. "\n}\n"
end

---Templates of a `lambda` integration, by content type.
---@param claims string[]|nil of the user pool's token, to be handed on
function M.requests(claims)
  return { ["application/json"] = request(JSON_BODY, claims),
    ["application/x-www-form-urlencoded"] = request(FORM_BODY, claims) }
end

---Of several origins the one that asks is answered; of one, nothing is to do.
function M.origins(origins)
  if #origins < 2 then return "" end
  local tests = {}
  for i, origin in ipairs(origins) do
    local pattern = word(origin):gsub("%.", "\\."):gsub("%*", ".*")
    tests[i] = ('$origin.matches("%s")'):format(pattern)
  end
  return '#set( $origin = $input.params("Origin") )\n'
    .. '#if( $origin == "" )#set( $origin = $input.params("origin") )#end\n'
    .. ("#if( %s )#set( $context.responseOverride.header.Access-Control-Allow-Origin = $origin )"
      .. "#end"):format(table.concat(tests, " || "))
end

-- --- responses -----------------------------------------------------------------------------------

-- Which error text becomes which status: "[404] …", and what Lambda itself says.
local STATUS = { ["200"] = "" }
for code in ("400 401 403 404 422 500 502 504"):gmatch("%d+") do
  STATUS[code] = "[\\s\\S]*\\[" .. code .. "\\][\\s\\S]*"
end
STATUS["500"] = "[\\s\\S]*(Process\\s?exited\\s?before\\s?completing\\s?request|\\[500\\])[\\s\\S]*"
STATUS["504"] = "([\\s\\S]*\\[504\\][\\s\\S]*)|(.*Task timed out after \\d+\\.\\d+ seconds$)"

local function codes_of(response, kind)
  local out = {}
  local declared = table_or_empty(response.statusCodes)
  for code, settings in pairs(declared) do
    out[tostring(math.tointeger(tonumber(code)) or code)] = table_or_empty(settings)
  end
  local has_default = false
  for _, settings in pairs(out) do
    if settings.pattern == "" or settings.pattern == nil then has_default = true end
  end
  if not next(out) and kind == "AWS" then
    for code, pattern in pairs(STATUS) do out[code] = { pattern = pattern } end
  elseif not has_default then
    out["200"] = out["200"] or { pattern = "" }
  end
  return out
end

local function headers_of(response, settings, cors)
  local out = {}
  for _, headers in ipairs { table_or_empty(response.headers), table_or_empty(settings.headers) } do
    for name, value in pairs(headers) do out["method.response.header." .. name] = value end
  end
  if cors then
    out["method.response.header.Access-Control-Allow-Origin"] = "'" .. word(cors.origins[1])
      .. "'"
    if cors.credentials then
      out["method.response.header.Access-Control-Allow-Credentials"] = "'true'"
    end
  end
  return out
end

local function body_of(response, settings)
  local template = settings.template
  if template == nil then template = response.template end
  if type(template) == "table" then return template end
  return template and { ["application/json"] = template } or nil
end

---Method and integration responses of an event.
function M.responses(event, cors, kind)
  local response = table_or_empty(event.response)
  local codes = codes_of(response, kind)
  local declared, given = {}, {}
  for _, code in ipairs(names.sorted_keys(codes)) do
    local settings = codes[code]
    local headers, flags = headers_of(response, settings, cors), {}
    for name in pairs(headers) do flags[name] = true end
    declared[#declared + 1] = { StatusCode = code,
      ResponseParameters = next(flags) and flags or nil }
    given[#given + 1] = { StatusCode = code, SelectionPattern = settings.pattern or "",
      ResponseParameters = next(headers) and headers or nil,
      ResponseTemplates = body_of(response, settings), ContentHandling = response.contentHandling }
  end
  return declared, given
end

return M
