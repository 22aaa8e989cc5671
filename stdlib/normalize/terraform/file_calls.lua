-- SPDX-License-Identifier: Apache-2.0
-- file(), templatefile() and their kin: what they read is in the result, made up, or refused.
local files = require "std.normalize.terraform.files"
local packages = require "std.normalize.terraform.packages"
local tree = require "std.normalize.terraform.tree"

local M = {}

local READS <const> = { file = true, filebase64 = true, templatefile = true, filemd5 = true,
  filesha1 = true, filesha256 = true, filesha512 = true, filebase64sha256 = true,
  filebase64sha512 = true }
local NAMES <const> = { fileexists = true, fileset = true }

-- A path that is only known when it is deployed must at least not begin elsewhere.
local function looks_outside(text)
  local path = text:match('^"(.*)') or ""
  return path:find("^[/~]") or path:find("^%.%.?/?%.%./%.%./%.%./%.%.") ~= nil
end

local function rewrite(unit, file, arg, path)
  file.edits[#file.edits + 1] = { first = arg.first, last = arg.last,
    text = files.expression(unit, path) }
end

local function provide(state, unit, file, arg, value)
  local place = files.locate(state, value)
  if not place then return "a file outside of the root" end
  if state.moved[value] then return rewrite(unit, file, arg, state.moved[value]) end
  -- A plain path means the working folder, which need not be the root's.
  if place.out and unit.to == "" and tree.plain { expr = arg } then
    rewrite(unit, file, arg, place.out)
  end
  if place.out and packages.is_there(state, place.out) then return end
  local kind, outside = files.kind(state, place.source)
  if outside then return "a file outside of the root" end
  if kind then
    local path = files.take(state, place, kind)
    if path then rewrite(unit, file, arg, path) end
  elseif value:find("%.zip$") or value:find("%.jar$") then
    local out = packages.stub(state, value, place)
    if not place.out then rewrite(unit, file, arg, out) end
  elseif not packages.stand_in(state, value, place) then
    return "file " .. value .. " is missing"
  end
end

local function check(state, unit, file, item, node)
  local arg = node.args[1]
  local value = arg and unit:text(arg)
  if NAMES[node.name] then
    local place = value and files.locate(state, value)
    if value and (not place or select(2, files.kind(state, place.source))) then
      state:refuse(unit, nil, node, "a file outside of the root", file, item)
    end
    return
  end
  local problem
  if value then
    problem = provide(state, unit, file, arg, value)
  elseif arg and looks_outside(arg.text) then
    problem = "a file outside of the root"
  end
  if problem then state:refuse(unit, nil, node, problem, file, item) end
end

---Looks at every call that reads a file.
function M.check(state, unit)
  for _, file in ipairs(unit.files) do
    for _, item in ipairs(file.body.items) do
      local helper = item.kind == "block" and unit.helpers[(item.type == "data" and "data." or "")
        .. table.concat(item.labels, ".")]
      -- What has no instance is left without its arguments.
      if item.kind == "block" and not (helper and helper.kind == "dead") then
        tree.attributes(item.body, function(attribute)
          tree.walk(attribute.expr, function(node)
            if node.kind == "call" and (READS[node.name] or NAMES[node.name]) then
              check(state, unit, file, item, node)
            end
          end, {})
        end)
      end
    end
  end
end

return M
