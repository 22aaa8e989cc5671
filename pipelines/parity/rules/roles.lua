-- SPDX-License-Identifier: Apache-2.0
-- What a service is, from its image and name. The first row whose pattern (a Lua pattern, on the
-- image without registry and tag, then on the service's name) is found decides; the labels
-- `lsqm.role` and `lsqm.type` win over all rows.
return {
  { "sentinel", role = "redis-sentinel", type = "infrastructure" },
  { "etcd", role = "etcd", type = "infrastructure" },
  { "patroni", role = "patroni", type = "infrastructure" },
  { "spilo", role = "patroni", type = "infrastructure" },
  { "postgres", role = "patroni", type = "infrastructure" },
  { "redis", role = "redis", type = "infrastructure" },
  { "valkey", role = "redis", type = "infrastructure" },
  { "prometheus", role = "auxiliary", type = "monitoring" },
  { "grafana", role = "auxiliary", type = "monitoring" },
  { "exporter", role = "auxiliary", type = "monitoring" },
  { "jaeger", role = "auxiliary", type = "monitoring" },
  { "loki", role = "auxiliary", type = "monitoring" },
  { "frontend", role = "frontend", type = "application" },
  { "^web", role = "frontend", type = "application" },
  { "nginx", role = "frontend", type = "application" },
  { "backend", role = "backend", type = "application" },
  { "api", role = "backend", type = "application" },
  default = { role = "auxiliary", type = "application" },
}
