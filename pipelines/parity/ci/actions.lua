-- SPDX-License-Identifier: Apache-2.0
-- The actions that the built-in runner stands in for; which ones is in rules/actions.lua.

local artifacts = require "pipelines.parity.ci.artifacts"
local fs = require "std.fs"
local process = require "std.process"
local resolve = require "std.resolve"
local table_of = require "std.table"

local M = {}

local function find_program(job, names)
  local places = table_of.append(table_of.copy(job.path), { false })
  for _, name in ipairs(names) do
    for _, dir in ipairs(places) do
      local path = process.which(dir and fs.join(dir, name) or name)
      if path then return path end
    end
  end
  return nil
end

-- Is 3.11.2 what 3.11, 3.x or v3 asks for? Of ranges and names nobody knows.
local function is_wanted(version, wanted)
  if wanted == "" then return true end
  local prefix = wanted:match("^v?([%d.]+)$") or wanted:match("^v?([%d.]+)%.[x*]$")
  return prefix ~= nil and (version == prefix or version:sub(1, #prefix + 1) == prefix .. ".")
end

local DOES = {}

function DOES.nothing(job, step, _, _, rule)
  job.log:line("%s: %s", step.uses, rule.says)
  return 0
end

function DOES.tool(job, step, with, outputs, rule)
  if job.container then
    job.log:line("%s: what the job's container has is used", step.uses)
    return 0
  end
  local path = find_program(job, rule.programs)
  if not path then
    job.log:fail("%s: there is no %s on this machine's PATH", step.uses, rule.programs[1])
    return 1
  end
  local result = process.run { argv = { path, rule.version }, timeout = 60,
    env = { HOME = job.base_env.HOME } }
  local version = result and (result.stdout .. result.stderr):match("%d+%.[%d.]*%d") or "unknown"
  job.log:line("%s: this machine's %s is used, version %s", step.uses, path, version)
  local wanted = with[rule.input] or ""
  if not is_wanted(version, wanted) then
    job.log:write("stdout", ("::warning::%s: version %s was asked for, %s is used\n"):format(
      step.uses, wanted, version))
  end
  outputs[rule.input] = version
  return 0
end

function DOES.upload(job, _, with) return artifacts.upload(job, with) end

function DOES.download(job, _, with, outputs) return artifacts.download(job, with, outputs) end

--- Runs a step with `uses`; the reader has made sure that it can be.
---@param with table<string, string> its inputs, filled in
---@return {code: integer}
function M.run(job, step, with, outputs)
  local name = step.uses:gsub("@.*$", "")
  if job.skip[name] then
    job.log:line("%s: left out, as --skip-action says", step.uses)
    return { code = 0 }
  end
  local rule = assert(resolve.load_rows("parity", "rules.actions"))[name]
  for key, value in pairs(rule.outputs or {}) do outputs[key] = value end
  return { code = DOES[rule.does](job, step, with, outputs, rule) }
end

return M
