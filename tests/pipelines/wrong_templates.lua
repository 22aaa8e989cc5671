-- SPDX-License-Identifier: Apache-2.0
-- Templates made wrong: one of any template's values is of another kind, gone, nested without end,
-- or refers to what it stands in. The same seed makes the same template.
local json = require "std.json"

local M = {}

local function deep(levels, make)
  local value = "end"
  for _ = 1, levels do value = make(value) end
  return value
end

-- What stands in the place of a value; `names` are the template's keys.
local PLANTS = {
  function() return 42 end,
  function() return -1.5 end,
  function() return true end,
  function() return "" end,
  function() return "${" end,
  function() return ("${AWS::Region}"):rep(200) end,
  function() return ("x"):rep(100000) end,
  function() return "\0\xff%s{{resolve:ssm:}}" end,
  function() return json.null end,
  function() return {} end,
  function() return json.array {} end,
  function() return json.array { json.array { json.array {} }, json.null } end,
  function() return deep(60, function(inner) return json.array { inner } end) end,
  function() return deep(60, function(inner) return { a = inner } end) end,
  function() return deep(25, function(inner) return { ["Fn::Sub"] = { "${a}", { a = inner } } } end)
  end,
  function(name) return { Ref = name() } end,
  function(name) return { ["Fn::GetAtt"] = json.array { name(), "Arn" } } end,
  function(name) return { ["Fn::GetAtt"] = name() } end,
  function(name) return { ["Fn::Sub"] = "${" .. name() .. "}" } end,
  function(name) return { ["Fn::If"] = json.array { name(), { Ref = name() }, 1 } } end,
  function(name) return { Condition = name() } end,
  function() return { Ref = json.array { 5 } } end,
  function() return { Ref = "AWS::NoValue" } end,
  function() return { ["Fn::If"] = json.array { 1 } } end,
  function() return { ["Fn::If"] = json.array { json.null, {}, json.array {} } } end,
  function() return { ["Fn::Join"] = json.array { json.array {}, "x" } } end,
  function() return { ["Fn::Select"] = json.array { "one", {} } } end,
  function() return { ["Fn::Split"] = 7 } end,
  function() return { ["Fn::FindInMap"] = json.array { {}, 1 } } end,
  function() return { ["Fn::Cidr"] = json.array { "x", -1, "y" } } end,
  function() return { ["Fn::Sub"] = json.array { json.array {}, 3 } } end,
  function() return { ["Fn::ForEach::L"] = json.array { "x", json.array { 1 }, json.null } } end,
  function() return { ["Fn::Transform"] = json.array { json.null } } end,
  function() return { ["Fn::Nothing"] = 1, Ref = 2 } end,
  function() return "${self:custom." end,
  function() return "${file(./serverless.yml):custom, ${self:}}" end,
}

local KEYS = { "Ref", "Fn::If", "Fn::Transform", "1", "", "Type", "Condition", "DependsOn",
  "Fn::ForEach::Loop", "a.b/c d", "events", "handler" }

-- Numbers of a seed: the same everywhere, unlike math.random.
local function numbers(seed)
  local state = seed * 2654435761 % 4294967296
  return function(limit)
    state = (state * 1664525 + 1013904223) % 4294967296
    return (state >> 8) % limit + 1
  end
end

local function sorted(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- Every place of a tree: a table and a key in it.
local function places(tree)
  local found = {}
  local function visit(value)
    for _, key in ipairs(sorted(value)) do
      found[#found + 1] = { value, key }
      if type(value[key]) == "table" then visit(value[key]) end
    end
  end
  visit(tree)
  return found
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local out = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do out[key] = copy(item) end
  return out
end

-- `new` under another key, but never a hole in a list.
local function put(at, key, new, random)
  if math.type(key) then
    at[key] = new == nil and json.null or new
  else
    at[key] = nil
    at[KEYS[random(#KEYS)]] = new
  end
end

---A copy of a tree with some values made wrong.
---@param tree table
---@param seed integer
---@return table
function M.of(tree, seed)
  local random, made = numbers(seed), copy(tree)
  for _ = 1, random(3) do
    local all = places(made)
    if #all == 0 then break end
    local at, key = table.unpack(all[random(#all)])
    local function name() return tostring(all[random(#all)][2]) end
    local kind = random(10)
    if kind == 1 then
      put(at, key, nil, random)
    elseif kind == 2 then
      put(at, key, at[key], random)
    elseif kind == 3 then
      local other = all[random(#all)]
      at[key] = copy(other[1][other[2]])
    else
      at[key] = PLANTS[random(#PLANTS)](name)
    end
  end
  return made
end

local WORDS = { "{", "}", "[", "\"", "${", "<<EOT\n", "for_each", "null", "0", "-1", "true", "0x",
  "/*", "count = -1\n", "...", "module.x.y", "? :", "%{ if ", "\0", "var.names", "each.key",
  "{ a = null }", "[[]]", "\"\"", "null\n" }

---A copy of a text with a few words gone, doubled, or replaced by other ones of it or from outside.
---@param text string
---@param seed integer
---@return string
function M.text(text, seed)
  local random, rest, words, at = numbers(seed), {}, {}, 1
  for first, stop in text:gmatch("()[%w_.%-]+()") do
    rest[#rest + 1], words[#words + 1] = text:sub(at, first - 1), text:sub(first, stop - 1)
    at = stop
  end
  for _ = 1, random(3) do
    local i, kind = random(#words), random(4)
    words[i] = kind == 1 and "" or kind == 2 and words[i] .. " " .. words[i]
      or kind == 3 and words[random(#words)] or WORDS[random(#WORDS)]
  end
  local out = {}
  for i, word in ipairs(words) do out[i] = rest[i] .. word end
  return table.concat(out) .. text:sub(at)
end

return M
