-- SPDX-License-Identifier: Apache-2.0
-- Writes the JSON Schemas beside this file anew from model/records.lua, and with a folder of Argo's
-- published schemas (argo-workflows.schema.json, argo-events.schema.json) argo-*.schema.json too:
--   lsqm exec pipelines/aphex/contracts/generate.lua [DIR]
local json = require "std.json"

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
require("std.contracts").generate(here, require "pipelines.aphex.model.records")
local dir = ...
for name, schema in pairs(dir and require("pipelines.aphex.argo.cut").schemas(dir) or {}) do
  local path = ("%s/%s"):format(here, name)
  assert(json.write(path, schema))
  print("wrote " .. path)
end
