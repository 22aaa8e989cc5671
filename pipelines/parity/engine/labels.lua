-- SPDX-License-Identifier: Apache-2.0
-- What parity writes on everything that it makes. Only what carries PROJECT is ever removed.

return {
  PROJECT = "lsqm.parity.project",
  SERVICE = "lsqm.parity.service",
  ENVIRONMENT = "lsqm.parity.environment",
  VERSION = "lsqm.parity.version", -- of the service in the files it was started from
  DEPENDS = "lsqm.parity.depends", -- JSON: [{name, condition, restart, required}]
  GRACE = "lsqm.parity.grace", -- seconds that it has to end by itself
  CARRIED = "lsqm.parity.carried", -- JSON: nameless volumes taken over, see engine/carry.lua
  RESOURCE = "lsqm.parity.resource", -- of networks and volumes: their name in the files
  NUMBER = "lsqm.parity.number", -- which of several containers of a service

  -- what docker compose writes on its own
  COMPOSE_PROJECT = "com.docker.compose.project",
  COMPOSE_SERVICE = "com.docker.compose.service",
  COMPOSE_DEPENDS = "com.docker.compose.depends_on",
  COMPOSE_ONEOFF = "com.docker.compose.oneoff",
}
