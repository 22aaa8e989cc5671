-- SPDX-License-Identifier: Apache-2.0
-- What kind of template a text is, by what it contains.
local M = {}

local function serverless(text)
  return text:find("\n?service%s*:") and (text:find("\nprovider%s*:") or text:find("^provider%s*:"))
    and (text:find("\n%s+name%s*:") or text:find("\nprovider%s*:%s*%w"))
end

local function is_json(text) return text:find("^%s*{") ~= nil end

local function has_key(text, key)
  if is_json(text) then return text:find('"' .. key .. '"%s*:') ~= nil end
  return text:find("\n" .. key .. "%s*:") ~= nil or text:find("^" .. key .. "%s*:") ~= nil
    or text:find('\n"' .. key .. '"%s*:') ~= nil
end

-- A type at the depth of a resource: "Type: AWS::S3::Bucket".
local function has_types(text)
  return text:find("[\"']?Type[\"']?%s*:%s*[\"']?AWS::%w+::%w+")
    or text:find("[\"']?Type[\"']?%s*:%s*[\"']?Custom::%w+")
end

---@param path string
---@param text string
---@return "terraform"|"cfn"|"sam"|"serverless"|"cdk"|nil
function M.detect(path, text)
  if path:find("%.tf$") then return "terraform" end
  if has_key(text, "Resources") and has_types(text) then
    if text:find("AWS::Serverless-2016-10-31", 1, true) then return "sam" end
    if text:find("aws:cdk:path", 1, true) or text:find("AWS::CDK::Metadata", 1, true)
      or text:find("/cdk-bootstrap/", 1, true) then return "cdk" end
    return "cfn"
  end
  if not is_json(text) and serverless("\n" .. text) and has_key(text, "functions") then
    return "serverless"
  end
  local name = path:match("[^/]+$") or path
  if name:find("^serverless%.ya?ml$") and has_key(text, "service") then return "serverless" end
  return nil
end

return M
