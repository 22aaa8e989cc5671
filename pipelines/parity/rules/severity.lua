-- SPDX-License-Identifier: Apache-2.0
-- How bad a difference is and what it means: the first row whose pattern (a Lua pattern on the
-- field's path) matches and whose `when` agrees. A pattern of the whole row is enough for most;
-- `when(difference)` gets {path, type, source, target, secret, distance}.
--
-- severity: info, warning, error, critical. says: what it means for parity.

local function missing(d) return d.type == "missing_in_source" end
local function surplus(d) return d.type == "missing_in_target" end
local function secret(d) return d.secret and d.type == "value_mismatch" end
local function distance(name) return function(d) return d.distance == name end end

-- A number that is at least twice or at most half of the other.
local function far(d)
  local a, b = tonumber(d.source), tonumber(d.target)
  return a ~= nil and b ~= nil and (a >= 2 * b or b >= 2 * a)
end

return {
  { "^service$", severity = "critical", when = function(d)
    return missing(d) and d.infrastructure
  end, says = "a part of the infrastructure is not there: nothing that needs it can be tested" },
  { "^service$", severity = "error", when = missing, says = "the service is not there" },
  { "^service$", severity = "warning", says = "the service runs only here" },

  { "^container%.image$", severity = "critical", when = distance "repository",
    says = "another program" },
  { "^container%.image$", severity = "critical", when = distance "major",
    says = "another major version: data formats and interfaces may differ" },
  { "^container%.image$", severity = "error", when = distance "minor",
    says = "another minor version: features and defaults may differ" },
  { "^container%.image$", severity = "warning", when = distance "digest",
    says = "a tag against a digest: the tag may have moved" },
  { "^container%.image$", severity = "warning", says = "another build of the same version" },
  { "^container%.platform$", severity = "warning", says = "another processor architecture" },
  { "^container%.", severity = "error", says = "the program is started differently" },

  { "^networking%.ports", severity = "error", when = missing,
    says = "a port that others use is not published" },
  { "^networking%.ports", severity = "info", when = surplus, says = "one more port is published" },
  { "^networking%.ports", severity = "warning", says = "the port is reached elsewhere" },
  { "^networking%.networks", severity = "error",
    says = "the service sees other services than there" },
  { "^networking%.", severity = "warning", says = "the service has another name" },

  { "^storage%..*propagation$", severity = "warning", says = "mounts spread differently" },
  { "^storage%.", severity = "error", when = missing,
    says = "data that should be kept or shared is not" },
  { "^storage%.", severity = "warning", says = "data is kept elsewhere or may be written" },

  { "^health_check$", severity = "error", when = missing,
    says = "nobody sees when the service is broken, and what waits for it does not wait" },
  { "^health_check", severity = "warning", says = "health is judged differently" },
  { "^dependencies", severity = "error", when = missing,
    says = "the service may start before what it needs" },
  { "^dependencies", severity = "warning", says = "the order of starting differs" },

  { "^resource_limits", severity = "error", when = far,
    says = "limits differ by a factor of two or more: load behaves differently" },
  { "^resource_limits", severity = "warning", says = "load behaves differently" },

  { "^environment_variables", severity = "info", when = secret,
    says = "the secret differs, as it should between environments" },
  { "^environment_variables", severity = "error", when = missing,
    says = "the program does not get this setting" },
  { "^environment_variables", severity = "info", when = surplus, says = "a setting of this side" },
  { "^environment_variables", severity = "warning", says = "the program is set up differently" },
  { "^labels", severity = "info", says = "only a label" },

  { "^compose%.privileged$", severity = "critical", says = "other rights on the host" },
  { "^compose%.cap_", severity = "error", says = "other rights on the host" },
  { "^compose%.user$", severity = "error", says = "other rights in the container" },
  { "^compose%.restart$", severity = "warning", says = "comes back differently after a crash" },
  { "^compose%.", severity = "warning", says = "the container is made differently" },
  { "^networks", severity = "error", says = "services reach each other differently" },
  { "^volumes", severity = "warning", says = "data is kept differently" },
  { "^drift", severity = "warning", says = "what is written is not what counts" },
}
