-- SPDX-License-Identifier: Apache-2.0
-- The container of a job (`container:`): the job's folder stands in it under the same name, and the
-- steps run in it. It is removed with the job's services, by their label.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local json = require "std.json"
local parallel = require "std.parallel"
local services = require "pipelines.parity.ci.services"
local table_of = require "std.table"
local uv = require "luv"

local M = {}

local Container = {}
Container.__index = Container

local MAX_OUTPUT <const> = 64 * 2 ^ 20 -- of one step; the log keeps its end
local DEFAULT_PATH <const> = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

-- The first process of the container is not hit by a signal to all.
local KILL <const> = "kill -TERM -1; sleep 1; kill -KILL -1"

local must = require("pipelines.parity.engine.raise").must

--- Ends all that runs in it.
function Container:kill()
  self.engine:exec(self.id, { cmd = { "sh", "-c", KILL }, timeout = 10 })
end

--- Runs a program in it; options and result as of process.run.
function Container:run(options)
  local env, result, err = json.array(), nil, nil
  for name, value in table_of.sorted_pairs(options.env) do env[#env + 1] = name .. "=" .. value end
  local ended = parallel.timeout(options.timeout, function()
    result, err = self.engine:exec(self.id, { cmd = options.argv, env = env, timeout = 0,
      workdir = options.cwd, max_output = MAX_OUTPUT,
      on_data = function(data, stream) options.on_output(stream, data) end })
    return true
  end)
  if not ended then
    self:kill()
    return { timed_out = true, code = 124 }
  end
  if result and not result.code then
    self:kill()
    return nil, error_of.new { op = "step", code = "limit", message = "too much output" }
  end
  return result, err
end

-- What its user, often root, wrote into the job's folder must be ours to remove.
function Container:close()
  if uv.getuid() == 0 then return end
  self.engine:exec(self.id, { cmd = { "chmod", "-R", "a+rwX", self.folder }, user = "0",
    timeout = 60 })
end

Container.__close = Container.close

local function path_of(info)
  for _, one in ipairs(info.Config.Env or {}) do
    local path = one:match("^PATH=(.*)$")
    if path then return path end
  end
  return DEFAULT_PATH
end

--- Starts a job's container; nil where it names none.
---@param definition string|table `container:` of the job
---@param held table the job's services, whose engine, network and labels it shares
---@return table? closed before them
function M.start(definition, scope, job, held)
  local wanted = expression.fill_all(definition, scope)
  if type(wanted) ~= "table" then wanted = { image = wanted } end
  local image = expression.text(wanted.image)
  if image == "" then return nil end
  local spec = services.spec("container", wanted, scope, held)
  spec.Entrypoint, spec.Cmd, spec.OpenStdin, spec.Tty = json.array { "sh" }, nil, true, true
  spec.WorkingDir = job.workspace
  spec.HostConfig.Binds = json.array(table_of.append({ job.folder .. ":" .. job.folder },
    wanted.volumes or {}))
  if not held.engine:image(image) then must(held.engine:pull(image, { timeout = 0 })) end
  local id = must(held.engine:create(spec))
  must(held.engine:start(id))
  return setmetatable({ id = id, engine = held.engine, folder = job.folder,
    path = path_of(must(held.engine:inspect(id))) }, Container)
end

return M
