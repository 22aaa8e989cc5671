-- SPDX-License-Identifier: Apache-2.0
-- Packages of functions: archives that we make ourselves, stand-ins for those that are not there.
local code = require "std.normalize.code"
local files = require "std.normalize.terraform.files"
local fs = require "std.fs"
local glob = require "std.glob"
local hcl = require "std.hcl"
local names = require "std.normalize.names"
local tree = require "std.normalize.terraform.tree"

local M = {}

-- --- functions and what they need --------------------------------------------------------------

local function each_instance(unit, entry, visit)
  for _, names_ in ipairs(unit:instances(entry.item.body) or { {} }) do visit(names_) end
end

local function attribute_text(unit, entry, name, instance)
  local attribute = tree.attr(entry.item.body, name)
  return attribute and unit:text(attribute.expr, instance)
end

---All functions: {path, runtime, handler}, path as their filename says.
local function functions(state)
  if state.functions then return state.functions end
  state.functions = {}
  for _, unit in ipairs(state.units) do
    for _, key in ipairs(names.sorted_keys(unit.resource)) do
      local entry = unit.resource[key]
      if entry.type == "aws_lambda_function" then
        each_instance(unit, entry, function(instance)
          local function read(name) return attribute_text(unit, entry, name, instance) end
          table.insert(state.functions, { path = read "filename", runtime = read "runtime",
            handler = read "handler" })
        end)
      end
    end
  end
  return state.functions
end

-- A handler's file may have another ending than the stub's: app.mjs, app.ts.
local function has_module(content_names, stub_name)
  local stem = stub_name:gsub("%.%w+$", "")
  for name in pairs(content_names) do
    if name == stub_name or name:gsub("%.%w+$", "") == stem then return true end
  end
  return false
end

---Adds stub handlers for the functions that use a package and find no handler in it.
local function complete(state, path, content)
  local used
  for _, fn in ipairs(functions(state)) do
    if fn.path == path then
      used = true
      local stub = code.stub(fn.runtime or "", fn.handler or "index.handler")
      for name, text in pairs(stub) do
        if not has_module(content.files, name) then
          content.files[name] = text
          state:assume("%s: %s replaced by a stub handler", path, name)
        end
      end
    end
  end
  if not used and not next(content.files) then
    content.files["README"] = "empty package\n"
    state:assume("%s: missing package replaced by an empty one", path)
  end
end

M.complete = complete

-- --- archives ------------------------------------------------------------------------------------

local function put_file(state, content, source, name)
  local kind, outside = files.kind(state, source)
  if outside then return "a file outside of the root" end
  if kind == "file" then content.files[name] = fs.read(source) end
end

