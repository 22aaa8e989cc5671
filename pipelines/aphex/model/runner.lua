-- SPDX-License-Identifier: Apache-2.0
-- Runs a configuration's commands one after the other, until one fails.

local mask = require "std.mask"
local process = require "std.process"
local time = require "std.time"

local M = {}

local MAX_OUTPUT <const> = 1 << 20

-- What commands of a build inherit; everything else is given by name.
local INHERIT <const> = { "HOME", "PATH", "LANG", "TMPDIR", "CI", "NODE_OPTIONS", "JAVA_HOME",
  "GOPATH", "GOCACHE" }

-- One command: its exit code; what it printed goes to out and err.
local function run_one(command, options, seconds, out, err)
  local done, why = process.run { argv = { "/bin/sh", "-c", command }, cwd = options.dir,
    env = options.env, inherit = INHERIT, max_output = MAX_OUTPUT, timeout = seconds }
  out[#out + 1] = done and done.stdout or ""
  err[#err + 1] = done and done.stderr or tostring(why) .. "\n"
  if done and done.timed_out then
    err[#err + 1] = ("ended after the %g s that all commands have\n"):format(options.timeout)
    return 124
  end
  return done and (done.code or 128 + (done.signal or 0)) or 127
end

--- Runs them in a shell each, as the configuration's author wrote them. No secret is in what they
--- printed.
---@param commands string[]
---@param options {dir: string, env: table|nil, timeout: number} timeout: seconds for all of them
---@return {success: boolean, exit_code: integer, stdout: string, stderr: string,
---  duration: number, failed: string|nil}
function M.run(commands, options)
  local began, out, err = time.monotonic(), {}, {}
  local result = { success = true, exit_code = 0 }
  for _, command in ipairs(commands) do
    local left = math.max(0.001, options.timeout - (time.monotonic() - began))
    local code = run_one(command, options, left, out, err)
    if code ~= 0 then
      result.success, result.exit_code, result.failed = false, code, command
      break
    end
  end
  result.stdout, result.stderr = mask.text(table.concat(out)), mask.text(table.concat(err))
  result.duration = time.monotonic() - began
  return result
end

return M
