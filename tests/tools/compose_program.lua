-- SPDX-License-Identifier: Apache-2.0
-- Docker Compose 2 for the tests that compare with it: the pinned one that `make setup-test` put
-- into the cache, else the machine's. Version 1 reads another dialect and is not taken.

local fs = require "std.fs"
local process = require "std.process"
local python = require "std.python"
local table_of = require "std.table"

--- Its argv and version; nil where there is none.
---@return string[]?
---@return string?
return function()
  local pinned = fs.join(python.cache_dir(), "compose", "docker-compose")
  for _, argv in ipairs { { pinned }, { "docker", "compose" }, { "docker-compose" } } do
    local words = table_of.append(table_of.copy(argv), { "version", "--short" })
    local result = process.which(argv[1]) and process.run { argv = words, timeout = 30,
      inherit = { "HOME" } }
    if result and result.code == 0 and result.stdout:find("^v?[2-9]") then
      return argv, (result.stdout:gsub("%s+$", ""))
    end
  end
  return nil
end
