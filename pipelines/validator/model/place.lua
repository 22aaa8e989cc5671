-- SPDX-License-Identifier: Apache-2.0
-- Where validator's files lie: config/, cache/ and docs/data/ below one folder (--root).

local contracts = require("std.contracts").of("validator", { underscores = true })
local fs = require "std.fs"

local M = { contracts = contracts }

--- The argument that all stages have, and theirs.
---@return table[] args
function M.args(...)
  return { { name = "--root", kind = "option", metavar = "DIR", default = ".",
    help = "Folder of config/, cache/ and docs/ (default: here)" }, ... }
end

local Place = {}
Place.__index = Place

---@param root string
function M.open(root) return setmetatable({ root = root }, Place) end

function Place:path(...) return fs.join(self.root, ...) end

function Place:sources_file() return self:path("config", "sources.yaml") end
function Place:state_file() return self:path("cache", "sources_state.json") end
function Place:arch_dir(id) return self:path("cache", "architectures", id) end
function Place:app_dir(hash) return self:path("cache", "apps", hash) end
function Place:data(...) return self:path("docs", "data", ...) end

--- A file of an entity; `fallback` where there is none yet.
---@return table|nil
---@return lsqm.Error|nil
function Place:read(path, entity, fallback)
  if fallback and not fs.exists(path) then return fallback end
  return contracts.read(path, entity)
end

--- JSON that its schema allows; another value raises.
function Place:write(path, entity, value)
  return contracts.write(path, entity, value)
end

return M
