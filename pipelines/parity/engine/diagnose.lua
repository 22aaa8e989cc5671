-- SPDX-License-Identifier: Apache-2.0
-- Why a service did not come up: the end of its log and what its check said, in the error.

local error_of = require "std.error"
local mask = require "std.mask"
local parallel = require "std.parallel"

local M = {}

local LINES <const> = 15
local WIDTH <const> = 300
local PATIENCE <const> = 5 -- seconds for an engine that may be the trouble itself

-- What people run into, and what helps.
local HINTS <const> = {
  { "port is already allocated", "another container publishes this port: change `ports:`, or stop "
    .. "that container" },
  { "address already in use", "a program of this machine has this port: change `ports:`, or stop "
    .. "it" },
  { "is already in use by container", "remove that container, or choose another project name "
    .. "(--project)" },
  { "bind source path does not exist", "make the folder, or write the mount in its short form" },
  { "no such file or directory: unknown", "the image has no such program: see `command` and "
    .. "`entrypoint`" },
  { "executable file not found", "the image has no such program: see `command` and `entrypoint`" },
  { "could not select device driver", "the engine has no driver for these devices or GPUs" },
}

local function indented(title, text, out)
  local lines = {}
  for line in mask.text(text):gmatch("[^\r\n]+") do lines[#lines + 1] = line:sub(1, WIDTH) end
  if #lines == 0 then return end
  out[#out + 1] = "  " .. title
  for i = math.max(1, #lines - LINES + 1), #lines do out[#out + 1] = "    " .. lines[i] end
end

local function last_check(info)
  local log = info.State and info.State.Health and info.State.Health.Log or {}
  return log[#log] and log[#log].Output or ""
end

local function container_of(err)
  while error_of.is(err) do
    if err.container then return err.container end
    err = err.cause
  end
  return nil
end

local function look(engine, id)
  local info = engine:inspect(id)
  if not info then return nil end
  local logs = engine:logs(id, { tail = LINES })
  return info, logs and logs.all or ""
end

--- An error of the engine while something was done for a service, with advice.
---@return lsqm.Error
function M.wrap(err, service)
  local wrapped = error_of.wrap(err, "service " .. service)
  for _, row in ipairs(HINTS) do
    if not wrapped.hint and tostring(err.message):find(row[1], 1, true) then
      wrapped.hint = row[2]
    end
  end
  return wrapped
end

--- The error with the end of the container's log and of its check, where it names a container.
---@return lsqm.Error
function M.explain(engine, err)
  local id = container_of(err)
  if not id then return err end
  local info, log = parallel.timeout(PATIENCE, function() return look(engine, id) end)
  if not info then return err end
  local name, out = info.Name:gsub("^/", ""), { err.message }
  indented("its check said:", last_check(info), out)
  indented("the end of its log:", log, out)
  return error_of.new { op = err.op, code = err.code, message = table.concat(out, "\n"),
    hint = err.hint or ("`docker logs %s` shows all of it; lsqm parity down removes what was "
      .. "started"):format(name) }
end

return M
