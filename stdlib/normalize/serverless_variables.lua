-- SPDX-License-Identifier: Apache-2.0
-- ${self:…}, ${opt:…}, ${env:…}, ${sls:…}, ${aws:…} and fallbacks in a Serverless document.
local M = {}

-- Options nobody gives here: what stands for them where a document says nothing itself.
local DEFAULTS = { stage = "dev", region = "us-east-1" }

local function lookup_path(document, path)
  local value = document
  for part in path:gmatch("[^.]+") do
    if type(value) ~= "table" then return nil end
    local key = tonumber(part)
    value = key and value[key + 1] ~= nil and value[key + 1] or value[part]
  end
  return value
end

local resolve_value

-- A value that leads back to itself has none: its fallback counts.
local function read_self(state, path)
  if state.reading[path] then return nil end
  local value = path == "" and state.document or lookup_path(state.document, path)
  if value == nil then return nil end
  state.reading[path] = true
  value = resolve_value(state, value)
  state.reading[path] = nil
  return value
end

local function default_of(state, name)
  if not name or not DEFAULTS[name] then return nil end
  local value = read_self(state, "provider." .. name)
  return value ~= nil and value or DEFAULTS[name]
end

local SOURCES = {
  self = read_self,
  opt = function() return nil end,
  env = function() return nil end,
  sls = function(state, name)
    if name == "stage" then return default_of(state, name) end
    return name == "instanceId" and "lsqm" or nil
  end,
  aws = function(_, name)
    return name == "region" and { Ref = "AWS::Region" }
      or name == "accountId" and { Ref = "AWS::AccountId" } or nil
  end,
}

local function literal(term)
  local quoted = term:match("^'(.*)'$") or term:match('^"(.*)"$')
  if quoted then return quoted end
  if term == "true" or term == "false" then return term == "true" end
  return tonumber(term)
end

local function one(state, term)
  local source, name = term:match("^(%a+):(.*)$")
  if not source then return literal(term) end
  local read = SOURCES[source]
  if not read then return nil end
  return read(state, name:match("^%s*(.-)%s*$"))
end

-- The parts between commas; those in quotes are text.
local function terms_of(inner)
  local terms, from, quote = {}, 1, nil
  for at = 1, #inner do
    local c = inner:sub(at, at)
    if quote then
      quote = c ~= quote and quote or nil
    elseif c == "'" or c == '"' then
      quote = c
    elseif c == "," then
      terms[#terms + 1], from = inner:sub(from, at - 1):match("^%s*(.-)%s*$"), at + 1
    end
  end
  terms[#terms + 1] = inner:sub(from):match("^%s*(.-)%s*$")
  return terms
end

local function expression(state, inner)
  local terms = terms_of(inner)
  for _, term in ipairs(terms) do
    local value = one(state, term)
    if value ~= nil then return value end
  end
  for _, term in ipairs(terms) do
    local value = default_of(state, term:match("^opt:%s*([%w_-]+)$"))
    if value ~= nil then return value end
  end
  state.missing[#state.missing + 1] = "${" .. inner .. "}"
  return ""
end

-- CloudFormation's own ${AWS::Region} and ${Name} of Fn::Sub stay.
local function is_ours(inner) return inner:find("^%a+:[^:]") ~= nil end

local function resolve_text(state, text)
  state.depth = state.depth + 1
  if state.depth > 40 then
    state.depth = state.depth - 1
    return text
  end
  local from = 1
  while true do
    local start, stop, inner = text:find("%${([^${}]*)}", from)
    if not start then break end
    if not is_ours(inner) then
      from = stop + 1
    else
      local value = expression(state, inner)
      if start == 1 and stop == #text and type(value) ~= "string" then
        state.depth = state.depth - 1
        return value
      end
      if type(value) == "table" then
        value = value.Ref and "${" .. value.Ref .. "}" or ""
        state.needs_sub = true
      end
      text = text:sub(1, start - 1) .. tostring(value) .. text:sub(stop + 1)
      from = start
    end
  end
  state.depth = state.depth - 1
  return text
end

local function with_sub(state, text)
  state.needs_sub = false
  local value = resolve_text(state, text)
  if state.needs_sub and type(value) == "string" then return { ["Fn::Sub"] = value } end
  return value
end

resolve_value = function(state, value)
  if type(value) == "string" then return with_sub(state, value) end
  if type(value) ~= "table" then return value end
  if state.active[value] then return "" end
  state.active[value] = true
  local out = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do out[key] = resolve_value(state, item) end
  state.active[value] = nil
  if type(out["Fn::Sub"]) == "table" and out["Fn::Sub"]["Fn::Sub"] then return out["Fn::Sub"] end
  return out
end

---The document with its variables replaced, and the variables that have no value here.
---@return table document, string[] missing
function M.resolve(document)
  local state = { document = document, missing = {}, depth = 0, active = {}, reading = {} }
  return resolve_value(state, document), state.missing
end

return M
