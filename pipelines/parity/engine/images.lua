-- SPDX-License-Identifier: Apache-2.0
-- The images of a project: there already, pulled, or built, as `pull_policy` wants it.

local archive = require "std.archive"
local error_of = require "std.error"
local fs = require "std.fs"
local ignore = require "pipelines.parity.engine.ignore"
local json = require "std.json"
local names = require "pipelines.parity.engine.names"
local parallel = require "std.parallel"
local raise = require "pipelines.parity.engine.raise"
local table_of = require "std.table"

local M = {}

local must = raise.must
local OWN_DOCKERFILE <const> = ".lsqm.Dockerfile" -- one that does not lie in the context

-- The Dockerfile's name within the context, and the entry that brings it there, if one must.
local function dockerfile_of(build)
  if build.dockerfile_inline then
    return OWN_DOCKERFILE, { path = OWN_DOCKERFILE, data = build.dockerfile_inline }
  end
  local path = build.dockerfile
  if not path then return nil end
  if path:sub(1, 1) ~= "/" then path = fs.join(build.context, path) end
  local inside = fs.relative(fs.normalize(path), build.context)
  if not inside:find("^%.%.") then return inside end
  return OWN_DOCKERFILE, { path = OWN_DOCKERFILE, file = path }
end

local function refuse_context(name, build)
  local message
  if build.context:find("^%a[%w+.-]*://") or build.context:find("^git@") then
    message = "the context is not a folder: " .. build.context
  elseif not fs.is_dir(build.context) then
    message = "the context is not there: " .. build.context
  end
  if message then
    error(error_of.new { op = "build " .. name, code = "unsupported", message = message,
      hint = "build the image with `docker build` and name it by image:" }, 0)
  end
end

local function arguments(state, build)
  local args = {}
  for key, value in pairs(build.args or {}) do
    if value == json.null then value = state.project.variables(key) end
    args[key] = value
  end
  return args
end

-- BuildKit's own instructions are unknown to the engine's plain builder.
local function explain_build(err)
  if not tostring(err.message):find("BuildKit", 1, true) then return err end
  return error_of.new { op = err.op, code = err.code, message = err.message,
    hint = "this Dockerfile needs BuildKit: run `docker build` once, up then uses its image" }
end

-- The last lines of a build that failed belong to its message.
local function with_output(err)
  if not err.output or err.output == "" then return err end
  return error_of.new { op = err.op, code = err.code, hint = err.hint,
    message = err.message .. "\n" .. err.output:gsub("%s+$", "") }
end

local function build_image(state, name)
  local build = state.project.services[name].build
  refuse_context(name, build)
  state.tell("building " .. name)
  local dockerfile, entry = dockerfile_of(build)
  local dir <close> = must(fs.tempdir())
  local tar = fs.join(dir.path, "context.tar")
  must(archive.tar(tar, must(ignore.source(build.context, dockerfile, entry))))
  local image = names.image(state.project, name)
  local id, err = state.engine:build { context_file = tar, target = build.target, tag = image,
    dockerfile = dockerfile, buildargs = arguments(state, build), labels = build.labels,
    network = build.network, nocache = build.no_cache, timeout = 0,
    platform = names.platform(state.project, name) }
  if not id then error(error_of.wrap(with_output(explain_build(err)), "build " .. name), 0) end
  return must(state.engine:image(image)).Id
end

local function pull(state, name, image)
  state.tell("pulling " .. image)
  local ok, err = state.engine:pull(image, { timeout = 0,
    platform = names.platform(state.project, name) })
  if not ok then
    error(error_of.new { op = "service " .. name, code = err.code, cause = err,
      message = ("the image %s cannot be pulled: %s"):format(image, err.message),
      hint = "see that its name and tag are right; of a private registry, `docker pull` it first" },
      0)
  end
  return must(state.engine:image(image)).Id
end

local function never(name, image)
  error(error_of.new { op = "service " .. name, code = "not_found",
    message = ("the image %s is not there, and pull_policy is never"):format(image) }, 0)
end

-- The id of a service's image.
local function ensure(state, name)
  local service, image = state.project.services[name], names.image(state.project, name)
  local policy = service.pull_policy
  if service.build and (policy == "build" or state.build) then return build_image(state, name) end
  if policy == "always" and not service.build then return pull(state, name, image) end
  local found, err = state.engine:image(image)
  if found then return found.Id end
  if err.code ~= "not_found" then error(err, 0) end
  if service.build then return build_image(state, name) end
  if policy == "never" then return never(name, image) end
  return pull(state, name, image)
end

--- Sees that all images are there; image → its id.
---@param state {engine: lsqm.Docker, project: table, build: boolean, tell: fun(line)}
function M.ensure(state)
  local first_of = {}
  for name, service in table_of.sorted_pairs(state.project.services) do
    local image = names.image(state.project, name)
    local first = first_of[image]
    -- of several with one image, the one that can build it does
    if not first or service.build and not state.project.services[first].build then
      first_of[image] = name
    end
  end
  local images, ids = table_of.sorted_keys(first_of), {}
  parallel.map(images, function(image) ids[image] = ensure(state, first_of[image]) end,
    { limit = 4 })
  return ids
end

return M
