-- SPDX-License-Identifier: Apache-2.0
-- ${self:…}, ${opt:…}, ${env:…}, ${sls:…}, ${aws:…} and fallbacks in a Serverless document.
local M = {}

local OPTIONS = { stage = "dev", region = "us-east-1" }

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

local SOURCES = {
  self = function(state, path)
    local value = path == "" and state.document or lookup_path(state.document, path)
    return value ~= nil and resolve_value(state, value) or nil
  end,
  opt = function(_, name) return OPTIONS[name] end,
  env = function() return nil end,
  sls = function(state, name)
    if name == "stage" then return state.stage end
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
  if not source then
    local option = term:match("^(%w+)$")
    return literal(term), option
  end
  local read = SOURCES[source]
  if not read then return nil end
  return read(state, name:match("^%s*(.-)%s*$"))
end

local function expression(state, inner)
  for term in (inner .. ","):gmatch("([^,]*),") do
    local value = one(state, term:match("^%s*(.-)%s*$"))
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
  local provider = type(document.provider) == "table" and document.provider or {}
  local state = { document = document, missing = {}, depth = 0, active = {}, stage = "dev" }
  if type(provider.stage) == "string" and not provider.stage:find("${", 1, true) then
    state.stage = provider.stage
  end
  return resolve_value(state, document), state.missing
end

return M
