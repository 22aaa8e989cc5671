-- SPDX-License-Identifier: Apache-2.0
-- lsqm fmt [--check] FILE…: the canonical style of Terraform files, as `terraform fmt` writes it.

local error_of = require "std.error"
local fs = require "std.fs"
local hcl = require "std.hcl"
local stage = require "std.stage"

local function expand(paths)
  local list = {}
  for _, path in ipairs(paths) do
    local info = fs.stat(path)
    if info and info.type == "dir" then
      for _, name in ipairs(fs.walk(path)) do
        if name:match("%.tfv?a?r?s?$") then list[#list + 1] = fs.join(path, name) end
      end
    else
      list[#list + 1] = path
    end
  end
  return list
end

-- "same", "changed", or nil and an error.
local function format_file(path, check_only)
  local text, err = fs.read(path)
  if not text then return nil, err end
  local formatted
  formatted, err = hcl.format(text, { file = path })
  if not formatted then return nil, err end
  if formatted == text then return "same" end
  if check_only then return "changed" end
  local ok
  ok, err = fs.write(path, formatted)
  if not ok then return nil, err end
  return "changed"
end

return stage {
  api = 1, name = "fmt", help = "Format Terraform files",
  args = {
    { name = "--check", kind = "flag", help = "Change nothing; exit 1 when a file would change" },
    { name = "files", kind = "positional", repeatable = true, help = "Files or folders" },
  },
  run = function(ctx, args)
    local changed, broken = 0, 0
    for _, path in ipairs(expand(args.files)) do
      local outcome, err = format_file(path, args.check or ctx.dry_run)
      if not outcome then
        io.stderr:write("lsqm: ", error_of.format(err), "\n")
        broken = broken + 1
      elseif outcome == "changed" then
        ctx.out(path)
        changed = changed + 1
      end
    end
    if broken > 0 then return 2 end
    return (args.check and changed > 0) and 1 or 0
  end,
}
