-- SPDX-License-Identifier: Apache-2.0
-- One hash for what a run found out, ids and times aside: equal for two runs that say the same of
-- the same architectures, whoever did them and when.

local files = require "std.store.files"
local fs = require "std.fs"
local json = require "std.json"
local sha256 = require "std.sha256"
local tables = require "std.table"

local M = {}

-- Ids and times, and texts that consist of them: logs tell in which order things came about, the
-- identifiers that an emulator made up, how long each step took.
local CHANCE = {
  run_id = true, started_at = true, completed_at = true, duration_seconds = true, duration = true,
  seconds = true, steps = true, cached_from = true, attempts = true,
  inputs = true, -- depends on where the tools lie
  logs = true, output = true, container_logs = true,
}

-- Values that an emulator invents (ids, addresses with ports) stand in the outputs: names count.
local NAMES_ONLY = { outputs = true }

local function without_ids(text)
  text = text:gsub("%x%x%x%x%x%x%x%x%-?[%x-]+", "<id>"):gsub("%f[%d]%d+%.%d+ ?s%f[%W]", "<time>")
  return (text:gsub("%d%d%d%d+", "<n>"))
end

local function plain(value)
  if type(value) == "string" then return without_ids(value) end
  if type(value) ~= "table" then return value end
  local out = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do
    if NAMES_ONLY[key] then
      out[key] = json.array(tables.sorted_keys(item))
    elseif not CHANCE[key] then
      out[key] = plain(item)
    end
  end
  return out
end

---What a result says, as text.
---@param result table
---@return string
local function text_of(result)
  local out = plain(result)
  out.arch_hash = result.arch_hash
  return json.encode(out)
end

---The hash of one result.
---@param result table
---@return string hex
function M.of_result(result) return sha256.string(text_of(result)) end

---The hash of a run from those of its results.
---@param hashes table<string, string> of_result by architecture
---@return string hex
function M.of_all(hashes)
  local hash = sha256.new()
  for name, one in tables.sorted_pairs(hashes) do hash:update(name .. " " .. one .. "\n") end
  return hash:final()
end

---Reads one result at a time: a run's logs need not fit into memory.
---@param run lsqm.Run
---@return string|nil hex
---@return lsqm.Error|nil
function M.of(run)
  local hashes = {}
  for _, entry in ipairs(fs.list(run:path("results")) or {}) do
    local name = entry.name:match("^(%x+)%.json$")
    if name then
      local result, err = files.read(run.store, run:path("results", entry.name), "result")
      if not result then return nil, err end
      hashes[name] = M.of_result(result)
    end
  end
  return M.of_all(hashes)
end

return M
