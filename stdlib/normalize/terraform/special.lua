-- SPDX-License-Identifier: Apache-2.0
-- Helpers whose values need more than a rule: archives, templates, addresses, keys.
local packages = require "std.normalize.terraform.packages"
local tree = require "std.normalize.terraform.tree"

local M = {}

M["data.archive_file"] = packages.archive
M.archive_file = packages.archive

-- file(x) as the template is a file with placeholders; other text is written to one.
function M.template_file(state, unit, helper)
  local entry = helper.entry
  local template = tree.attr(entry.item.body, "template")
  local node = template and template.expr
  local vars = tree.attr(entry.item.body, "vars")
  local with = vars and unit:slice(entry.file, vars.expr) or "{}"
  local path
  if node and node.kind == "call" and node.name == "file" then
    path = unit:slice(entry.file, node.args[1])
  else
    local text = node and unit:text(node)
    if not text then
      return state:refuse(unit, entry, entry.item, "a template that is not constant")
    end
    local name = "templates/" .. helper.name .. ".tftpl"
    state.files[(unit.to == "" and "" or unit.to .. "/") .. name] = text
    path = '"${path.module}/' .. name .. '"'
  end
  return { rendered = ("templatefile(%s, %s)"):format(path, with), id = '"static"' }
end
M["data.template_file"] = M.template_file

M["data.http"] = function(state, unit, helper)
  local url = tree.attr(helper.entry.item.body, "url")
  local text = url and unit:text(url.expr) or ""
  for _, rule in ipairs(state.rules.http) do
    if text:find(rule[1]) then
      local body = ("%q"):format(rule[2]):gsub("\\\n", "\\n")
      return { body = body, response_body = body, status_code = "200", id = '"static"' }
    end
  end
  state:refuse(unit, helper.entry, helper.entry.item, "provider http")
end

return M
