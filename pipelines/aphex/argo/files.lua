-- SPDX-License-Identifier: Apache-2.0
-- The three files of a configuration, checked before anybody sees them.

local config_of = require "pipelines.aphex.model.config"
local contracts = require("std.contracts").of "aphex"
local emit = require "std.yaml.emit"
local error_of = require "std.error"
local events = require "pipelines.aphex.argo.events"
local fs = require "std.fs"
local lint = require "pipelines.aphex.argo.lint"
local names = require "pipelines.aphex.argo.names"
local tables = require "std.table"
local template = require "pipelines.aphex.argo.template"
local values = require "pipelines.aphex.argo.values"

local M = {}

M.ORDER = { "template", "source", "sensor" }
M.NAMES = { template = "workflow-template.yaml", source = "event-source.yaml",
  sensor = "sensor.yaml" }

-- Which contract a kind is held to.
M.SCHEMAS = { WorkflowTemplate = "argo_workflow_template", EventSource = "argo_event_source",
  Sensor = "argo_sensor", Workflow = "argo_workflow" }

M.ARGS = {
  { name = "file", kind = "positional", optional = true, default = "aphex-config.yaml",
    help = "Configuration (default: aphex-config.yaml)" },
  { name = "--repo", kind = "option", metavar = "OWNER/NAME",
    help = "GitHub repository whose pushes start the workflow" },
  { name = "--branch", kind = "option", repeatable = true, metavar = "PATTERN",
    help = "Branches whose pushes start it (default: main)" },
  { name = "--url", kind = "option", metavar = "URL",
    help = "Where GitHub reaches the EventSource" },
  { name = "--path", kind = "option", metavar = "PATH",
    help = "Where the file lies in the repository (default: below its .git)" },
}

local function usage(text)
  return nil, error_of.new { op = "aphex", code = "usage", message = text }
end

-- The nearest folder above with a .git, which of a worktree is a file.
local function root_of(path)
  local dir = fs.dirname(path)
  while not fs.exists(fs.join(dir, ".git")) do
    if dir == fs.dirname(dir) then return nil end
    dir = fs.dirname(dir)
  end
  return dir
end

-- Where the workflow's programs find the configuration.
local function place_of(args)
  local path = args.path
  if not path then
    local whole = fs.absolute(args.file)
    local root = root_of(whole)
    path = root and fs.relative(whole, root) or fs.basename(whole)
  end
  if path:find "^[/-]" or path:find "%c" or path:find("{{", 1, true) or not fs.below(path) then
    return usage("the configuration cannot lie at " .. path:gsub("%c", "?") .. " in a repository")
  end
  return path
end

local function add_events(files, rules, args)
  local owner, repo = args.repo:match "^([%w._-]+)/([%w._-]+)$"
  if not owner then return usage("--repo must be OWNER/NAME, not " .. args.repo) end
  if not args.url then return usage "--repo needs --url: where GitHub reaches the EventSource" end
  if not args.url:find "^https?://[^%s%c{}]+$" then
    return usage("--url must be an http address, not " .. args.url)
  end
  local branches = args.branch and #args.branch > 0 and args.branch or { "main" }
  for _, branch in ipairs(branches) do
    local pattern, err = events.ref_pattern(branch)
    if not pattern then return nil, err end
  end
  files.source = events.source(rules, { owner = owner, repo = repo, url = args.url })
  files.sensor = events.sensor(rules, { owner = owner, repo = repo, branches = branches })
  return true
end

-- Of an object by itself: what breaks its schema, else the values that Argo does not take.
local function own_problems(key, object)
  local out = {}
  for _, problem in ipairs(contracts.problems(M.SCHEMAS[object.kind], object) or {}) do
    out[#out + 1] = ("%s: %s: %s"):format(object.kind:lower(), problem.path, problem.message)
  end
  return #out > 0 and out or values.problems(key, object)
end

--- What Argo would refuse of the files; an empty list is good. The linters read only files that are
--- good by themselves.
---@param files table
---@return string[]
function M.problems(files)
  local problems = {}
  for _, key in ipairs(M.ORDER) do
    if files[key] then tables.append(problems, own_problems(key, files[key])) end
  end
  for _, trigger in ipairs(#problems == 0 and files.sensor and files.sensor.spec.triggers or {}) do
    tables.append(problems, own_problems("workflow", trigger.template.argoWorkflow.source.resource))
  end
  if #problems > 0 then return problems end
  return tables.append(names.problems(files), files.sensor and lint.files(files, events.KEYS)
    or lint.workflow(files.template))
end

--- The files as they are made, not checked yet: see `of`.
function M.make(rules, args)
  local config, err = config_of.read(args.file)
  if not config then return nil, err end
  local path, ok
  path, err = place_of(args)
  if not path then return nil, err end
  local files = { template = template.of(config, rules, path) }
  if args.repo then
    ok, err = add_events(files, rules, args)
    if not ok then return nil, err end
  elseif args.url or (args.branch and #args.branch > 0) then
    return usage "--url and --branch need --repo"
  end
  return files
end

--- {template =, source =, sensor =} for a command line; without --repo only the template.
---@param rules table rules/argo.lua
---@param args table of ARGS
---@return table|nil files
---@return lsqm.Error|nil err
function M.of(rules, args)
  local files, err = M.make(rules, args)
  if not files then return nil, err end
  local problems = M.problems(files)
  if #problems > 0 then
    return nil, error_of.new { op = "aphex", code = "usage",
      message = "Argo would refuse this (rules/argo.lua):\n" .. table.concat(problems, "\n") }
  end
  return files
end

-- As people write them.
local STYLE <const> = { compact = true, first = { "apiVersion", "kind", "name", "namespace",
  "metadata", "spec", "template", "depends", "entrypoint", "onExit", "inputs", "outputs", "path",
  "type", "image", "command", "args" } }

--- One of the files, or a Workflow, as YAML.
---@param object table
---@return string
function M.yaml(object) return emit.text(object, STYLE) end

--- All files as one text of YAML documents.
---@param files table
---@return string
function M.text(files)
  local parts = {}
  for _, key in ipairs(M.ORDER) do
    if files[key] then parts[#parts + 1] = M.yaml(files[key]) end
  end
  return table.concat(parts, "---\n")
end

return M
