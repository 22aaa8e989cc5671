-- SPDX-License-Identifier: Apache-2.0
-- Where a remote module lies: in the input's own repository, in a checkout beside it, or in the
-- cache, which fetches it once.
local fs = require "std.fs"
local fetch = require "std.normalize.terraform.fetch"

local M = {}

-- "NAMESPACE/NAME/PROVIDER//folder" → parts, or nil.
local function registry_source(source)
  local address, folder = source:match("^(.-)//(.*)$")
  address = address or source
  address = address:gsub("^registry%.terraform%.io/", "")
  local namespace, name, provider = address:match("^([%w_-]+)/([%w_-]+)/([%w_-]+)$")
  if not namespace then return nil end
  return { namespace = namespace, name = name, provider = provider, folder = folder,
    address = address }
end

-- The registry serves a module from the repository NAMESPACE/terraform-PROVIDER-NAME.
local function checkout(state, wanted)
  local repository = ("terraform-%s-%s"):format(wanted.provider, wanted.name)
  local own = fs.basename(state.repository)
  if own == repository or own == wanted.namespace .. "+" .. repository then
    return state.repository
  end
  local beside = fs.join(fs.dirname(state.repository), wanted.namespace .. "+" .. repository)
  return own:find("+", 1, true) and fs.is_dir(beside) and beside or nil
end

---The folder of a remote module.
---@return string|nil dir
---@return string|nil why
function M.find(state, source, version)
  local wanted = registry_source(source)
  local dir, why
  if wanted then dir = checkout(state, wanted) end
  if not dir then dir, why = fetch.module(wanted, source, version) end
  if not dir then return nil, why end
  local folder = wanted and wanted.folder or source:match("[^:]//([^?]*)")
  if folder and folder ~= "" then
    if folder:find("..", 1, true) then return nil, "its folder leaves the module" end
    dir = fs.join(dir, folder)
  end
  if not fs.is_dir(dir) then return nil, "it has no folder " .. tostring(folder) end
  return fs.realpath(dir)
end

return M
