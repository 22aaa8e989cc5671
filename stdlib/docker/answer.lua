-- SPDX-License-Identifier: Apache-2.0
-- What the engine says, as values and errors: private to std.docker.

local error_of = require "std.error"
local json = require "std.json"

local M = {}

local CODES <const> = { [400] = "invalid", [401] = "denied", [403] = "denied",
  [404] = "not_found", [409] = "conflict", [503] = "unavailable" }

-- An absent field and a null one mean the same to readers of the engine's answers.
local function without_nulls(value)
  if type(value) ~= "table" then return value end
  for key, field in pairs(value) do
    if field == json.null then value[key] = nil else without_nulls(field) end
  end
  return value
end

--- Reads one JSON text of the engine.
---@return any|nil
---@return lsqm.Error|nil
function M.decode(text, op)
  local value, err = json.decode(text)
  if value == nil then
    return nil, error_of.new { op = op, code = "http", cause = err,
      message = "the engine's answer is not JSON: " .. text:sub(1, 80) }
  end
  return without_nulls(value)
end

-- "No such image: alpine:9" reads better as "image not found: alpine:9".
local function reword(message)
  local what, name = message:match("^.*[Nn]o such (%w+): (%S+)%s*$")
  if what then message = what .. " not found: " .. name end
  message = message:gsub("%s+$", ""):gsub("%.$", "")
  return (message:gsub("^%u%l", string.lower))
end

--- The error that a non-2xx answer is.
---@return lsqm.Error
function M.failure(op, answer)
  local value = answer.body ~= "" and json.decode(answer.body)
  local message = type(value) == "table" and value.message or answer.body
  if type(message) ~= "string" or message == "" then message = "status " .. answer.status end
  return error_of.new { op = op, code = CODES[answer.status] or "http", status = answer.status,
    message = reword(message) }
end

--- The transport's error under the operation's name.
---@return lsqm.Error
function M.unreachable(op, err)
  return error_of.new { op = op, code = err.code, message = err.message, hint = err.hint }
end

local function escape(text)
  return (tostring(text):gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

--- "/containers/" .. id .. "?force=true&…": fields that are nil or false are left out, tables
--- become JSON. Segments must have been escaped with M.segment.
function M.path(path, query)
  local parts = {}
  for key, value in pairs(query or {}) do
    if value ~= false then
      if type(value) == "table" then value = json.encode(value) end
      parts[#parts + 1] = escape(key) .. "=" .. escape(value)
    end
  end
  table.sort(parts)
  return #parts > 0 and path .. "?" .. table.concat(parts, "&") or path
end

--- A name as part of a path; image names keep their slashes.
function M.segment(name)
  return (escape(name):gsub("%%2F", "/"):gsub("%%3A", ":"):gsub("%%40", "@"))
end

--- {a = "b"} or {"a", "c=d"} as the engine's label filter.
local function label_list(labels)
  local list = {}
  for key, value in pairs(labels or {}) do
    list[#list + 1] = type(key) == "number" and value or key .. "=" .. tostring(value)
  end
  table.sort(list)
  return json.array(list)
end

local LISTS <const> = { "Env", "Cmd", "Entrypoint", "Shell", "Binds", "CapAdd", "CapDrop",
  "Devices", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "Links", "Mounts",
  "SecurityOpt", "Ulimits", "VolumesFrom" }

--- Marks the empty lists of a container's spec: a bare {} would be sent as an object, which the
--- engine refuses.
function M.mark_lists(spec)
  for _, name in ipairs(LISTS) do
    local list = spec[name]
    if type(list) == "table" and next(list) == nil then json.array(list) end
  end
  if type(spec.HostConfig) == "table" then M.mark_lists(spec.HostConfig) end
  return spec
end

--- Filters of a list call from {labels=, filters={status={"running"}}}.
function M.filters(options)
  local filters = {}
  for key, value in pairs(options.filters or {}) do
    filters[key] = json.array(type(value) == "table" and value or { value })
  end
  if options.labels then filters.label = label_list(options.labels) end
  return next(filters) and filters or nil
end

return M
