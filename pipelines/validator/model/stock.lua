-- SPDX-License-Identifier: Apache-2.0
-- A context for std.validation and std.generate: validator's folders as their store; rules and
-- prompts of the pipeline itself, else those that `weekly` is run by, which std.normalize reads
-- too: what an emulator is and what a verdict is stands in one place.

local resolve = require "std.resolve"

local M = {}

local STOCK <const> = "weekly"

local function home(name) return resolve.find("validator", name) and "validator" or STOCK end

local function load(name)
  local value, why = resolve.load(home(name), name)
  if value == nil then error(why, 0) end
  return value
end

--- architectures: by the names that std.validation or the writer of apps gets for their hashes.
---@param ctx lsqm.Context
---@param place table
---@param architectures table<string, table>
function M.context(ctx, place, architectures)
  local store = {}
  function store.arch_dir(_, hash) return place:arch_dir(architectures[hash].id) end
  function store.app_dir(_, hash) return place:app_dir(architectures[hash].content_hash) end
  return setmetatable({ store = store, load = load,
    rules = function(name) return load("rules." .. name) end,
    rows = function(name)
      local rows, why = resolve.load_rows(home("rules." .. name), "rules." .. name)
      if not rows then error(why, 0) end
      return rows
    end }, { __index = ctx })
end

return M
