-- SPDX-License-Identifier: Apache-2.0
-- Templates of CloudFormation for the specs of normalising, and what their Terraform says.
local assert = require "luassert"
local fs = require "std.fs"
local normalize = require "std.normalize"

local M = {}

---@param files table<string, string>|nil beside the template
---@return table record
---@return string main main.tf, with one space for each run of blanks
---@return string outputs outputs.tf in the same way
function M.run(text, files)
  local dir = fs.tempdir("normalize-services")
  fs.write(fs.join(dir.path, "t.yaml"), text)
  assert(fs.write_all(dir.path, files or {}))
  local record = normalize.normalize { path = fs.join(dir.path, "t.yaml"), format = "cfn",
    out = fs.join(dir.path, "out") }
  local function written(name)
    return ((fs.read(fs.join(dir.path, "out", name)) or ""):gsub("[ \t]+", " "))
  end
  local main, outputs = written "main.tf", written "outputs.tf"
  dir:close()
  return record, main, outputs
end

---The same for the resources alone.
function M.resources(text, files) return M.run("Resources:\n" .. text, files) end

---What a record refuses, one line each.
function M.reasons(record)
  local list = {}
  for i, entry in ipairs(record.unsupported or {}) do
    list[i] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return table.concat(list, "\n")
end

---Every part is in the text.
function M.has(text, ...)
  for _, part in ipairs { ... } do assert.contains(text, part) end
end

---Nothing was refused.
function M.normalized(record)
  assert.equal("normalized", record.status, M.reasons(record))
end

return M
