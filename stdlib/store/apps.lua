-- SPDX-License-Identifier: Apache-2.0
-- Test apps: four files and generated_at.json, which is written last and makes the app count.

local errors = require "std.error"
local files = require "std.store.files"
local fs = require "std.fs"
local records = require "std.meta.records"

local M = {}

local function meta_path(store, hash)
  return fs.join(store:app_dir(hash), "generated_at.json")
end

---@param store lsqm.Store
---@param hash string
function M.get(store, hash)
  local meta, err = files.read(store, meta_path(store, hash), "test_app")
  if not meta then return nil, err end
  for _, name in ipairs(records.APP_FILES) do
    if not fs.exists(fs.join(store:app_dir(hash), name)) then
      return nil, errors.new { op = "app " .. hash, code = "not_found", message = "no " .. name }
    end
  end
  return meta
end

---@param store lsqm.Store
---@param meta table
---@param content table
function M.put(store, meta, content)
  if type(meta) ~= "table" then error("put_app: meta must be a table", 3) end
  local path = meta_path(store, meta.arch_hash)
  if store.readonly then return files.write(store, path, "test_app", meta) end
  for _, name in ipairs(records.APP_FILES) do
    if type(content[name]) ~= "string" then
      return nil, errors.new { op = "app " .. meta.arch_hash, code = "invalid",
        message = "no " .. name }
    end
  end
  local dir = store:app_dir(meta.arch_hash)
  local ok, err = fs.write_all(dir, content)
  if ok then ok, err = files.write(store, path, "test_app", meta) end
  if not ok then return nil, err end
  local entry = store._index.architectures[meta.arch_hash]
  if entry then entry.has_app = true end
  return true
end

---@param store lsqm.Store
---@return integer
function M.count(store)
  local n = 0
  for _, name in ipairs(files.folders(store:path("apps"))) do
    if fs.exists(store:path("apps", name, "generated_at.json")) then n = n + 1 end
  end
  return n
end

return M
