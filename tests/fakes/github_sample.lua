-- SPDX-License-Identifier: Apache-2.0
-- GitHub's objects as the description wants them: every required field is there, with a plain
-- value of its type, and ours on top. Without a description only ours are.
local json = require "std.json"

local M = {}

local blank

local function resolve(description, schema)
  local name = schema["$ref"] and schema["$ref"]:match "^#/components/schemas/(.+)$"
  return name and description.components.schemas[name] or schema
end

local function object_of(description, schema)
  local value = {}
  for _, key in ipairs(schema.required or {}) do
    local property = schema.properties and schema.properties[key]
    value[key] = json.null
    if property then value[key] = blank(description, property) end
  end
  return next(value) and value or json.object {}
end

local PLAIN = { string = "x", integer = 1, number = 1, boolean = false }
local FORMATS = { uri = "https://example.com/x", ["date-time"] = "2026-01-01T00:00:00Z",
  email = "a@example.com" }

function blank(description, schema)
  schema = resolve(description, schema)
  if schema.nullable then return json.null end
  local choice = schema.allOf or schema.oneOf or schema.anyOf
  if choice then return blank(description, choice[1]) end
  if schema.enum then return schema.enum[1] end
  if schema.type == "array" then return json.array {} end
  if schema.type == "object" or schema.properties then return object_of(description, schema) end
  local plain = FORMATS[schema.format or ""]
  if plain == nil then plain = PLAIN[schema.type] end
  if plain == nil then return json.null end
  return plain
end

local function of(description, name, fields)
  local value = description and blank(description, { ["$ref"] = "#/components/schemas/" .. name })
    or {}
  for key, field in pairs(fields) do value[key] = field end
  return value
end

function M.user(description, login)
  return of(description, "public-user", { login = login, user_view_type = "public" })
end

local function author(description, login)
  return of(description, "simple-user", { login = login })
end

local function repository(description, kind, name, repo)
  return of(description, kind, { full_name = name, name = name:match "[^/]+$",
    owner = author(description, name:match "^[^/]+"),
    default_branch = repo.default_branch or "main", html_url = "https://github.com/" .. name,
    archived = repo.archived or false, fork = repo.fork or false, disabled = false,
    size = repo.size or 1, pushed_at = repo.pushed_at or "2026-01-01T00:00:00Z" })
end

function M.repository(description, name, repo)
  return repository(description, "minimal-repository", name, repo)
end

function M.full_repository(description, name, repo)
  return repository(description, "full-repository", name, repo)
end

function M.labels(description, names)
  local list = json.array {}
  for i, name in ipairs(names) do
    list[i] = of(description, "label", { name = type(name) == "table" and name.name or name })
  end
  return list
end

function M.issue(description, name, number, fields)
  local url = ("https://api.github.com/repos/%s/issues/%d"):format(name, number)
  return of(description, "issue", { id = number, number = number, state = fields.state or "open",
    title = fields.title, body = fields.body, url = url,
    user = author(description, fields.login or "lsqm-bot"),
    labels = M.labels(description, fields.labels or {}), pull_request = fields.pull_request,
    html_url = ("https://github.com/%s/issues/%d"):format(name, number) })
end

function M.comment(description, name, number, fields)
  return of(description, "issue-comment", { id = fields.id, body = fields.body,
    user = author(description, "lsqm-bot"), url = ("https://api.github.com/repos/%s/issues/"
      .. "comments/%d"):format(name, fields.id), html_url =
      ("https://github.com/%s/issues/%d#issuecomment-%d"):format(name, number, fields.id) })
end

return M
