-- SPDX-License-Identifier: Apache-2.0
-- Docker Engine: images, containers, networks, volumes. Specs and answers carry the Engine API's
-- own field names (Image, HostConfig, State …), so its reference is the manual.
-- A failed call is nil, err: `docker create: image not found: alpine:9`, err.code = "not_found".

local raw = require "lsqm.raw.docker"
local answers = require "std.docker.answer"
local error_of = require "std.error"
local json = require "std.json"
local streams = require "std.docker.streams"

local M = {}

local DEFAULT_SOCKET <const> = "/var/run/docker.sock"
local DEFAULT_TIMEOUT <const> = 60

---@class lsqm.Docker
---@field socket string
---@field timeout number  seconds for a call that does not name its own
local Client = {}
Client.__index = Client

streams.install(Client)

-- calls ----------------------------------------------------------------------------------------

--- Any call of the API: {method=, path=, value= (sent as JSON) | body= | body_file=, timeout=}.
---@param op string the operation's name in errors: "docker create"
---@return table|nil answer {status, headers, body}
---@return lsqm.Error|nil
function Client:call(op, call)
  local timeout = call.timeout or self.timeout
  local body = call.body
  if call.value ~= nil then body = json.encode(call.value) end
  local answer, err = self.engine:request { method = call.method, path = call.path, body = body,
    body_file = call.body_file, to_file = call.to_file, content_type = call.content_type,
    max_body = call.max_body, timeout = timeout > 0 and timeout or nil }
  if not answer then return nil, answers.unreachable(op, err) end
  if answer.status >= 300 and answer.status ~= 304 then return nil, answers.failure(op, answer) end
  return answer
end

--- The same, with the answer's JSON as a value; nulls are left out of it.
function Client:json(op, call)
  local answer, err = self:call(op, call)
  if not answer then return nil, err end
  return answers.decode(answer.body, op)
end

-- For calls whose answer says nothing: true.
local function done(answer, err)
  if not answer then return nil, err end
  return true
end

local function need(value, kind, what)
  if type(value) ~= kind or value == "" then
    error(("docker %s must be a %s"):format(what, kind), 3)
  end
  return value
end

local function container_path(id, rest, query)
  return answers.path("/containers/" .. answers.segment(need(id, "string", "container id"))
    .. (rest or ""), query)
end

-- engine and images ----------------------------------------------------------------------------

--- Is it there? Settles the API version, too.
---@return {api: string}|nil
---@return lsqm.Error|nil
function Client:ping()
  local answer, err = self.engine:ping()
  if not answer then return nil, answers.unreachable("docker ping", err) end
  if answer.status >= 300 then return nil, answers.failure("docker ping", answer) end
  return { api = self.engine:api(), engine = answer.headers.server }
end

--- The engine's own description: Version, ApiVersion, Os, Arch …
function Client:version()
  return self:json("docker version", { path = "/version" })
end

--- Images that have a name; options: {labels=, filters=, all=}.
function Client:images(options)
  options = options or {}
  return self:json("docker images", { path = answers.path("/images/json",
    { all = options.all, filters = answers.filters(options) }) })
end

--- One image's description.
function Client:image(name)
  need(name, "string", "image: name")
  return self:json("docker image", { path = "/images/" .. answers.segment(name) .. "/json" })
end

---@param options table|nil {force=}
function Client:remove_image(name, options)
  need(name, "string", "image remove: name")
  return done(self:call("docker image remove", { method = "DELETE",
    path = answers.path("/images/" .. answers.segment(name), options) }))
end

-- containers -----------------------------------------------------------------------------------

--- Makes a container from the API's spec {Image=, Cmd=, Env=, Labels=, HostConfig= …}.
---@param spec table
---@param options table|nil {name=, platform=}
---@return string|nil id
---@return lsqm.Error|nil
function Client:create(spec, options)
  need(spec, "table", "create: spec")
  need(spec.Image, "string", "create: spec.Image")
  local made, err = self:json("docker create", { method = "POST",
    value = answers.mark_lists(spec), path = answers.path("/containers/create", options) })
  if not made then return nil, err end
  return made.Id
