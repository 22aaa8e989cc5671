-- SPDX-License-Identifier: Apache-2.0
-- The emulators that runs can use. Add one by adding a row; nothing else has to know it.
--
--   image    repository without tag; `version` is the tag unless the configuration names one
--   port     where it listens inside its container
--   health   path that answers 200 once requests are served
--   version  how the health answer names the version: a field of its JSON (nil: none)
--   env      environment inside the container
--   process  how it runs without Docker: a Python module of the stock environment; {port} and
--            {host} are replaced (nil: containers only)

return {
  ministack = {
    image = "ministackorg/ministack",
    version = "latest",
    port = 4566,
    health = "/_localstack/health",
    version_field = "version",
    process = {
      module = "ministack",
      package = "ministack",
      env = { BIND_HOST = "{host}", GATEWAY_PORT = "{port}", LOG_LEVEL = "INFO" },
    },
  },
  localstack = {
    image = "localstack/localstack",
    port = 4566,
    health = "/_localstack/health",
    version_field = "version",
    env = { GATEWAY_LISTEN = "0.0.0.0:4566", DISABLE_EVENTS = "1", SKIP_SSL_CERT_DOWNLOAD = "1" },
  },
  moto = {
    image = "motoserver/moto",
    version = "latest",
    port = 5000,
    health = "/moto-api/",
    process = {
      module = "moto.server",
      package = "moto[server]",
      env = { MOTO_PORT = "{port}" },
    },
  },
  floci = {
    image = "floci/floci",
    version = "latest",
    port = 4566,
    health = "/_localstack/health",
    version_field = "version",
  },
}
