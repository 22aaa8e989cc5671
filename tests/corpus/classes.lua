-- SPDX-License-Identifier: Apache-2.0
-- Which inputs nothing could convert, by what their record names. Reviewed by hand: a row is here
-- because a Terraform root without the named thing would be another system, not because a rule is
-- missing. `type`, `property` and `reason` are Lua patterns, a row's words must all match.
local fs = require "std.fs"

local M = {}

M.EXCLUDED = {
  { class = "Rain tag", property = "!Rain" },
  { class = "macro", reason = "[Mm]acro" },
  { class = "macro", reason = "Fn::Transform" },
  { class = "macro", property = "^Transform$" },
  { class = "macro", type = "^AWS::CloudFormation::Macro$" },
  { class = "custom resource", reason = "custom resource" },
  { class = "custom resource", type = "^Custom::" },
  { class = "missing file", reason = "missing file" },
  { class = "missing file", reason = "is missing" },
  { class = "missing file", reason = "not found" },
  { class = "missing file", reason = "no such file" },
  { class = "plugin", kind = "serverless", reason = "plugin" },
  { class = "other cloud", kind = "serverless%-nonaws", reason = "." },
  { class = "remote module", kind = "terraform", reason = "remote module" },
  { class = "executes", kind = "terraform", reason = "provisioner" },
  { class = "executes", kind = "terraform", reason = "provider external" },
}

local function matches(row, kind, entry)
  for _, word in ipairs { "type", "property", "reason" } do
    if row[word] and not (type(entry[word]) == "string" and entry[word]:find(row[word])) then
      return false
    end
  end
  return not row.kind or kind:find(row.kind) ~= nil
end

-- A file that is said to be missing, but lies beside the template, excuses nothing.
local function is_there(record, entry)
  local name = entry.reason:match("missing file (%S+)$")
  return name and fs.exists(fs.join(fs.dirname(record.input), name)) or false
end

--- The class of the first named reason that excludes, or nil: the input is eligible.
---@param kind string INDEX.tsv's word for the format
---@return string? class
---@return string? why
function M.of(kind, record)
  local entries = { table.unpack(record.unsupported) }
  if record.error then entries[#entries + 1] = { reason = record.error.message } end
  for _, row in ipairs(M.EXCLUDED) do
    for _, entry in ipairs(entries) do
      if matches(row, kind, entry) and not is_there(record, entry) then
        return row.class, ("%s %s"):format(entry.id or entry.type or "", entry.reason)
      end
    end
  end
end

return M
