-- SPDX-License-Identifier: Apache-2.0
-- What `up` cannot do is refused by name before anything is made; what it leaves aside is told.

local compose_service = require "std.compose.service"
local error_of = require "std.error"
local fs = require "std.fs"
local origin = require "std.compose.origin"
local table_of = require "std.table"

local M = {}

-- Keys that a service may not have, and what to do instead.
local REFUSED <const> = {
  { "blkio_config" }, { "credential_spec" }, { "isolation" }, { "cpu_count" }, { "cpu_percent" },
  { "use_api_socket" },
  { "models", "run the model as a service with an image" },
  { "provider", "start it by its own program and leave the service out of this profile" },
  { "post_start", "put it into the entrypoint, or into a service that depends on this one" },
  { "pre_stop", "put it into the entrypoint's handler of the stop signal" },
}
local REFUSED_OF_BUILD <const> = {
  { "secrets" }, { "ssh" }, { "additional_contexts" }, { "platforms" }, { "entitlements" },
  { "isolation" }, { "privileged" },
}
local BUILD_HINT <const> = "build it with `docker build` and name it by image:"

local PULL_POLICIES <const> = table_of.set { "always", "missing", "if_not_present", "never",
  "build" }

local function refuse(name, place, what, hint)
  place = place or {}
  error(error_of.new { op = "service " .. name, code = "unsupported", hint = hint,
    message = what .. " is not something that lsqm parity up can do", file = place.file,
    line = place.line }, 0)
end

local function check_keys(name, t, rows, prefix, default_hint)
  for _, row in ipairs(rows) do
    if t[row[1]] ~= nil then
      refuse(name, origin.at(t, row[1]), prefix .. row[1], row[2] or default_hint)
    end
  end
end

-- Keys of `build` that the engine's plain builder is not told.
local ASIDE_OF_BUILD <const> = { "tags", "pull", "shm_size", "ulimits", "extra_hosts" }

-- Several containers cannot have one port of the host.
local function check_ports(name, service)
  if compose_service.replicas(service) < 2 then return end
  for i, port in ipairs(service.ports or {}) do
    if port.published and port.published:find("^%d+$") and port.published ~= "0" then
      refuse(name, origin.at(service.ports, i), ("port %s for %d containers"):format(
        port.published, compose_service.replicas(service)),
        ("give a range (8000-8010:%d) or the container's port alone"):format(port.target))
    end
  end
end

local function check_files(project, name, service)
  for _, section in ipairs { "secrets", "configs" } do
    for i, item in ipairs(service[section] or {}) do
      local resource, place = project[section][item.source], origin.at(service[section], i)
      local what = section .. "." .. item.source
      if resource.environment and project.variables(resource.environment) == nil then
        refuse(name, place, ("%s of the variable %s, which is not set,"):format(what,
          resource.environment), "set it in the shell or in .env")
      elseif resource.file and not fs.exists(resource.file) then
        refuse(name, place, ("%s of the file %s, which is not there,"):format(what, resource.file))
      elseif not (resource.file or resource.content or resource.environment) then
        refuse(name, place, what .. " without a file, content or environment",
          "external ones are of a swarm: name a file in an override")
      end
    end
  end
end

--- Raises where a service wants what cannot be done here.
function M.check(project)
  for name, service in table_of.sorted_pairs(project.services) do
    check_keys(name, service, REFUSED, "")
    check_keys(name, service.build or {}, REFUSED_OF_BUILD, "build.", BUILD_HINT)
    if service.pull_policy and not PULL_POLICIES[service.pull_policy] then
      refuse(name, origin.at(service, "pull_policy"), "pull_policy " .. service.pull_policy,
        "use always, missing, never or build")
    end
    if not service.image and not service.build then
      refuse(name, origin.at(service), "a service without image and build")
    end
    check_ports(name, service)
    check_files(project, name, service)
  end
end

local function add_aside(lines, place, text, ...)
  lines[#lines + 1] = ("%s: %s"):format(origin.show(place) or "?", text:format(...))
end

local function file_rights(project, name, service, lines)
  for _, section in ipairs { "secrets", "configs" } do
    for i, item in ipairs(service[section] or {}) do
      if item.uid or item.gid or item.mode and project[section][item.source].file then
        add_aside(lines, origin.at(service[section], i),
          "services.%s: uid, gid and mode of %s.%s are left aside", name, section, item.source)
      end
    end
  end
end

--- What is left aside, as lines for people.
---@return string[]
function M.left_aside(project)
  local lines = {}
  for name, service in table_of.sorted_pairs(project.services) do
    file_rights(project, name, service, lines)
    for _, key in ipairs(ASIDE_OF_BUILD) do
      if service.build and service.build[key] ~= nil then
        add_aside(lines, origin.at(service.build, key), "services.%s: build.%s is left aside",
          name, key)
      end
    end
  end
  return lines
end

return M
