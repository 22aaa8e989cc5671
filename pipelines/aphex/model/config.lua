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

local PATTERNS <const> = { ["\\S"] = "must not be empty", ["^[0-9]{12}$"] = "must be 12 digits" }

local function words_of(problem)
  if problem.keyword == "false schema" then return "is not a key of this" end
  local pattern = problem.keyword == "pattern" and problem.message:match "does not match (.+)$"
  if problem.keyword == "type" and problem.message:find "^must be string, is [inb]" then
    return problem.message .. ": write it in quotes"
  end
  return PATTERNS[pattern] or problem.message
end

-- What the schema's errors look like to whoever wrote the file. A value of the wrong type breaks
-- other rules too: one problem is enough.
local function of_schema(config, add)
  local typed = {}
  local problems = contracts.problems("aphex_config", config) or {}
  for _, problem in ipairs(problems) do
    typed[problem.path] = typed[problem.path] or problem.keyword == "type"
  end
  for _, problem in ipairs(problems) do
    if problem.keyword == "type" or not typed[problem.path] then
      add(problem.path, words_of(problem))
    end
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
    local name = type(item) == "table" and item.name
    if type(name) == "string" then
      if seen[name] then
        add(("%s/%d/name"):format(path, i - 1), ("%s '%s' is there twice"):format(what, name))
      end
      seen[name] = true
    end
  end
end

-- Names reach the workflow's programs as parameters, in which Argo looks for references.
local function check_name(name, add, path)
  if name:find("{{", 1, true) or name:find("}}", 1, true) then
    add(path, "a name with '{{' or '}}' would be a reference in a workflow")
  elseif name:find "%c" then
    add(path, "a name may not have control characters")
  end
end

local function check_named(list, what, add, path)
  check_unique(list, what, add, path)
  for i, item in ipairs(list) do
    if type(item) == "table" and type(item.name) == "string" then
      check_name(item.name, add, ("%s/%d/name"):format(path, i - 1))
    end
  end
end

local function list_of(value) return type(value) == "table" and value or {} end

-- Says what it can where the schema is broken as well.
local function of_rules(config, add)
  local regions = resolve.load("aphex", "rules.regions")
  local environments = list_of(list_of(config).environments)
  check_named(environments, "environment", add, "/environments")
  for i, environment in ipairs(environments) do
    local path = "/environments/" .. (i - 1)
    environment = list_of(environment)
    if type(environment.region) == "string" and environment.region:find "%S" then
      check_region(environment.region, regions, add, path .. "/region")
    end
    check_named(list_of(environment.stacks), "stack", add, path .. "/stacks")
  end
end

local MAX_LABEL <const> = 40

--- A name as part of the names that Argo and Kubernetes allow; "" where nothing of it is.
---@param name string
---@return string
function M.label(name)
  return (name:lower():gsub("[^a-z0-9]+", "-"):gsub("^%-+", ""):gsub("%-+$", "")
    :sub(1, MAX_LABEL):gsub("%-+$", ""))
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
  of_rules(config, add)
  table.sort(problems, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    if a.col ~= b.col then return a.col < b.col end
    return a.path .. a.message < b.path .. b.message
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

--- The text of a configuration file.
---@param file string
---@return string|nil
---@return lsqm.Error|nil err code "usage" where there is no such file
function M.text(file)
  local text, err = require("std.fs").read(file)
  if not text and err.code == "not_found" then
    err.code = "usage"
    err.hint = "run it where aphex-config.yaml lies, or name the file; README has a small one"
  end
  return text, err
end

--- The configuration in a file; all problems in one error where there are any.
---@param file string
---@return table|nil config
---@return lsqm.Error|nil err code "usage"
function M.read(file)
  local text, err = M.text(file)
  if not text then return nil, err end
  local config, problems = M.check(text, file)
  if config then return config end
  local lines = {}
  for i, problem in ipairs(problems) do lines[i] = M.describe(file, problem) end
  return nil, error_of.new { op = "aphex", code = "usage", message = table.concat(lines, "\n") }
end

return M
