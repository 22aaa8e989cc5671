-- SPDX-License-Identifier: Apache-2.0
-- A key of a rule that the engine never reads says nothing and looks as if it did.
local fs = require "std.fs"
local normalize = require "std.normalize"

local ROOT = (debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or ".") .. "/../../"
local RULES = ROOT .. "pipelines/weekly/rules/cloudformation/"

-- What the engine reads of a specification.
local function keys_read()
  local keys = { fn = true }
  for _, entry in ipairs(assert(fs.list(ROOT .. "stdlib/normalize/cfn"))) do
    local name = entry.name
    local path = ROOT .. "stdlib/normalize/cfn/" .. name
    for key in (path:find("%.lua$") and fs.read(path) or ""):gmatch("spec%.([%w_]+)") do
      keys[key] = true
    end
  end
  return keys
end

local function walk(specs, path, known, seen, wrong)
  if seen[specs] then return end
  seen[specs] = true
  for property, spec in pairs(specs) do
    local at = path .. "." .. tostring(property)
    if spec == false then wrong[#wrong + 1] = at .. ": false" end
    if type(spec) == "table" then
      for key in pairs(spec) do
        if not known[key] then wrong[#wrong + 1] = at .. ": " .. tostring(key) end
      end
      walk(spec.props or {}, at, known, seen, wrong)
    end
  end
end

it("every key of every rule is one that the engine reads", function()
  local known, find, wrong, count = keys_read(), normalize.rules(), {}, 0
  for _, entry in ipairs(assert(fs.list(RULES))) do
    local name = entry.name
    for cfn_type in fs.read(RULES .. name):gmatch('%["(AWS::%w+::%w+)"%]') do
      local rule = find(cfn_type)
      if rule then
        count = count + 1
        walk(rule.props or {}, cfn_type, known, {}, wrong)
        for _, variant in pairs(rule.variants or {}) do
          walk(variant.props or {}, cfn_type, known, {}, wrong)
        end
      end
    end
  end
  table.sort(wrong)
  assert.equal("", table.concat(wrong, "\n"))
  assert.is_true(count > 300, count)
end)
