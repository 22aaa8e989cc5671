-- SPDX-License-Identifier: Apache-2.0
-- How bad a difference is and what it means. Each row is a Lua pattern on the field's path and its
-- cases {severity, meaning, when = function(difference)?}: the first case of the first rows whose
-- pattern matches and whose `when` agrees decides. `when` gets {path, type, source, target, secret,
-- distance, infrastructure}.
--
-- Severities: info, warning, error, critical.

local function missing(d) return d.type == "missing_in_source" end
local function surplus(d) return d.type == "missing_in_target" end
local function missing_infrastructure(d) return missing(d) and d.infrastructure end
local function secret(d) return d.secret and d.type == "value_mismatch" end
local function distance(name) return function(d) return d.distance == name end end

-- A number that is at least twice or at most half of the other.
local function far(d)
  local a, b = tonumber(d.source), tonumber(d.target)
  return a ~= nil and b ~= nil and (a >= 2 * b or b >= 2 * a)
end

return {
  { "^service$",
    { "critical", "a part of the infrastructure is not there: nothing that needs it can be tested",
      when = missing_infrastructure },
    { "error", "the service is not there", when = missing },
    { "warning", "the service runs only here" } },

  { "^container%.image$",
    { "critical", "another program", when = distance "repository" },
    { "critical", "another major version: data formats and interfaces may differ",
      when = distance "major" },
    { "error", "another minor version: features and defaults may differ",
      when = distance "minor" },
    { "warning", "a tag against a digest: the tag may have moved", when = distance "digest" },
    { "warning", "another build of the same version" } },
  { "^container%.platform$", { "warning", "another processor architecture" } },
  { "^container%.", { "error", "the program is started differently" } },

  { "^networking%.ports",
    { "error", "a port that others use is not published", when = missing },
    { "info", "one more port is published", when = surplus },
    { "warning", "the port is reached elsewhere" } },
  { "^networking%.networks", { "error", "the service sees other services than there" } },
  { "^networking%.", { "warning", "the service has another name" } },

  { "^storage%..*propagation$", { "warning", "mounts spread differently" } },
  { "^storage%.",
    { "error", "data that should be kept or shared is not", when = missing },
    { "warning", "data is kept elsewhere or may be written" } },

  { "^health_check$",
    { "error", "nobody sees when the service is broken, and what waits for it does not wait",
      when = missing } },
  { "^health_check", { "warning", "health is judged differently" } },
  { "^dependencies",
    { "error", "the service may start before what it needs", when = missing },
    { "warning", "the order of starting differs" } },

  { "^resource_limits",
    { "error", "limits differ by a factor of two or more: load behaves differently", when = far },
    { "warning", "load behaves differently" } },

  { "^environment_variables",
    { "info", "the secret differs, as it should between environments", when = secret },
    { "error", "the program does not get this setting", when = missing },
    { "info", "a setting of this side", when = surplus },
    { "warning", "the program is set up differently" } },
  { "^labels", { "info", "only a label" } },

  { "^compose%.scale$",
    { "error", "the number of containers differs by a factor of two or more", when = far },
    { "warning", "another number of containers" } },
  { "^compose%.containers$", { "error", "the containers of the service are not alike" } },
  { "^compose%.devices$", { "error", "other devices of the host" } },
  { "^compose%.privileged$", { "critical", "other rights on the host" } },
  { "^compose%.cap_", { "error", "other rights on the host" } },
  { "^compose%.user$", { "error", "other rights in the container" } },
  { "^compose%.restart$", { "warning", "comes back differently after a crash" } },
  { "^compose%.", { "warning", "the container is made differently" } },
  { "^networks", { "error", "services reach each other differently" } },
  { "^volumes", { "warning", "data is kept differently" } },
  { "^drift", { "warning", "what is written is not what counts" } },
}