end

--- Starts; a running container is fine.
function Client:start(id)
  return done(self:call("docker start", { method = "POST", path = container_path(id, "/start") }))
end

--- Waits for the end.
---@param options table|nil {timeout=seconds; none by default}
---@return integer|nil exit code
---@return lsqm.Error|nil
function Client:wait(id, options)
  local result, err = self:json("docker wait", { method = "POST",
    path = container_path(id, "/wait"), timeout = options and options.timeout or 0 })
  if not result then return nil, err end
  if result.Error and result.Error.Message then
    return nil, error_of.new { op = "docker wait", code = "http", message = result.Error.Message }
  end
  return result.StatusCode
end

function Client:inspect(id)
  return self:json("docker inspect", { path = container_path(id, "/json") })
end

--- Asks to end (TERM), then kills after options.grace seconds (10).
function Client:stop(id, options)
  local grace = options and options.grace or 10
  return done(self:call("docker stop", { method = "POST", timeout = grace + self.timeout,
    path = container_path(id, "/stop", { t = grace }) }))
end

---@param signal string|nil "KILL"
function Client:kill(id, signal)
  return done(self:call("docker kill", { method = "POST",
    path = container_path(id, "/kill", { signal = signal }) }))
end

--- Freezes all processes of a running container.
function Client:pause(id)
  return done(self:call("docker pause", { method = "POST", path = container_path(id, "/pause") }))
end

function Client:unpause(id)
  return done(self:call("docker unpause",
    { method = "POST", path = container_path(id, "/unpause") }))
end

function Client:rename(id, name)
  return done(self:call("docker rename",
    { method = "POST", path = container_path(id, "/rename", { name = name }) }))
end

---@param options table|nil {force=, volumes=}
function Client:remove(id, options)
  options = options or {}
  return done(self:call("docker remove", { method = "DELETE",
    path = container_path(id, nil, { force = options.force, v = options.volumes }) }))
end

---@param options table|nil {labels={"a", "b=c"} or {b="c"}, filters={status={"exited"}}, all=}
---@return table[]|nil list
---@return lsqm.Error|nil
function Client:containers(options)
  options = options or {}
  return self:json("docker containers", { path = answers.path("/containers/json",
    { all = options.all, filters = answers.filters(options) }) })
end

--- Unpacks a tar (its bytes, or {file=path}) at `path` inside of the container.
function Client:put_archive(id, path, archive)
  local file = type(archive) == "table" and archive.file or nil
  if not file then need(archive, "string", "put_archive: archive") end
  need(path, "string", "put_archive: path")
  return done(self:call("docker put", { method = "PUT", content_type = "application/x-tar",
    path = container_path(id, "/archive", { path = path }), body = not file and archive or nil,
    body_file = file }))
end

--- The file or folder as a tar: its bytes, or true with options.to_file.
---@param options table|nil {to_file=, max_bytes=64 MiB without a file}
---@return string|boolean|nil
---@return lsqm.Error|nil
function Client:get_archive(id, path, options)
  options = options or {}
  need(path, "string", "get_archive: path")
  local answer, err = self:call("docker get", { to_file = options.to_file,
    path = container_path(id, "/archive", { path = path }), max_body = options.max_bytes })
  if not answer then return nil, err end
  return options.to_file and true or answer.body
end

-- networks and volumes --------------------------------------------------------------------------

--- From the API's spec {Name=, Driver=, Labels=, Internal= …}.
---@return string|nil id
---@return lsqm.Error|nil
function Client:network_create(spec)
  need(spec, "table", "network create: spec")
  need(spec.Name, "string", "network create: spec.Name")
  local made, err = self:json("docker network create",
    { method = "POST", path = "/networks/create", value = spec })
  if not made then return nil, err end
  return made.Id
end

