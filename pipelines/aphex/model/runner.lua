-- SPDX-License-Identifier: Apache-2.0
-- Runs a configuration's commands one after the other, until one fails.

local process = require "std.process"
local time = require "std.time"

local M = {}

local MAX_OUTPUT <const> = 1 << 20

-- What commands of a build inherit; everything else is given by name.
local INHERIT <const> = { "HOME", "PATH", "LANG", "TMPDIR", "CI", "NODE_OPTIONS", "JAVA_HOME",
  "GOPATH", "GOCACHE" }

--- Runs them in a shell each, as the configuration's author wrote them.
---@param commands string[]
---@param options {dir: string, env: table|nil, inherit: string[]|nil, timeout: number|nil}
---@return {success: boolean, exit_code: integer, stdout: string, stderr: string,
---  duration: number, failed: string|nil}
function M.run(commands, options)
  local inherit = table.move(options.inherit or {}, 1, #(options.inherit or {}), #INHERIT + 1,
    table.move(INHERIT, 1, #INHERIT, 1, {}))
  local began, out, err = time.monotonic(), {}, {}
  local result = { success = true, exit_code = 0 }
  for _, command in ipairs(commands) do
    local done, why = process.run { argv = { "/bin/sh", "-c", command }, cwd = options.dir,
      env = options.env, inherit = inherit, max_output = MAX_OUTPUT, timeout = options.timeout }
    out[#out + 1] = done and done.stdout or ""
    err[#err + 1] = done and done.stderr or tostring(why) .. "\n"
    local code = done and (done.code or 128 + (done.signal or 0)) or 127
    if done and done.timed_out then
      err[#err + 1] = ("ended after %g s\n"):format(options.timeout)
      code = 124
    end
    if code ~= 0 then
      result.success, result.exit_code, result.failed = false, code, command
      break
    end
  end
  result.stdout, result.stderr = table.concat(out), table.concat(err)
  result.duration = time.monotonic() - began
  return result
end

return M
