-- SPDX-License-Identifier: Apache-2.0
-- Packages of functions and layers: inline code, local folders, and stand-ins for what is not
-- there. Packages are only described here (scope.packages[path] = {files=}, {dir=} or
-- {base=, names=}); whoever writes the result makes the zip files.
local cfn_response = require "std.normalize.cfn_response"

local M = {}

-- The bucket name that says "a folder beside the template"; SAM and Serverless inputs use it.
M.LOCAL = "lsqm-local"

local PYTHON = "def %s(event, context):\n    return {\"statusCode\": 200, \"body\": \"{}\"}\n"
local NODE = "exports.%s = async () => ({ statusCode: 200, body: \"{}\" });\n"
local RUBY = "def %s(event:, context:)\n  { statusCode: 200, body: \"{}\" }\nend\n"
local STUBS = { { "^python", "py", PYTHON }, { "^nodejs", "js", NODE }, { "^ruby", "rb", RUBY } }

---Files of a handler that answers 200, for a runtime and handler name.
---@return table<string, string>
function M.stub(runtime, handler)
  for _, stub in ipairs(STUBS) do
    if runtime:find(stub[1]) then
      local module, name = handler:match("^(.*)%.([^.]+)$")
      module = (module or "index"):gsub("%.", "/"):gsub("^/+", "")
      return { [module .. "." .. stub[2]] = stub[3]:format(name or "handler") }
    end
  end
  return { bootstrap = "#!/bin/sh\nexit 0\n" }
end

local function package(self, body, content)
  local path = "packages/" .. self.label .. ".zip"
  self.scope.packages[path] = content
  body:raw("filename", '"${path.module}/' .. path .. '"')
  body:raw("source_code_hash", 'filebase64sha256("${path.module}/' .. path .. '")')
end

local function read_of(self, key) return self.scope:constant(self:value(self.props[key])) end

local function put_stub(self, body, what)
  local runtime, handler = read_of(self, "Runtime") or "", read_of(self, "Handler") or ""
  self.scope:assume(("%s: %s replaced by a stub handler"):format(self.id, what))
  package(self, body, { files = M.stub(runtime, handler) })
end

-- What a value known at deploy time is where the root is tried out.
local DEPLOYED = {
  ["data.aws_region.current.name"] = "us-east-1",
  ["data.aws_caller_identity.current.account_id"] = "000000000000",
  ["data.aws_partition.current.partition"] = "aws",
  ["data.aws_partition.current.dns_suffix"] = "amazonaws.com",
}

local function inline_text(self, value)
  local node = self:value(value)
  local text = self.scope:constant(node)
  if text then return text end
  local known = setmetatable({ ["var.stack_name"] = self.scope.stack_name },
    { __index = DEPLOYED })
  text = self.scope:constant(node, known)
  if text then
    self.scope:assume(("%s: inline code has the region, account or stack name of a trial")
      :format(self.id))
  end
  return text
end

-- Modules of JavaScript have an ending of their own.
local function extension_of(runtime, text)
  if not runtime:find("^nodejs") then return "py" end
  local source = "\n" .. text
  local is_module = source:find("\n%s*import%s+[%w{*\"']") or source:find("\n%s*export%s+%l")
  return is_module and not source:find("require%(") and not source:find("exports%.") and "mjs"
    or "js"
end

local function inline(self, value, body)
  local text = inline_text(self, value)
  if not text then return self:unsupported(nil, "inline code with values known at deploy time") end
  local runtime = read_of(self, "Runtime") or ""
  if not runtime:find("^nodejs") and not runtime:find("^python") then
    return self:unsupported(nil, "inline code for runtime " .. runtime)
  end
  local extension = extension_of(runtime, text)
  local files = { ["index." .. extension] = text }
  cfn_response.add(files, text, extension)
  package(self, body, { files = files })
end

-- A bucket that the template makes is left alone; anything else is not there to be read.
local function from_bucket(self, value, body)
  local bucket = self:value(value.S3Bucket)
  local key = self.scope:constant(self:value(value.S3Key)) or "package"
  if bucket == M.LOCAL then
    local content = self.scope.local_package and self.scope.local_package(key)
    if content then return package(self, body, content) end
  elseif type(bucket) == "table" and bucket.k == "raw" and bucket.text:find("^aws_s3_") then
    return self:map(value, { S3ObjectVersion = "s3_object_version" }, body)
  end
  put_stub(self, body, "package " .. key)
end

local CODE = { ZipFile = true, ImageUri = true, S3Bucket = true, S3Key = true,
  S3ObjectVersion = true, S3ObjectStorageMode = true }

---Property Code of a function; a text is a path, which CloudFormation's packaging replaces.
function M.lambda(self, value, body)
  if type(value) == "string" then value = { S3Bucket = M.LOCAL, S3Key = value } end
  if type(value) ~= "table" then return self:unsupported(nil, "code of no known form") end
  for key in pairs(value) do
    if not CODE[key] then self:unsupported(nil, key .. " has no counterpart") end
  end
  if value.ZipFile ~= nil then return inline(self, value.ZipFile, body) end
  if value.ImageUri ~= nil then return body:set("image_uri", self:value(value.ImageUri)) end
  if value.S3Bucket == nil then return put_stub(self, body, "missing package") end
  from_bucket(self, value, body)
end

---Property Content of a layer.
function M.layer(self, value, body)
  if type(value) ~= "table" or value.S3Bucket == nil then
    return self:unsupported(nil, "content in another place")
  end
  local key = self.scope:constant(self:value(value.S3Key)) or "layer"
  local content = value.S3Bucket == M.LOCAL and self.scope.local_package
    and self.scope.local_package(key)
  if not content then
    self.scope:assume(("%s: layer content %s replaced by an empty one"):format(self.id, key))
    content = { files = { ["README"] = "empty layer\n" } }
  end
  package(self, body, content)
end

---What a function needs besides its properties.
function M.finish_lambda(self, _, body)
  if self.scope.published and self.scope.published[self.id] then body:raw("publish", "true") end
  if not body:has("image_uri") and not body:has("handler") and body:has("filename") then
    if not body:has("package_type") then body:set("handler", "index.handler") end
  end
end

return M
