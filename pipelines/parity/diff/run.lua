-- SPDX-License-Identifier: Apache-2.0
-- One comparison from the words of a command line: shared by `diff` and `fix`.

local compare = require "pipelines.parity.diff.compare"
local docker = require "std.docker"
local error_of = require "std.error"
local sides = require "pipelines.parity.diff.sides"

local M = {}

-- Which image a tag stands for, as far as the engine has it.
local function digests(engine)
  local known = {}
  return function(reference)
    if known[reference] == nil then
      local image = engine:image(reference)
      local first = image and image.RepoDigests and image.RepoDigests[1]
      known[reference] = first and first:match("@(sha256:%x+)$") or false
    end
    return known[reference] or nil
  end
end

local function non_empty(list) return list and #list > 0 and list or nil end

local function open_side(args, which)
  return sides.open(args[which], { env_files = non_empty(args[which .. "_env_file"]),
    profiles = args.profile })
end

local function mode_of(args)
  local running = sides.is_running(args.source) or sides.is_running(args.target)
  if args.mode == "runtime" and not running then
    return nil, error_of.new { op = "parity diff", code = "usage",
      message = "runtime mode needs a running project: engine:NAME as source or target" }
  end
  if running and args.mode and args.mode ~= "runtime" then
    return nil, error_of.new { op = "parity diff", code = "usage",
      message = args.mode .. " mode compares files; leave --mode out for a running project" }
  end
  return running and "runtime" or args.mode or "semantic"
end

--- The comparison's report, then both environments.
---@return table? report
---@return lsqm.Error|table err_or_source
---@return table? target
function M.report(args)
  local mode, why = mode_of(args)
  if not mode then return nil, why end
  local source, err = open_side(args, "source")
  if not source then return nil, err end
  local target
  target, err = open_side(args, "target")
  if not target then return nil, err end
  local options = { mode = mode }
  local engine = docker.connect()
  if engine then options.digest_of = digests(engine) end
  if mode == "runtime" then
    require("pipelines.parity.engine.observe").prepare(options, source, target)
  end
  return compare.report(source, target, options), source, target
end

return M
