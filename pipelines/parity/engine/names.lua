-- SPDX-License-Identifier: Apache-2.0
-- What things of a project are called in the engine and in its containers.

local fs = require "std.fs"
local origin = require "std.compose.origin"

local M = {}

--- Where secrets and configs lie in a container when no target says it.
M.FOLDERS = { secrets = "/run/secrets/", configs = "/" }

---@param section "secrets"|"configs"
---@param item {source: string, target: string?}
function M.target_of(section, item)
  local target = item.target or item.source
  return target:sub(1, 1) == "/" and target or M.FOLDERS[section] .. target
end

--- The name of a service's container.
---@param number integer? which of several, from 1
function M.container(project, name, number)
  return project.services[name].container_name
    or ("%s-%s-%d"):format(project.name, name, number or 1)
end

--- `service:NAME` is the first container of that service.
function M.shared(project, text)
  local other = (text or ""):match("^service:(.+)$")
  if other and project.services[other] then return "container:" .. M.container(project, other) end
  return text
end

--- Image of a service: given, or the name that a build gets.
function M.image(project, name)
  return project.services[name].image or ("%s-%s"):format(project.name, name)
end

--- The platform that a service asks for; "" is what `platform: ${PLATFORM:-}` leaves.
function M.platform(project, name)
  local platform = project.services[name].platform
  return platform ~= "" and platform or nil
end

--- The folder of the file that a service was written in.
function M.folder_of(service)
  local place = origin.at(service)
  return place and fs.dirname(place.file) or "."
end

return M
