-- SPDX-License-Identifier: Apache-2.0
-- Synthesises a CDK app. The app is a stranger's program: it runs in the sandbox, without network
-- and without any variable of ours, and may write to its output folder only.
local error_of = require "std.error"
local fs = require "std.fs"
local leftovers = require "std.leftovers"
local process = require "std.process"

local M = {}

local SECONDS = 300

local function fail(dir, message, code)
  return nil, error_of.new { op = "normalize cdk", code = code or "unavailable",
    file = fs.join(dir, "cdk.json"), line = 1, col = 1, message = message }
end

-- The app's own CLI, or one of a folder above it, or the one on PATH.
local function find_cli(dir)
  local at = dir
  while at ~= "/" and at ~= "." do
    local path = fs.join(at, "node_modules", ".bin", "cdk")
    if fs.exists(path) then return path, at end
    at = fs.dirname(at)
  end
  local path = process.which "cdk"
  return path, path and dir
end

-- The installation that a program belongs to: what has to be visible in the sandbox.
local function home_of(program)
  local real = fs.realpath(program)
  return real and real:match("^(.*)/node_modules/") or real and fs.dirname(fs.dirname(real))
end

local function visible(root, node, cli)
  local seen, list = {}, {}
  for _, path in ipairs { root, home_of(cli), home_of(node) } do
    if not seen[path] and not path:find("^/usr/?") and path ~= "/" then
      list[#list + 1], seen[path] = path, true
    end
  end
  return list
end

---Synthesises the app of a folder into a folder of its own.
---@param dir string has a cdk.json
---@return table|nil assembly {path=, close=}: a temporary folder
---@return table|nil err
function M.run(dir)
  local app = fs.realpath(dir)
  if not app then return fail(dir, "the folder is not there", "not_found") end
  local node, cli, root = process.which "node", find_cli(app)
  if not node or not cli then
    return fail(dir, "a CDK app needs " .. (node and "the CDK's command line tool" or "node"))
  end
  local out = fs.tempdir(leftovers.prefix "cdk")
  local argv, unsafe = process.sandbox {
    argv = { node, fs.realpath(cli), "synth", "--quiet", "--no-notices", "--no-version-reporting",
      "--no-lookups", "--output", out.path },
    ro = visible(root, node, cli), rw = { out.path }, cwd = app,
  }
  if unsafe then return fail(dir, "a CDK app needs the sandbox: " .. unsafe) end
  local result, err = process.run { argv = argv, cwd = app, timeout = SECONDS,
    max_output = 1 << 20, env = { PATH = os.getenv "PATH", HOME = "/tmp",
      NODE_PATH = fs.join(root, "node_modules"), CI = "1" } }
  if not result then return nil, err end
  if result.code ~= 0 or result.timed_out then
    local last = result.timed_out and "it took too long"
      or (result.stderr .. result.stdout):match("([^\n]*%u?[Ee]rror[^\n]+)") or "exit code "
        .. tostring(result.code)
    return fail(dir, "the app does not synthesise: " .. last, "invalid")
  end
  return out
end

return M
