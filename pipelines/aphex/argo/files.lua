-- SPDX-License-Identifier: Apache-2.0
-- The three files of a configuration, checked before anybody sees them.

local config_of = require "pipelines.aphex.model.config"
local error_of = require "std.error"
local events = require "pipelines.aphex.argo.events"
local lint = require "pipelines.aphex.argo.lint"
local template = require "pipelines.aphex.argo.template"
local yaml = require "std.yaml"

local M = {}

M.ORDER = { "template", "source", "sensor" }
M.NAMES = { template = "workflow-template.yaml", source = "event-source.yaml",
  sensor = "sensor.yaml" }

M.ARGS = {
  { name = "file", kind = "positional", optional = true, default = "aphex-config.yaml",
    help = "Configuration (default: aphex-config.yaml)" },
  { name = "--repo", kind = "option", metavar = "OWNER/NAME",
    help = "GitHub repository whose pushes start the workflow" },
  { name = "--branch", kind = "option", repeatable = true, metavar = "NAME",
    help = "Branch whose pushes start it (default: main)" },
  { name = "--url", kind = "option", metavar = "URL",
    help = "Where GitHub reaches the EventSource" },
}

local function usage(text)
  return nil, error_of.new { op = "aphex", code = "usage", message = text }
end

--- {template =, source =, sensor =} for a command line; without --repo only the template.
---@param rules table rules/argo.lua
---@param args table of ARGS
---@return table|nil files
---@return lsqm.Error|nil err
function M.of(rules, args)
  local config, err = config_of.read(args.file)
  if not config then return nil, err end
  local name = args.file:match "[^/]*$"
  local files = { template = template.of(config, rules, name) }
  if args.repo then
    local owner, repo = args.repo:match "^([%w._-]+)/([%w._-]+)$"
    if not owner then return usage("--repo must be OWNER/NAME, not " .. args.repo) end
    if not args.url then return usage "--repo needs --url: where GitHub reaches the EventSource" end
    files.source = events.source(rules, { owner = owner, repo = repo, url = args.url })
    files.sensor = events.sensor(rules, args.branch and #args.branch > 0 and args.branch
      or { "main" })
  end
  local problems = files.sensor and lint.files(files, events.KEYS) or lint.workflow(files.template)
  if #problems > 0 then
    return nil, error_of.new { op = "aphex", code = "internal",
      message = "the generated files do not fit together:\n" .. table.concat(problems, "\n") }
  end
  return files
end

--- All files as one text of YAML documents.
---@param files table
---@return string
function M.text(files)
  local parts = {}
  for _, key in ipairs(M.ORDER) do
    if files[key] then parts[#parts + 1] = yaml.encode(files[key]) end
  end
  return table.concat(parts, "---\n")
end

return M
