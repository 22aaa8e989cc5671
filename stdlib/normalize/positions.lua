-- SPDX-License-Identifier: Apache-2.0
-- Where in the input something stands. The document is read a second time, with positions, only
-- when something has to be named: what converts whole pays nothing.
local yaml = require "std.yaml"

local M = {}

local SECTION_OF = { Output = "Outputs", Condition = "Conditions", Parameter = "Parameters",
  Mapping = "Mappings", Rule = "Rules" }

---The document of a job with the places of its keys, or nil when it cannot be read.
local function marked(job)
  if job.marked == nil then
    local value, marks = yaml.decode(job.text or "", { file = job.path, tags = "cloudformation",
      unknown = {}, marks = true })
    job.marked = type(value) == "table" and { value = value, marks = marks } or false
  end
  return job.marked or nil
end

local function key_in(table_, word)
  if table_[word] ~= nil then return word end
  local n = math.tointeger(tonumber(word))
  return n and table_[n + 1] ~= nil and n + 1 or nil
end

-- Goes down as far as the words lead; a function call on the way (an If, a tag) ends it there.
local function descend(doc, from, words)
  local at, place = from, nil
  for _, word in ipairs(words) do
    local mark = type(at) == "table" and doc.marks[at]
    local key = mark and key_in(at, word)
    if not key then break end
    place, at = mark.keys[key] or place, at[key]
  end
  return place, at
end

local function words_of(path)
  local words = {}
  for word in (path or ""):gmatch("[^.]+") do words[#words + 1] = word end
  return words
end

-- What a translator made carries the name of its source first: "ApiStage" comes from "Api".
local function source_id(resources, id)
  if type(resources) ~= "table" then return nil end
  if resources[id] ~= nil then return id end
  local best
  for key in pairs(resources) do
    if type(key) == "string" and id:sub(1, #key) == key and (not best or #key > #best) then
      best = key
    end
  end
  return best
end

local function in_resource(doc, id, property)
  local key = source_id(doc.value.Resources, id)
  if not key then return nil end
  local place, resource = descend(doc, doc.value, { "Resources", key })
  if key ~= id or not property or type(resource) ~= "table" then return place end
  local words = words_of(property)
  local deeper = descend(doc, resource.Properties, words) or descend(doc, resource, words)
  return deeper or place
end

-- The first place of each key, and of each text in a list, for names that no path leads to.
local function index_of(doc)
  local first = {}
  local function visit(value)
    local mark = doc.marks[value]
    if not mark or mark.seen then return end
    mark.seen = true
    for _, word in ipairs(mark.order) do
      first[word] = first[word] or mark.keys[word]
      if type(value[word]) == "table" then visit(value[word]) end
    end
    for i, item in ipairs(value) do
      if type(item) == "table" then visit(item) end
      if type(item) == "string" then first[item] = first[item] or mark.keys[i] end
    end
  end
  visit(doc.value)
  return first
end

local function by_name(doc, entry)
  doc.index = doc.index or index_of(doc)
  local property = entry.property or ""
  return doc.index[property] or doc.index[property:match("^[^.]+") or ""]
    or doc.index[entry.id or ""] or doc.index[property:match("([%w_]+)}?$") or ""]
end

-- A function of a service gives its name to what is made for it.
local function by_function(doc, id)
  local functions = doc.value.functions
  if type(functions) ~= "table" then return nil end
  for _, name in ipairs(doc.marks[functions].order) do
    local start = name:gsub("%W", ""):lower()
    if start ~= "" and id:lower():sub(1, #start) == start then
      return doc.marks[functions].keys[name]
    end
  end
end

-- A part of a text, such as a variable.
local function by_text(job, part)
  local at = #part > 3 and job.text:find(part, 1, true)
  if not at then return nil end
  local _, lines = job.text:sub(1, at):gsub("\n", "")
  return { lines + 1, at - (job.text:sub(1, at - 1):match("^.*\n()") or 1) + 1 }
end

-- What is made from the document as a whole.
local function section(doc)
  for _, name in ipairs { "Resources", "resources", "provider" } do
    if doc.value[name] ~= nil then return doc.marks[doc.value].keys[name] end
  end
end

---The place of what an entry of `unsupported` names.
---@param job {path: string, text: string}
---@param entry {id: string|nil, type: string|nil, property: string|nil}
---@return integer|nil line, integer|nil col
function M.find(job, entry)
  local doc = job.text and marked(job)
  if not doc then return nil end
  local place
  local kind = SECTION_OF[entry.type]
  if kind and entry.id then
    local words = { kind, entry.id, table.unpack(words_of(entry.property)) }
    place = descend(doc, doc.value, words)
  elseif entry.id and entry.id ~= "" then
    place = in_resource(doc, entry.id, entry.property)
  end
  place = place or descend(doc, doc.value, words_of(entry.property)) or by_name(doc, entry)
    or by_text(job, entry.property or "") or by_function(doc, entry.id or "") or section(doc)
  if place then return place[1], place[2] end
end

---Gives each entry of a list its file, and line and column where the input says them.
---@param job {path: string, text: string|nil}
---@param list table[]
function M.add(job, list)
  for _, entry in ipairs(list) do
    if not entry.line and not entry.file then entry.line, entry.col = M.find(job, entry) end
    entry.file = entry.file or job.path
  end
  job.marked = nil
end

return M
