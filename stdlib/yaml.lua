-- SPDX-License-Identifier: Apache-2.0
-- YAML 1.2 and JSON with positions; CloudFormation's short tags become their long forms.

local raw = require "lsqm.raw.yaml"
local error_of = require "std.error"
local json = require "std.json"
local suggest = require "std.suggest"

local M = {}

local ARRAY <const> = getmetatable(json.array())

--- null, the same value as json.null.
M.null = json.null

-- What each CloudFormation tag becomes: the long form's key.
M.cloudformation_tags = {
  ["!And"] = "Fn::And", ["!Base64"] = "Fn::Base64", ["!Cidr"] = "Fn::Cidr",
  ["!Condition"] = "Condition", ["!Contains"] = "Fn::Contains",
  ["!EachMemberEquals"] = "Fn::EachMemberEquals", ["!EachMemberIn"] = "Fn::EachMemberIn",
  ["!Equals"] = "Fn::Equals", ["!FindInMap"] = "Fn::FindInMap", ["!ForEach"] = "Fn::ForEach",
  ["!GetAZs"] = "Fn::GetAZs", ["!GetAtt"] = "Fn::GetAtt", ["!If"] = "Fn::If",
  ["!ImportValue"] = "Fn::ImportValue", ["!Join"] = "Fn::Join", ["!Length"] = "Fn::Length",
  ["!Not"] = "Fn::Not", ["!Or"] = "Fn::Or", ["!Ref"] = "Ref", ["!RefAll"] = "Fn::RefAll",
  ["!Select"] = "Fn::Select", ["!Split"] = "Fn::Split", ["!Sub"] = "Fn::Sub",
  ["!ToJsonString"] = "Fn::ToJsonString", ["!Transform"] = "Fn::Transform",
  ["!ValueOf"] = "Fn::ValueOf", ["!ValueOfAll"] = "Fn::ValueOfAll",
}

-- "a.b.c" names the attribute b.c of a; without a dot the text stays as it is.
local function split_getatt(value)
  if type(value) ~= "string" then return value end
  local name, attribute = value:match("^([^.]+)%.(.+)$")
  if not name then return value end
  return json.array { name, attribute }
end

local function source_line(text, line)
  local at = 1
  for _ = 2, line do
    at = (text:find("\n", at, true) or #text) + 1
  end
  return (text:sub(at, (text:find("\n", at, true) or #text + 1) - 1):gsub("%c", " "))
end

local function unknown_tag(tag, line, col, state)
  local known = state.known
  return error_of.new {
    op = "yaml", code = "syntax", message = ("unknown tag %s%s"):format(tag,
      known and suggest.phrase(tag, known) or ""),
    file = state.file, line = line, col = col, source = source_line(state.text, line):sub(1, 95),
    caret = col,
  }
end

local function cloudformation(state, marks)
  return function(tag, value, line, col)
    local key = M.cloudformation_tags[tag]
    if not key then
      if not state.unknown then error(unknown_tag(tag, line, col, state), 0) end
      state.unknown[#state.unknown + 1] = { tag = tag, line = line, col = col }
      return value
    end
    if tag == "!GetAtt" then value = split_getatt(value) end
    local long = { [key] = value }
    if marks then
      marks[long] = { line = line, col = col, order = { key }, keys = { [key] = { line, col } } }
    end
    return long
  end
end

local function strict(state)
  return function(tag, _, line, col) error(unknown_tag(tag, line, col, state), 0) end
end

local function by_function(fn, state)
  return function(tag, value, line, col, kind)
    local made, known = fn(tag, value, line, col, kind)
    if made == nil and not known then error(unknown_tag(tag, line, col, state), 0) end
    return made
  end
end

local function tag_handler(options, state, marks)
  local tags = options.tags or "strict"
  if tags == "cloudformation" then
    state.known = M.cloudformation_tags
    return cloudformation(state, marks)
  elseif tags == "strict" then
    return strict(state)
  elseif tags == "ignore" then
    return nil
  elseif type(tags) == "function" then
    return by_function(tags, state)
  end
  error("yaml.decode: tags must be cloudformation, strict, ignore or a function", 3)
end

local function parse_options(options)
  return {
    file = options.file, multi = options.multi, max_bytes = options.max_bytes,
    max_depth = options.max_depth, max_alias_nodes = options.max_alias_nodes,
    yaml11 = options.yaml11 == nil and options.tags == "cloudformation" or options.yaml11 or false,
  }
end

--- Reads YAML or JSON text. Keys are strings; null is yaml.null; lists are marked as arrays.
--- marks[table] = {line, col, order = {keys as written}, keys = {[key] = {line, col}}}.
---@param text string
---@param options table|nil {file =, tags = "cloudformation"|"strict"|"ignore"|function(tag, value,
---  line, col, kind) -> value, marks = boolean, yaml11 = yes/no/on/off are booleans (default with
---  cloudformation), unknown = list that gets {tag, line, col} of each tag that CloudFormation
---  does not have, instead of an error, multi = list of all documents, max_bytes =, max_depth =,
---  max_alias_nodes =}
---@return any value or nil
---@return table|lsqm.Error|nil marks, or what went wrong
function M.decode(text, options)
  if type(text) ~= "string" then error("yaml.decode: text must be a string", 2) end
  options = options or {}
  local marks = options.marks and {} or nil
  local on_tag = tag_handler(options,
    { text = text, file = options.file, unknown = options.unknown }, marks)
  local doc <close>, err = raw.parse(text, parse_options(options))
  if not doc then return nil, err end
  local ok, value = pcall(doc.value, doc, on_tag, marks, M.null, ARRAY)
  if ok then return value, marks end
  if error_of.is(value) then return nil, value end
  error(value, 0)
end

--- The value in a file; see decode.
---@param path string
function M.read(path, options)
  local text, err = require("std.fs").read(path)
  if not text then return nil, err end
  local all = { file = path }
  for k, v in pairs(options or {}) do all[k] = v end
  return M.decode(text, all)
end

--- YAML text of a plain value, in block style with sorted keys; see std.yaml.emit for tags.
---@return string
function M.encode(value)
  return require("std.yaml.emit").text(value)
end

return M
