-- SPDX-License-Identifier: Apache-2.0
-- Compares what std.normalize makes of Serverless services with what the framework itself packages
-- (osls, the open continuation of version 3), resource by resource:
--   lsqm exec tests/corpus/serverless_oracle.lua [CORPUS | serverless.yml …] [limit=N]
-- Without npm or its network it is skipped, by name. osls is installed and run outside of the
-- checkout, on a copy of each service with a file for each handler and without its plugins.
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local serverless = require "std.normalize.serverless"
local yaml = require "std.yaml"

local VERSION <const> = "osls@4.3.1"
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")

local options = { inputs = {}, limit = 40 }
for _, word in ipairs { ... } do
  local limit = word:match("^limit=(%d+)$")
  if limit then options.limit = tonumber(limit)
  elseif word:find("%.ya?ml$") then options.inputs[#options.inputs + 1] = word
  else options.corpus = word end
end
local corpus = options.corpus or HERE .. "/../../../shared/corpus"

local function corpus_inputs()
  local text = fs.read(fs.join(corpus, "INDEX.tsv"))
  for line in (text or ""):gmatch("[^\n]+") do
    local repo, path, role = line:match("^([^\t]+)\t[^\t]+\t([^\t]+)\tserverless\t.*\t(%a+)$")
    if role == "main" and #options.inputs < options.limit then
      options.inputs[#options.inputs + 1] = fs.join(corpus, (repo:gsub("/", "+")), path)
    end
  end
end

local function install(dir)
  if not process.which "npm" then return nil, "npm is not installed" end
  fs.write(fs.join(dir, "package.json"), "{}")
  local result, err = process.run { argv = { "npm", "install", "--no-audit", "--no-fund",
    "--ignore-scripts", VERSION }, cwd = dir, env = { HOME = dir }, timeout = 300,
    inherit = { "HTTPS_PROXY", "https_proxy", "NODE_EXTRA_CA_CERTS", "npm_config_registry" } }
  if not result then return nil, tostring(err) end
  if result.code ~= 0 then return nil, "npm cannot install " .. VERSION end
  return fs.join(dir, "node_modules/.bin/osls")
end

-- --- the framework -------------------------------------------------------------------------------

-- Plugins would have to be installed; the rest of the file stays as it is written.
local function without_plugins(text)
  local out, skipping = {}, false
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if line:find("^plugins%s*:") then skipping = true
    elseif skipping and line:find("^%S") and not line:find("^#") and not line:find("^%-") then
      skipping = false
    end
    if not skipping and not line:find("^frameworkVersion") then out[#out + 1] = line end
  end
  return table.concat(out, "\n") .. "\nconfigValidationMode: warn\n"
end

local function handler_files(dir, document)
  local runtime = type(document.provider) == "table" and document.provider.runtime or "nodejs"
  local groups = type(document.functions) == "table" and document.functions or {}
  for _, group in ipairs(#groups > 0 and groups or { groups }) do
    for _, fn in pairs(type(group) == "table" and group or {}) do
      local handler = type(fn) == "table" and type(fn.handler) == "string" and fn.handler or "x.y"
      local name = handler:match("^(.*)%.[^.]+$") or handler
      local ending = tostring(fn.runtime or runtime):find("^python") and ".py" or ".js"
      local path = fs.join(dir, name .. ending)
      if not handler:find("[${]") and not fs.exists(path) then
        fs.mkdir(fs.dirname(path))
        fs.write(path, "\n")
      end
    end
  end
end

local function package(osls, input, document)
  local scratch <close> = fs.tempdir("serverless-oracle")
  local dir = fs.join(scratch.path, "service")
  fs.copy(fs.dirname(input), dir)
  fs.write(fs.join(dir, "serverless.yml"), without_plugins(fs.read(input)))
  handler_files(dir, document)
  local env = { HOME = scratch.path, SLS_TELEMETRY_DISABLED = "1", AWS_ACCESS_KEY_ID = "test",
    AWS_SECRET_ACCESS_KEY = "test" }
  local text, result
  -- Some services only have a stage when the author gives one.
  for _, more in ipairs { {}, { "--stage", "dev" } } do
    result = process.run { argv = { osls, "package", table.unpack(more) }, cwd = dir, env = env,
      timeout = 120 }
    text = fs.read(fs.join(dir, ".serverless/cloudformation-template-update-stack.json"))
    if text then break end
  end
  if text then return json.decode(text) end
  local said = result and result.stdout .. result.stderr or "it does not start"
  return nil, (said:match("Error:\n(.-)\n\n") or said:sub(-200)):gsub("%s+", " ")
end

-- --- comparing -----------------------------------------------------------------------------------

-- What we leave out or name otherwise on purpose: pattern of the id, and why.
local ON_PURPOSE = {
  { "^ServerlessDeploymentBucket", "the framework's own bucket" },
  { "^CustomApiGatewayAccount", "a custom resource; ApiGatewayAccount stands for it" },
  { "^IamRoleCustomResources", "serves a custom resource" },
  { "CustomS31$", "a custom resource; the bucket's own notification stands for it" },
  { "^CustomDashresource", "serves a custom resource" },
  { "LambdaPermissionFn$", "needs an attribute that the provider does not have" },
  { "^%w+Notification$", "in place of a custom resource" },
  { "LambdaPermission%w*BucketS3$", "the custom resource gives it itself" },
  { "^ApiGatewayAccount$", "in place of a custom resource" },
  { "^IamRoleApiGatewayLogs$", "in place of a custom resource" },
  { "^ApiGatewayStage$", "the framework changes the stage after the deployment of the stack" },
  { "LogsSubscriptionFilterCloudWatchLog%d*$", "one permission for each log group" },
}

-- The same for single properties: pattern of the id, pattern of the path.
local PROPERTY_ON_PURPOSE = {
  { "AlbM?u?l?t?i?V?a?l?u?e?TargetGroup", "^%.P%.Name", "a hash of the same parts" },
  { "^ApiGatewayDeployment$", "^%.P%.StageName", "the stage is a resource of its own" },
  { "^ApiGatewayMethod", "Access%-Control%-Allow%-Credentials", "API Gateway wants quotes" },
  { "^ApiGatewayMethod", "ResponseTemplates", "texts of our own" },
  { "LambdaFunction$", "^%.P%.Runtime", "the default of a release of the framework" },
  { "LambdaVersion$", "Description", "the function's own" },
  { "", "AWS::Region", "${aws:region} is where it is deployed" },
  { "", "us%-east%-1.*%-.* instead of \"yes\"", "${aws:region} is where it is deployed" },
  { "EventBridgeLambdaPermission%d+$", "SourceArn", "the same ARN, as a reference" },
  { "^WebsocketsDeploymentStage$", "DestinationArn", "the same ARN, as a reference" },
  { "^HttpApiAuthorizer", "IdentitySource", "no source is no list" },
}

-- Ids with a hash or a time in them.
local function plain_id(id)
  return (id:gsub("LambdaVersion[%w]+$", "LambdaVersion")
    :gsub("^ApiGatewayDeployment%d+$", "ApiGatewayDeployment")
    :gsub("^WebsocketsDeployment%w+$", function(name)
      return name == "WebsocketsDeploymentStage" and name or "WebsocketsDeployment"
    end))
end

-- Properties that differ by nature: code is packaged otherwise, hashes, texts of our own.
local IGNORED = { Code = true, CodeSha256 = true, Content = true, StageKeys = true,
  MethodResponses = true, RequestTemplates = true }

local function empty(value)
  return value == nil or value == "" or type(value) == "userdata"
    or type(value) == "table" and next(value) == nil
end

-- The parts of a Join as one text.
local function joined(value)
  local delimiter, parts, out = value[1], value[2], {}
  if type(parts) ~= "table" then return nil end
  for i, part in ipairs(parts) do
    out[i] = type(part) == "table" and json.encode(part) or tostring(part)
  end
  return table.concat(out, delimiter)
end

local comparable

-- Rights as a set: one line for each action on each resource.
local function rights(statements)
  local out = {}
  for _, statement in ipairs(statements) do
    local actions, targets = statement.Action, statement.Resource
    if type(actions) ~= "table" then actions = { actions } end
    if type(targets) ~= "table" or targets[1] == nil then targets = { targets } end
    for _, action in ipairs(actions) do
      for _, target in ipairs(targets) do
        local where = comparable(target)
        if type(where) == "table" then where = json.encode(where) end
        out[action .. " " .. tostring(where)] = "yes"
      end
    end
  end
  return out
end

local function tag_map(list)
  local out = {}
  for _, tag in ipairs(list) do out[tostring(tag.Key)] = comparable(tag.Value) end
  return out
end

local function set_of(items)
  local out = {}
  for _, item in ipairs(items) do out[tostring(item)] = "yes" end
  return out
end

local SPECIAL = { Tags = tag_map, Statement = rights, AllowMethods = set_of }

-- References to ids with a hash become plain; numbers and their texts, one value and a list of it,
-- are the same.
comparable = function(value)
  if type(value) == "string" then return plain_id(value) end
  if type(value) == "number" then return ("%.14g"):format(value) end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "table" then return nil end
  if value["Fn::Join"] then return joined(value["Fn::Join"]) end
  if #value == 1 then return comparable(value[1]) end
  local out = {}
  for key, item in pairs(value) do
    if not IGNORED[key] and not empty(item) then
      local special = type(item) == "table" and item[1] ~= nil and SPECIAL[key]
      out[key] = (special or comparable)(item)
    end
  end
  return next(out) and out or nil
end

local function difference(a, b, path, out)
  if type(a) ~= type(b) or type(a) ~= "table" then
    if a ~= b then out[#out + 1] = path .. ": " .. json.encode(a == nil and "-" or a):sub(1, 90)
      .. " instead of " .. json.encode(b == nil and "-" or b):sub(1, 90) end
    return
  end
  for key in pairs(a) do difference(a[key], b[key], path .. "." .. key, out) end
  for key in pairs(b) do
    if a[key] == nil then difference(nil, b[key], path .. "." .. key, out) end
  end
end

local function remaining(id, found)
  local out = {}
  for _, text in ipairs(found) do
    local known = false
    for _, row in ipairs(PROPERTY_ON_PURPOSE) do
      known = known or id:find(row[1]) ~= nil and text:find(row[2]) ~= nil
    end
    if not known then out[#out + 1] = text end
  end
  return out
end

local function reason_for(id)
  for _, row in ipairs(ON_PURPOSE) do
    if id:find(row[1]) then return row[2] end
  end
end

local function compare(ours, theirs)
  local counts, lines = { same = 0, explained = 0, different = 0 }, {}
  local expected, got = {}, {}
  for id, resource in pairs(theirs.Resources) do expected[plain_id(id)] = resource end
  for id, resource in pairs(ours.Resources) do got[id] = resource end
  for id, resource in pairs(expected) do
    local mine, found = got[id], {}
    if not mine then
      found[1] = "missing, " .. resource.Type
    else
      difference(comparable { T = mine.Type, P = mine.Properties },
        comparable { T = resource.Type, P = resource.Properties }, "", found)
    end
    local left = remaining(id, found)
    local kind = #found == 0 and "same" or (#left == 0 or reason_for(id)) and "explained"
      or "different"
    counts[kind] = counts[kind] + 1
    for _, text in ipairs(kind == "different" and left or {}) do
      lines[#lines + 1] = "    " .. id .. " " .. text
    end
  end
  for id, resource in pairs(got) do
    if not expected[id] and reason_for(id) then
      counts.explained = counts.explained + 1
    elseif not expected[id] then
      counts.different = counts.different + 1
      lines[#lines + 1] = "    " .. id .. " only ours, " .. tostring(resource.Type)
    end
  end
  table.sort(lines)
  return counts, lines
end

local function run_one(osls, input, scratch)
  local text = without_plugins(fs.read(input))
  local document = yaml.decode(text, { file = input, tags = "cloudformation" })
  if type(document) ~= "table" then return nil, "not readable" end
  local built, err = serverless.template(document, { path = input, out = scratch, text = text })
  if not built then return nil, "we: " .. err.message end
  if built.unsupported then
    local first = built.unsupported[1]
    return nil, ("we: %s %s"):format(tostring(first.property), first.reason)
  end
  local theirs
  theirs, err = package(osls, input, document)
  if not theirs then return nil, "osls: " .. err end
  return compare(built.template, theirs)
end

if #options.inputs == 0 then corpus_inputs() end
if #options.inputs == 0 then
  print("no services at " .. corpus .. ": skipped")
  return
end
local home <close> = fs.tempdir("serverless-osls")
local osls, why = install(home.path)
if not osls then
  print(why .. ": skipped")
  return
end
local total = { same = 0, explained = 0, different = 0, compared = 0 }
print(("%5s %9s %9s  %s"):format("same", "explained", "different", "service"))
for _, input in ipairs(options.inputs) do
  local counts, lines = run_one(osls, input, home.path)
  local name = input:sub(1, #corpus) == corpus and input:sub(#corpus + 2) or input
  if counts then
    total.compared = total.compared + 1
    for kind, n in pairs(counts) do total[kind] = total[kind] + n end
    print(("%5d %9d %9d  %s"):format(counts.same, counts.explained, counts.different, name))
    for _, line in ipairs(lines) do print(line) end
  else
    print(("%5s %9s %9s  %s: %s"):format("-", "-", "-", name, lines))
  end
end
print(("%d services compared: %d resources the same, %d explained, %d different"):format(
  total.compared, total.same, total.explained, total.different))
