-- SPDX-License-Identifier: Apache-2.0
-- What runs on a worker thread for one template: Terraform roots must parse, then everything is
-- normalised. The converter copies most of a root unread, so it would pass broken files on.

local fs = require "std.fs"
local hcl = require "std.hcl"
local normalize = require "std.normalize"

local M = {}

local function problem_of(dir)
  for _, entry in ipairs(fs.list(dir) or {}) do
    if entry.type == "file" and entry.name:find("%.tf$") then
      local path = fs.join(dir, entry.name)
      local text, err = fs.read(path)
      local body
      if text then body, err = hcl.parse(text, { file = path }) end
      if not body then return err end
    end
  end
  return nil
end

-- Results cross threads as plain tables.
local function plain(err)
  return { message = err.message, code = err.code, file = err.file, line = err.line,
    col = err.col, source = err.source, caret = err.caret, hint = err.hint }
end

---@param job {path: string, format: string, out: string}
---@return table record as std.normalize's
function M.run(job)
  local err = job.format == "terraform" and problem_of(job.path)
  if err then
    return { input = job.path, format = job.format, status = "failed", error = plain(err) }
  end
  return normalize.normalize(job)
end

return M
