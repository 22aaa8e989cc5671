-- SPDX-License-Identifier: Apache-2.0
-- aphex-config.yaml: read, held to its schema and to what a schema cannot say. Every problem has
-- its file:line:col and its path in the document.

local contracts = require("std.contracts").of "aphex"
local error_of = require "std.error"
local place = require "std.yaml.place"
local resolve = require "std.resolve"
local suggest = require "std.suggest"
local yaml = require "std.yaml"

local M = {}

---@class lsqm.aphex.Problem
---@field path string     "/environments/0/region"
---@field message string
---@field line integer
---@field col integer

-- What the schema's errors look like to whoever wrote the file.
local function of_schema(config, add)
  for _, problem in ipairs(contracts.problems("aphex_config", config) or {}) do
    add(problem.path, problem.keyword == "false schema" and "is not a key of this"
      or problem.message)
  end
end

local function check_region(region, regions, add, path)
  for _, known in ipairs(regions) do if known == region then return end end
  local near = suggest.did_you_mean(region, regions)
  add(path, ("'%s' is no AWS region%s"):format(region, near
    and (", did you mean '%s'?"):format(near) or ""))
end

local function check_unique(list, what, add, path)
  local seen = {}
  for i, item in ipairs(list) do
    if seen[item.name] then
      add(("%s/%d/name"):format(path, i - 1), ("%s '%s' is there twice"):format(what, item.name))
    end
    seen[item.name] = true
  end
end

-- Argo's names of steps are DNS labels; what differs must not become the same.
local function check_labels(config, add)
  local seen = {}
  for i, environment in ipairs(config.environments) do
    local label = M.label(environment.name)
    local path = ("/environments/%d/name"):format(i - 1)
    if label == "" then add(path, "a name needs a letter or a digit") end
    if seen[label] and seen[label] ~= environment.name then
      add(path, ("'%s' and '%s' are the same in a workflow"):format(seen[label], environment.name))
    end
    seen[label] = environment.name
  end
end

-- Only for what keeps the schema.
local function of_rules(config, add)
  local regions = resolve.load("aphex", "rules.regions")
  check_unique(config.environments, "environment", add, "/environments")
  check_labels(config, add)
  for i, environment in ipairs(config.environments) do
    local path = "/environments/" .. (i - 1)
    check_region(environment.region, regions, add, path .. "/region")
    check_unique(environment.stacks, "stack", add, path .. "/stacks")
  end
end

--- A name as a DNS label: what Argo and Kubernetes allow.
---@param name string
---@return string
function M.label(name)
  return (name:lower():gsub("[^a-z0-9]+", "-"):gsub("^%-+", ""):gsub("%-+$", ""):sub(1, 40)
    :gsub("%-+$", ""))
end

--- Checks a text.
---@param text string
---@param file string for the positions
---@return table|nil config AphexConfig; nil where there are problems
---@return lsqm.aphex.Problem[] problems in the document's order
function M.check(text, file)
  local config, marks = yaml.decode(text, { file = file, marks = true })
  if config == nil then
    local err = marks
    return nil, { { path = "/", message = err.message, line = err.line or 1, col = err.col or 1 } }
  end
  local problems = {}
  local function add(path, message)
    local line, col = place(config, marks, path)
    problems[#problems + 1] = { path = path == "" and "/" or path, message = message, line = line,
      col = col }
  end
  of_schema(config, add)
  if #problems == 0 then of_rules(config, add) end
  table.sort(problems, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.col < b.col
  end)
  return #problems == 0 and config or nil, problems
end

--- "aphex-config.yaml:4:11: /environments/0/account: must be …"
---@param file string
---@param problem lsqm.aphex.Problem
function M.describe(file, problem)
  return ("%s:%d:%d: %s: %s"):format(file, problem.line, problem.col, problem.path,
    problem.message)
end

--- The configuration in a file; all problems in one error where there are any.
---@param file string
---@return table|nil config
---@return lsqm.Error|nil err code "usage"
function M.read(file)
  local text, err = require("std.fs").read(file)
  if not text then return nil, err end
  local config, problems = M.check(text, file)
  if config then return config end
  local lines = {}
  for i, problem in ipairs(problems) do lines[i] = M.describe(file, problem) end
  return nil, error_of.new { op = "aphex", code = "usage", message = table.concat(lines, "\n") }
end

return M
