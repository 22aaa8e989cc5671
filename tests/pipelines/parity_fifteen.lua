-- SPDX-License-Identifier: Apache-2.0
-- The environment of fifteen services that the document names: three etcd, three patroni, three
-- redis, three sentinels, backend, frontend, an exporter; and the eight ways in which it drifts.

local M = {}

local function service(name, image, port, more)
  local role = name:gsub("%d+$", "")
  return ([[
  %s:
    image: lsqm-test/%s
    command: [/bin/service, %s, "%d"]
    healthcheck: {test: [CMD, /bin/check, "%d"], interval: 2s, timeout: 2s, retries: 60,
      start_period: 12s}
    networks: [internal]
    stop_grace_period: 5s
%s]]):format(name, image, role, port, port, more or "")
end

local function depends(names)
  local rows = {}
  for _, name in ipairs(names) do
    rows[#rows + 1] = ("      %s: {condition: service_healthy}\n"):format(name)
  end
  return "    depends_on:\n" .. table.concat(rows)
end

--- Compose text of the fifteen; options: {port = host port of the frontend, or 0 for any}.
function M.compose(options)
  local parts = { "name: " .. options.name .. "\nservices:\n" }
  for i = 1, 3 do
    parts[#parts + 1] = service("etcd" .. i, "etcd:3.5", 2379,
      ("    volumes: [\"etcd%d:/data\"]\n"):format(i))
  end
  for i = 1, 3 do
    parts[#parts + 1] = service("patroni" .. i, "patroni:15.2", 8008, ([[
    volumes: ["pg%d:/data"]
    environment: {SCOPE: main, POSTGRES_PASSWORD: a-very-secret-word}
    mem_limit: 64M
]]):format(i) .. depends { "etcd1", "etcd2", "etcd3" })
  end
  for i = 1, 3 do
    parts[#parts + 1] = service("redis" .. i, "redis:7.0", 6379,
      ("    volumes: [\"redis%d:/data\"]\n"):format(i))
  end
  for i = 1, 3 do
    parts[#parts + 1] = service("sentinel" .. i, "redis-sentinel:7.0", 26379,
      depends { "redis1", "redis2", "redis3" })
  end
  parts[#parts + 1] = service("backend", "backend:1.4", 8000, [[
    environment: {LOG_LEVEL: info, DATABASE_HOST: patroni1, CACHE_HOST: redis1}
    restart: unless-stopped
    labels: {team: core}
]] .. depends { "patroni1", "sentinel1" })
  parts[#parts + 1] = service("frontend", "frontend:2.1", 8080, ([[
    ports: ["127.0.0.1:%s8080"]
]]):format(options.port and options.port .. ":" or ":") .. depends { "backend" })
  parts[#parts + 1] = service("exporter", "exporter:0.9", 9100)
  parts[#parts + 1] = "networks: {internal: {}}\nvolumes: {etcd1: {}, etcd2: {}, etcd3: {}, "
    .. "pg1: {}, pg2: {}, pg3: {}, redis1: {}, redis2: {}, redis3: {}}\n"
  return table.concat(parts)
end

--- An override that drifts in eight ways, and the field of each.
M.DRIFT = [[
services:
  patroni1: {image: "lsqm-test/patroni:15.4"}
  patroni2: {mem_limit: 128M}
  patroni3: {volumes: ["pg3:/data:ro"]}
  redis1: {healthcheck: {interval: 3s}}
  sentinel1: {command: [/bin/service, guard, "26379"]}
  backend:
    environment: {LOG_LEVEL: debug, CACHE_HOST: !reset null}
    restart: !reset null
]]
M.DRIFTED = {
  { "patroni1", "container.image", "error" },
  { "patroni2", "resource_limits.memory_limit", "error" },
  { "patroni3", "storage.volumes[/data]", "warning" },
  { "redis1", "health_check.check.interval", "warning" },
  { "sentinel1", "container.command", "error" },
  { "backend", "environment_variables[LOG_LEVEL]", "warning" },
  { "backend", "environment_variables[CACHE_HOST]", "error" },
  { "backend", "compose.restart", "warning" },
}

return M