local function excluded(patterns, name)
  for _, pattern in ipairs(patterns) do
    if pattern == name or name:sub(1, #pattern + 1) == pattern .. "/" then return true end
    local ok, hit = pcall(glob.match, pattern, name)
    if ok and hit then return true end
  end
  return false
end

local function put_folder(state, content, source, patterns)
  local kind, outside = files.kind(state, source)
  if outside then return "a file outside of the root" end
  if kind ~= "dir" then return end
  for _, name in ipairs(files.list(state, source)) do
    local path = fs.join(source, name)
    if not excluded(patterns, name) and path ~= content.itself then
      content.files[name] = fs.read(path)
    end
  end
end

local function place_of(state, unit, entry, name, instance)
  local path = attribute_text(unit, entry, name, instance)
  return path and files.locate(state, path), path
end

local function collect(state, unit, entry, instance, content)
  local body = entry.item.body
  local place = place_of(state, unit, entry, "source_file", instance)
  if place then return put_file(state, content, place.source, fs.basename(place.source)) end
  place = place_of(state, unit, entry, "source_dir", instance)
  if place then
    local list = tree.attr(body, "excludes")
    local patterns = list and unit:value(list.expr) or {}
    return put_folder(state, content, place.source, type(patterns) == "table" and patterns or {})
  end
  for _, block in ipairs(tree.blocks(body, "source")) do
    local text, name = tree.attr(block.body, "content"), tree.attr(block.body, "filename")
    text, name = text and unit:text(text.expr), name and unit:text(name.expr)
    if text and name then content.files[name] = text end
  end
  local text = attribute_text(unit, entry, "source_content", instance)
  local name = attribute_text(unit, entry, "source_content_filename", instance)
  if text and name then content.files[name] = text end
end

local HASHES = { output_base64sha256 = "filebase64sha256", output_base64sha512 =
  "filebase64sha512", output_md5 = "filemd5", output_sha = "filesha1", output_sha256 =
  "filesha256", output_sha512 = "filesha512", id = "filesha1" }

-- Makes the package of one instance; the path that it has in the result.
local function make(state, unit, helper, instance)
  local entry = helper.entry
  local place, path = place_of(state, unit, entry, "output_path", instance)
  if not place then return nil, path and "a file outside of the root"
    or "the path of an archive is not constant" end
  local out, moved = place.out, nil
  if out and unit.to == "" and tree.plain(tree.attr(entry.item.body, "output_path")) then
    moved = files.expression(unit, out)
  elseif not out then
    out = (unit.to == "" and "" or unit.to .. "/") .. "packages/" .. helper.name .. ".zip"
    moved = '"${path.module}/packages/' .. helper.name .. '.zip"'
  end
  local content = { files = {}, itself = place.source }
  local problem = collect(state, unit, entry, instance, content)
  if problem then return nil, problem end
  complete(state, path, content)
  state.packages[out] = content
  return moved or "{output_path}"
end

---data "archive_file": values of its local.
function M.archive(state, unit, helper)
  local entry = helper.entry
  local kind = attribute_text(unit, entry, "type")
  if kind and kind ~= "zip" then
    return state:refuse(unit, entry, entry.item, "an archive of type " .. kind)
  end
  local list = unit:instances(entry.item.body)
  if not list then
    return state:refuse(unit, entry, entry.item, "an archive with unknown instances")
  end
  local path
  for _, instance in ipairs(list) do
    local problem
    path, problem = make(state, unit, helper, instance)
    if not path then return state:refuse(unit, entry, entry.item, problem) end
  end
  local values = { output_path = path or "{output_path}", output_size = "1" }
  for name, hash in pairs(HASHES) do values[name] = ("%s(%s)"):format(hash, values.output_path) end
  return values
end

---The paths of archives are known to expressions before the archives are made.
function M.announce(unit)
  local known = {}
  for _, mode in ipairs { "data", "resource" } do
    for _, entry in pairs(unit[mode]) do
      local path = entry.type == "archive_file" and attribute_text(unit, entry, "output_path")
      if path and mode == "data" then known[entry.name] = { output_path = path } end
    end
  end
  unit.scope.data = { archive_file = next(known) and known or nil }
end

-- --- packages that are not there -----------------------------------------------------------------

local PACKAGED = { aws_lambda_function = "filename", aws_lambda_layer_version = "filename",
  aws_s3_object = "source", aws_s3_bucket_object = "source" }

local function is_package(path) return path:find("%.zip$") or path:find("%.jar$") end

---Whether the result has something at a path of it.
function M.is_there(state, out)
  if state.packages[out] or state.copies[out] or state.files[out] then return true end
  local prefix = out .. "/"
  for name in pairs(state.copies) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return false
end

local function new_place(state, path)
  local base = names.identifier((fs.basename(path):gsub("%.%w+$", "")))
  return "packages/" .. names.unique(state.package_names, base) .. ".zip"
end

---Makes a stub package for a path that has none; the path in the result.
function M.stub(state, path, place)
  local out = place.out
  if not out then
    out = state.moved[path] or new_place(state, path)
    state.moved[path] = out
  end
  if not M.is_there(state, out) then
    local content = { files = {} }
    complete(state, path, content)
    state.packages[out] = content
  end
  return out
end

---A stand-in for a code file that is not there, by its name or ending.
---@return boolean made
function M.stand_in(state, value, place)
  local rules = state.rules.code
  local ending = value:match("%.(%w+)$") or ""
  local text = rules[fs.basename(value)] or rules[ending] or state.keys[state.rules.keys[ending]]
  if not text or not place.out then return false end
  state.files[place.out] = text
  state:assume("%s: missing file replaced by a stub", value)
  return true
end

local function check_path(state, unit, entry, attribute, value)
  local place = files.locate(state, value)
  if not place then return state:refuse(unit, entry, attribute, "a file outside of the root") end
  if place.out and M.is_there(state, place.out) then return end
  local kind, outside = files.kind(state, place.source)
  if outside then return state:refuse(unit, entry, attribute, "a file outside of the root") end
  if kind == "file" then
    state.moved[value] = files.take(state, place, kind)
  elseif is_package(value) or entry.type:find("^aws_lambda") then
    M.stub(state, value, place)
  elseif M.stand_in(state, value, place) then
    return
  elseif not unit:is_dead(entry.item.body) then
    state:refuse(unit, entry, attribute, "file " .. value .. " is missing")
  end
end

-- Code from a bucket that nothing here fills.
local function from_bucket(state, unit, entry)
  local body = entry.item.body
  local bucket, key = tree.attr(body, "s3_bucket"), tree.attr(body, "s3_key")
  local value = bucket and key and not tree.attr(body, "filename") and unit:value(bucket.expr)
  if type(value) ~= "string" or next(unit.resource) == nil then return end
  for _, other in pairs(unit.resource) do
    if other.type == "aws_s3_object" or other.type == "aws_s3_bucket_object" then return end
  end
  local name = names.unique(state.package_names, names.identifier(entry.name)) .. ".zip"
  local content = { files = code.stub(attribute_text(unit, entry, "runtime") or "",
    attribute_text(unit, entry, "handler") or "index.handler") }
  state.packages[(unit.to == "" and "" or unit.to .. "/") .. "packages/" .. name] = content
  state:assume("%s: package from bucket %s replaced by a stub handler",
    unit:address(entry.address), value)
  local edits = entry.file.edits
  edits[#edits + 1] = { first = bucket.first, last = bucket.last,
    text = 'filename = "${path.module}/packages/' .. name .. '"' }
  for _, attribute in ipairs { key, tree.attr(body, "s3_object_version"),
    tree.attr(body, "source_code_hash") } do
    local first, last = tree.whole_lines(entry.file.text, attribute)
    edits[#edits + 1] = { first = first, last = last, text = "" }
  end
end

---Stand-ins for the packages of a unit that are not there.
function M.missing(state, unit)
  for _, key in ipairs(names.sorted_keys(unit.resource)) do
    local entry = unit.resource[key]
    local attribute = PACKAGED[entry.type] and tree.attr(entry.item.body, PACKAGED[entry.type])
    if entry.type == "aws_lambda_function" or entry.type == "aws_lambda_layer_version" then
      from_bucket(state, unit, entry)
    end
    if attribute then
      each_instance(unit, entry, function(instance)
        local value = attribute_text(unit, entry, attribute.name, instance)
        if value and value ~= "" then check_path(state, unit, entry, attribute, value) end
      end)
      local moved = state.moved[unit:text(attribute.expr) or hcl.unknown]
      if moved then
        table.insert(entry.file.edits, { first = attribute.expr.first,
          last = attribute.expr.last, text = files.expression(unit, moved) })
      end
    end
  end
end

return M
