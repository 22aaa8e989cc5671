-- SPDX-License-Identifier: Apache-2.0
-- What deployed but does not stay as it was: attributes that a second plan would change, by
-- resource type, and roots whose second plan or destroy goes wrong.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local function kind_of(address)
  return address:gsub("%b[]", ""):match("([%w_-]+)%.[%w_-]+$") or address
end

-- Attributes by resource type, each with the number of architectures that have it.
local function drifts_of(rows)
  local list, known = {}, {}
  for _, row in ipairs(rows) do
    local seen = {}
    for _, drift in ipairs((row.result.convergence or {}).drift or {}) do
      local key = kind_of(drift.address) .. "." .. drift.attribute
      if not known[key] then
        known[key] = { name = key, count = 0 }
        list[#list + 1] = known[key]
      end
      if not seen[key] then known[key].count = known[key].count + 1 end
      seen[key] = true
    end
  end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.name < b.name
  end)
  return list
end

local function table_of(heads, rows)
  local cells = {}
  for i, name in ipairs(heads) do cells[i] = h.th({ scope = "col" }, name) end
  return h.div({ class = "card scroll", tabindex = 0 },
    h.table(h.thead(h.tr(cells)), h.tbody(rows)))
end

local function unsettled(rows)
  local list, checked = {}, 0
  for _, row in ipairs(rows) do
    local found = row.result.convergence
    if found then
      checked = checked + 1
      if row.unsettled then
        list[#list + 1] = h.tr(h.th({ scope = "row" }, row.name),
          h.td(found.plan, found.error and h.span({ class = "reason" },
            text.clean(found.error):sub(1, 300)) or nil), h.td(found.destroy or "–"))
      end
    end
  end
  return list, checked
end

return {
  name = "convergence",
  render = function(view)
    local list, checked = unsettled(view.rows)
    if checked == 0 then return nil end
    local drifts = {}
    for i, drift in ipairs(drifts_of(view.rows)) do
      drifts[i] = h.tr(h.th({ scope = "row" }, text.clean(drift.name)),
        h.td({ class = "num" }, drift.count))
    end
    return pieces.section("convergence", "Convergence",
      ("A second plan is empty and destroy leaves nothing: %d of %s."):format(checked - #list,
        text.count(checked, "architecture")),
      #drifts > 0 and table_of({ "Attribute that drifts", "Architectures" }, drifts) or nil,
      #list > 0 and table_of({ "Architecture", "Second plan", "Destroy" }, list) or nil)
  end,
}
