-- SPDX-License-Identifier: Apache-2.0
-- Services for the specs of normalising serverless.yml, and what they expand to.
local assert = require "luassert"
local fs = require "std.fs"
local serverless = require "std.normalize.serverless"
local yaml = require "std.yaml"

local M = {}

M.HEAD = "service: my-svc\nprovider:\n  name: aws\n  runtime: nodejs20.x\n"
M.ARN = { ["Fn::GetAtt"] = { "HelloDashworldLambdaFunction", "Arn" } }

---What a service expands to, from its text and files beside it.
function M.expand(text, files)
  local dir = fs.tempdir("serverless-spec")
  local path = fs.join(dir.path, "serverless.yml")
  fs.write(path, text)
  assert(fs.write_all(dir.path, files or {}))
  local document = assert(yaml.decode(text, { file = path, tags = "cloudformation" }))
  local built, err = serverless.template(document, { path = path, text = text,
    out = fs.join(dir.path, "out") })
  return built, err, dir
end

---Resources of a service with one function and these events, and settings of the provider.
function M.resources(events, provider, rest)
  local built, err = M.expand(M.HEAD .. (provider or "") .. "functions:\n  auth: { handler: a.b }\n"
    .. "  hello-world:\n    handler: a.b\n    events:\n" .. events .. (rest or ""))
  assert(built, err and err.message)
  assert.same({}, built.unsupported or {})
  return built.template.Resources, built
end

---What an expansion refuses, one line each.
function M.refusals(text)
  local built, err = M.expand(text)
  assert(built, err and err.message)
  local out = {}
  for _, entry in ipairs(built.unsupported or {}) do
    out[#out + 1] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return out
end

return M
