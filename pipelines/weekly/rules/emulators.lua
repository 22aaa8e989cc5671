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
--   lacks    { { pattern, words, error = pattern, test = pattern }, … } for how a line of its log
--            begins where its surroundings lack what it needs, such as a download. A deployment
--            that fails then is no verdict about it, where no answer came or one of 500 or more;
--            or, with `error`, where the first line of one of terraform's errors ends so; or, with
--            `test`, where a test fails whose message captures the same. Words say what is
--            lacking, %s stands for the last pattern's capture
--   process  how it runs without Docker (nil: containers only): `module` of the stock Python
--            environment and the `package` that it is of, or `argv` of any program and the folders
--            that it reads (`readable`, beside the system's); `env`. {port}, {host} and {python}
--            are replaced

-- How a line of LocalStack's log begins: time, level, thread, logger.
local LOCALSTACK <const> = "%d%d%d%d%-%d%d%-%d%dT[%d:.]+%s+%u+ %-%-%- %[[^%]]*%] [%w._]+%s*: "

-- A program that MiniStack runs functions with, as the system names it where it is missing.
local NO_PROGRAM <const> = "%[Errno 2%] No such file or directory: '([%w._-]+)'"

return {
  ministack = {
    image = "ministackorg/ministack",
    version = "latest",
    port = 4566,
    health = "/_localstack/health",
    version_field = "version",
    lacks = {
      { "%d%d%d%d%-%d%d%-%d%d [%d:]+ ERROR %[lambda%] [%a -]*execution error[^\n]*: " .. NO_PROGRAM
          .. "$", "the program %s, which functions run with", test = NO_PROGRAM },
    },
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
      { LOCALSTACK .. "[^\n]*: Installation of ([%w._-]+) [%w._-]+ failed%.$",
        "%s, which it downloads when it is first used" },
      { LOCALSTACK .. "Attempt %d+%. Failed to download archive from ([^%s,]+):",
        "the download %s" },
      { LOCALSTACK .. "WARNING: Docker not available in the LocalStack container",
        "Docker and %s, which functions run with",
        error = "InternalError: Error while creating lambda: "
          .. "Installation of ([%w._-]+) [%w._-]+ failed%." },
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
