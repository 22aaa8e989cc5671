-- SPDX-License-Identifier: Apache-2.0
-- TemplateSource: config/sources.yaml says which there are, cache/sources_state.json what is known
-- of them since they were mined; and what each means to std.mining.

local error_of = require "std.error"
local fs = require "std.fs"
local place_in = require "std.yaml.place"
local text_of = require "std.text"
local yaml = require "std.yaml"

local M = {}

local EXAMPLE <const> = "it lists where templates come from: sources: [{id: aws-samples, "
  .. "name: Samples, source_type: github_repo, url: 'https://github.com/OWNER/NAME'}]"

-- What the schema has against the file, and ids that are there twice: {{pointer, words}…}
local function problems_of(place, config)
  local list, seen = {}, {}
  for _, problem in ipairs(place.contracts.problems("sources", config) or {}) do
    list[#list + 1] = { problem.path, problem.keyword == "false schema" and "is not a key of this"
      or problem.message }
  end
  for i, source in ipairs(#list == 0 and config.sources or {}) do
    if seen[source.id] then
      list[#list + 1] = { ("/sources/%d/id"):format(i - 1), ("two sources '%s'"):format(source.id) }
    end
    seen[source.id] = true
  end
  return list
end

local function read(place)
  local path = place:sources_file()
  local text, err = fs.read(path)
  if not text then
    err.hint = err.code == "not_found" and EXAMPLE or nil
    return nil, err
  end
  local config, marks = yaml.decode(text, { file = path, marks = true })
  if config == nil then
    marks.code = "usage"
    return nil, marks
  end
  local lines = {}
  for i, problem in ipairs(problems_of(place, config)) do
    local line, col = place_in(config, marks, problem[1])
    lines[i] = ("%s:%d:%d: %s: %s"):format(path, line, col, problem[1] == "" and "/" or problem[1],
      problem[2])
  end
  if #lines == 0 then return config end
  return nil, error_of.new { op = "sources", code = "usage", message = table.concat(lines, "\n") }
end

--- The enabled sources with their state.
---@return table[]|nil
---@return lsqm.Error|nil
function M.load(place)
  local config, err = read(place)
  if not config then return nil, err end
  local state
  state, err = place:read(place:state_file(), "sources_state", { sources = {} })
  if not state then return nil, err end
  local list = {}
  for _, source in ipairs(config.sources) do
    for key, value in pairs(state.sources[source.id] or {}) do source[key] = value end
    if source.enabled ~= false then list[#list + 1] = source end
  end
  return list
end

--- Notes when a source was mined, and at which commit.
---@param sha string|nil
---@return boolean|nil ok
---@return lsqm.Error|nil
function M.note(place, id, time, sha)
  local state, err = place:read(place:state_file(), "sources_state", { sources = {} })
  if not state then return nil, err end
  state.sources[id] = { last_mined_at = time, last_commit_sha = sha }
  return place:write(place:state_file(), "sources_state", state)
end

--- What std.mining.sources reads for this source: a folder, a clone, a module or a search.
---@return table
function M.mining(source)
  local folder = source.url:match("^file://(/.*)$")
  if folder and not folder:find("%.git/*$") then
    return { type = "dir", path = text_of.percent_decoded(folder) }
  end
  if source.source_type == "terraform_registry" then
    local module = source.url:match("/modules/([%w_-]+/[%w_-]+/[%w_-]+)")
    if module then return { type = "registry", module = module } end
    local words = source.url:match("[?&]q=([^&]+)") or source.id
    return { type = "registry", search = text_of.percent_decoded(words) }
  end
  return { type = "git", url = source.url }
end

return M