--- Attaches a container to one more network.
---@param endpoint table|nil the API's EndpointConfig {Aliases=, IPAMConfig= …}
function Client:network_connect(name, id, endpoint)
  need(name, "string", "network connect: name")
  return done(self:call("docker network connect", { method = "POST",
    path = "/networks/" .. answers.segment(name) .. "/connect",
    value = { Container = id, EndpointConfig = endpoint } }))
end

function Client:network_remove(name)
  need(name, "string", "network remove: name")
  return done(self:call("docker network remove",
    { method = "DELETE", path = "/networks/" .. answers.segment(name) }))
end

---@param options table|nil {labels=, filters=}
function Client:networks(options)
  return self:json("docker networks",
    { path = answers.path("/networks", { filters = answers.filters(options or {}) }) })
end

--- From the API's spec {Name=, Labels= …}; a volume without a name gets one.
---@return string|nil name
---@return lsqm.Error|nil
function Client:volume_create(spec)
  need(spec, "table", "volume create: spec")
  local made, err = self:json("docker volume create",
    { method = "POST", path = "/volumes/create", value = spec })
  if not made then return nil, err end
  return made.Name
end

---@param options table|nil {force=}
function Client:volume_remove(name, options)
  need(name, "string", "volume remove: name")
  return done(self:call("docker volume remove", { method = "DELETE",
    path = answers.path("/volumes/" .. answers.segment(name), options) }))
end

---@param options table|nil {labels=, filters=}
function Client:volumes(options)
  local found, err = self:json("docker volumes",
    { path = answers.path("/volumes", { filters = answers.filters(options or {}) }) })
  if not found then return nil, err end
  return found.Volumes or {}
end

-- containers that clean up after themselves -----------------------------------------------------

---@class lsqm.Container
---@field id string
---@field docker lsqm.Docker
local Container = {}
Container.__index = Container

for _, name in ipairs { "start", "wait", "inspect", "logs", "exec", "put_archive", "get_archive",
  "stop", "kill", "remove" } do
  Container[name] = function(self, ...) return self.docker[name](self.docker, self.id, ...) end
end

--- Removes the container and its anonymous volumes, running or not. Once; gone already is fine.
function Container:close()
  if self.closed then return true end
  self.closed = true
  local ok, err = self.docker:remove(self.id, { force = true, volumes = true })
  if not ok and err.code == "not_found" then return true end
  return ok, err
end

Container.__close = Container.close

--- Creates a container as an object with these methods, removed when its `<close>` variable goes.
---@return lsqm.Container|nil
---@return lsqm.Error|nil
function Client:container(spec, options)
  local id, err = self:create(spec, options)
  if not id then return nil, err end
  return setmetatable({ id = id, docker = self }, Container)
end

-- connecting -----------------------------------------------------------------------------------

local function socket_path(address)
  local path = address:match("^unix://(/.*)$") or address:match("^(/.*)$")
  if path then return path end
  return nil, error_of.new { op = "docker connect", code = "unsupported",
    message = "not a unix socket: " .. address, hint = "use unix:///path/to/docker.sock" }
end

--- Connects to options.socket, else to $DOCKER_HOST, else to /var/run/docker.sock.
---@param options table|nil {socket=path or "unix://path", timeout=60}
---@return lsqm.Docker|nil
---@return lsqm.Error|nil code "unavailable": no engine; "denied": no right to the socket
function M.connect(options)
  options = options or {}
  local host = os.getenv("DOCKER_HOST")
  local address = options.socket or (host ~= "" and host) or DEFAULT_SOCKET
  local path, err = socket_path(need(address, "string", "connect: socket"))
  if not path then return nil, err end
  local client = setmetatable({ socket = path, timeout = options.timeout or DEFAULT_TIMEOUT },
    Client)
  client.engine, err = raw.open(path)
  if not client.engine then return nil, err end
  local pong
  pong, err = client:ping()
  if not pong then return nil, answers.unreachable("docker connect", err) end
  return client
end

return M
