-- SPDX-License-Identifier: Apache-2.0
-- Secrets and configs whose content is a text or a variable: they are put into the container
-- before it starts and lie nowhere else.

local archive = require "std.archive"
local names = require "pipelines.parity.engine.names"

local M = {}

local DEFAULT_MODE <const> = tonumber("444", 8)

local function text_of(project, resource)
  if resource.content then return resource.content end
  return resource.environment and project.variables(resource.environment) or nil
end

--- What goes into the containers of a service: {path, data, mode}; nil when nothing does.
---@return {path: string, data: string, mode: integer}[]?
function M.of(project, name)
  local service, list = project.services[name], {}
  for section in pairs(names.FOLDERS) do
    for _, item in ipairs(service[section] or {}) do
      local text = text_of(project, project[section][item.source])
      if text then
        list[#list + 1] = { path = names.target_of(section, item):sub(2), data = text,
          mode = item.mode or DEFAULT_MODE }
      end
    end
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return #list > 0 and list or nil
end

--- Puts them into a container.
---@return boolean?
---@return lsqm.Error?
function M.put(engine, id, project, name)
  local entries = M.of(project, name)
  if not entries then return true end
  local tar, err = archive.tar(nil, entries)
  if not tar then return nil, err end
  return engine:put_archive(id, "/", tar)
end

return M
