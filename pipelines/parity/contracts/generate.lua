-- SPDX-License-Identifier: Apache-2.0
-- Writes the JSON Schemas beside this file anew from model/records.lua:
--   lsqm exec pipelines/parity/contracts/generate.lua
local fs = require "std.fs"
local json = require "std.json"
local records = require "pipelines.parity.model.records"
local schema = require "std.meta.schema"

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
for _, name in ipairs(records.ENTITIES) do
  local path = fs.join(here, name:gsub("_", "-") .. ".schema.json")
  local ok, err = json.write(path, schema.of(name, { records = records, closed = true }))
  if not ok then error(err, 0) end
  print("wrote " .. path)
end
