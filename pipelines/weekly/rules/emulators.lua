-- SPDX-License-Identifier: Apache-2.0
-- The emulators that runs can use. To add one, put a row into the file of this name in a folder of
-- your own: its rows and fields are added to these, a row that is `false` is taken away. Nothing
-- else has to know it.
--
--   image    repository without tag; `version` is the tag unless the configuration names one
--   port     where it listens inside its container
--   health   path that answers 200 once requests are served
--   version_field    field of the health answer's JSON that names the version (nil: none)
--   version_command  program inside of the container that prints it, where there is no such field
--   env      environment inside the container
--   lacks    { { pattern, words }, … } for what its log says where its surroundings lack what it
--            needs, such as a download: a deployment that fails then is no verdict about it
--   process  how it runs without Docker (nil: containers only): `module` of the stock Python
--            environment and the `package` that it is of, or `argv` of any program and the folders
--            that it reads (`readable`, beside the system's); `env`. {port}, {host} and {python}
--            are replaced

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
    lacks = {
      { "Installation of ([%w._-]+)[^\n]- failed", "%s, which it downloads when it is first used" },
      { "Failed to download archive from (%S+)", "the download %s" },
    },
  },
  moto = {
    image = "motoserver/moto",
    version = "latest",
    port = 5000,
    health = "/moto-api/",
    version_command = { "python3", "-c",
      "from importlib.metadata import version; print(version('moto'))" },
    env = { MOTO_IAM_LOAD_MANAGED_POLICIES = "true" }, -- off unless told
    process = {
      module = "moto.server",
      package = "moto[server]",
      env = { MOTO_PORT = "{port}", MOTO_IAM_LOAD_MANAGED_POLICIES = "true" },
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
