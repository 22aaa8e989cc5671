-- SPDX-License-Identifier: Apache-2.0
-- Image references: their parts, and whether two mean the same image.

local M = {}

--- {repository, tag, digest} of a reference, with Docker Hub's shortened names written out.
function M.parse(reference)
  local rest, digest = reference:match("^(.-)@(sha256:%x+)$")
  rest = rest or reference
  local repository, tag = rest:match("^(.+):([^:/]+)$")
  repository = repository or rest
  local first = repository:match("^([^/]+)/")
  if not first then
    repository = "docker.io/library/" .. repository
  elseif not first:find("[.:]") and first ~= "localhost" then
    repository = "docker.io/" .. repository
  end
  return { repository = repository, tag = tag or (not digest and "latest" or nil),
    digest = digest }
end

--- Do two references mean the same image? "unknown" where one has a tag, the other a digest, and
--- nobody can say what the tag stands for.
---@param digest_of (fun(reference: string): string?)? asks an engine
---@return "same"|"different"|"unknown"
function M.compare(a, b, digest_of)
  if a == b then return "same" end
  local one, two = M.parse(a), M.parse(b)
  if one.repository ~= two.repository then return "different" end
  if one.digest and two.digest then return one.digest == two.digest and "same" or "different" end
  if one.tag and two.tag and (one.tag ~= two.tag or not (one.digest or two.digest)) then
    return one.tag == two.tag and "same" or "different"
  end
  local known = digest_of and digest_of(one.digest and b or a)
  if known then return known == (one.digest or two.digest) and "same" or "different" end
  return one.tag and two.tag and "same" or "unknown"
end

local function numbers(tag)
  local list = {}
  for part in (tag or ""):match("^v?([%d.]*)"):gmatch("%d+") do
    list[#list + 1] = math.tointeger(tonumber(part))
  end
  return list
end

--- How far apart two images are.
---@return "repository"|"major"|"minor"|"patch"|"tag"|"digest"
function M.distance(a, b)
  local one, two = M.parse(a), M.parse(b)
  if one.repository ~= two.repository then return "repository" end
  if (one.digest == nil) ~= (two.digest == nil) or one.tag == two.tag then return "digest" end
  local m, n = numbers(one.tag), numbers(two.tag)
  if not m[1] or not n[1] then return "tag" end
  if m[1] ~= n[1] then return "major" end
  if m[2] ~= n[2] then return "minor" end
  return m[3] ~= n[3] and "patch" or "tag"
end

return M
