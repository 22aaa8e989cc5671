-- SPDX-License-Identifier: Apache-2.0
-- Writes the JSON Schemas beside this file anew from model/records.lua:
--   lsqm exec pipelines/validator/contracts/generate.lua
local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
require("std.contracts").generate(here, require "pipelines.validator.model.records",
  { underscores = true })
