-- SPDX-License-Identifier: Apache-2.0
-- Where a remote module lies: in the input's own repository, in a checkout beside it, or in the
-- cache, which fetches it once.
local fs = require "std.fs"
local resolve = require "std.resolve"
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

-- Offline only: a module of ours (or of the user's folder) that makes the same resources of the
-- same variables, as far as it goes. What it does not have is refused by name when it is used.
local function stand_in(state, wanted)
  local name = ("rules/modules/%s/%s/%s"):format(wanted.namespace, wanted.name, wanted.provider)
  local file = resolve.find("weekly", name .. "/main.tf")
  if not file or wanted.folder then return nil end
  state:assume("module %s could not be fetched: replaced by one of ours", wanted.address)
  return fs.dirname(file)
end

---The folder of a remote module.
---@return string|nil dir
---@return string|nil why
function M.find(state, source, version)
  local wanted = registry_source(source)
  local dir, why
  if wanted then dir = checkout(state, wanted) end
  if not dir then dir, why = fetch.module(wanted, source, version) end
  if not dir and wanted then dir = stand_in(state, wanted) end
  if not dir then return nil, why end
  state.readable[#state.readable + 1] = fs.realpath(dir)
  local folder = wanted and wanted.folder
  if folder and folder ~= "" then
    if folder:find("..", 1, true) then return nil, "its folder leaves the module" end
    dir = fs.join(dir, folder)
  end
  if not fs.is_dir(dir) then return nil, "it has no folder " .. tostring(folder) end
  return fs.realpath(dir)
end

return M
