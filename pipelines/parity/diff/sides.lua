-- SPDX-License-Identifier: Apache-2.0
-- What SOURCE and TARGET of a comparison may be: Compose files (a.yaml,b.yaml), a folder, or a
-- running project (engine:NAME).

local fs = require "std.fs"
local open = require "pipelines.parity.model.open"

local M = {}

-- "staging.yaml" and "deploy/prod" say what they are.
local function kind_of(text)
  local low = text:lower()
  if low:find("staging", 1, true) then return "staging" end
  return low:find("prod", 1, true) and "production" or "local"
end

local function from_files(text, options)
  local files = {}
  for path in text:gmatch("[^,]+") do files[#files + 1] = path end
  local kind = kind_of(text)
  if #files == 1 and fs.is_dir(files[1]) then
    return open.load { dir = files[1], env_files = options.env_files, profiles = options.profiles,
      type = kind, id = options.id or kind .. "-" .. fs.basename(fs.absolute(files[1])) }
  end
  local base = fs.basename(files[#files]):gsub("%.ya?ml$", "")
  return open.load { files = files, env_files = options.env_files, profiles = options.profiles,
    type = kind, id = options.id or kind .. "-" .. base }
end

--- The environment that a word of the command line names.
---@param options table {env_files=, profiles=, id=, docker=}
---@return parity.Environment?
---@return lsqm.Error?
function M.open(text, options)
  local name = text:match("^engine:(.+)$")
  if name then return require("pipelines.parity.engine.observe").environment(name, options) end
  return from_files(text, options)
end

function M.is_running(text) return text:find("^engine:") ~= nil end

return M
