-- SPDX-License-Identifier: Apache-2.0
-- Remote modules over the network, once each, into the cache.
local M = {}

---@return string|nil dir
---@return string|nil why
function M.module()
  return nil, "could not be fetched"
end

return M
