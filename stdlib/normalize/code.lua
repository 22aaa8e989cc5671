-- SPDX-License-Identifier: Apache-2.0
-- Packages of functions and layers: inline code, local folders, and stand-ins for what is not
-- there. Packages are only described here (scope.packages[path] = {files=}, {dir=} or
-- {base=, names=}); whoever writes the result makes the zip files.
local expr = require "std.normalize.expr"

local M = {}

-- The bucket name that says "a folder beside the template"; SAM and Serverless inputs use it.
M.LOCAL = "lsqm-local"

---The text of a node where parameters stand for their defaults, or nil.
---@return string|nil
function M.constant(scope, node)
  if type(node) ~= "table" then return node ~= nil and expr.scalar(node) or nil end
  if node.k == "raw" then
    for _, parameter in pairs(scope.parameters) do
      if parameter.node.text == node.text and type(parameter.variable.default) ~= "table" then
        return expr.scalar(parameter.variable.default)
      end
    end
    return nil
  end
  if node.k ~= "tpl" then return nil end
  local out = {}
  for i, part in ipairs(node.parts) do
    out[i] = M.constant(scope, part)
    if not out[i] then return nil end
  end
  return table.concat(out)
end

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

local function read_of(self, key) return M.constant(self.scope, self:value(self.props[key])) end

local function put_stub(self, body, what)
  local runtime, handler = read_of(self, "Runtime") or "", read_of(self, "Handler") or ""
  self.scope:assume(("%s: %s replaced by a stub handler"):format(self.id, what))
  package(self, body, { files = M.stub(runtime, handler) })
end

local EXTENSIONS = { { "^python", "py" }, { "^nodejs", "js" } }

local function inline(self, value, body)
  local text = M.constant(self.scope, self:value(value))
  if not text then return self:unsupported(nil, "inline code with values known at deploy time") end
  local runtime, name = read_of(self, "Runtime") or "", "index.py"
  for _, entry in ipairs(EXTENSIONS) do
    if runtime:find(entry[1]) then name = "index." .. entry[2] end
  end
  package(self, body, { files = { [name] = text } })
end

-- A bucket that the template makes is left alone; anything else is not there to be read.
local function from_bucket(self, value, body)
  local bucket = self:value(value.S3Bucket)
  local key = M.constant(self.scope, self:value(value.S3Key)) or "package"
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

---Property Code of a function.
function M.lambda(self, value, body)
  if type(value) ~= "table" then return self:unsupported(nil, "code as a path") end
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
  local key = M.constant(self.scope, self:value(value.S3Key)) or "layer"
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
