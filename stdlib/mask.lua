-- SPDX-License-Identifier: Apache-2.0
-- Hides secrets in texts: values registered as secret, and texts that look like known tokens.

local M = {}

--- What stands in a secret's place.
M.MASK = "***"

local secrets, known, sorted = {}, {}, true

--- Registers an exact value. Very short ones are refused: masking them would garble everything.
---@param value string|nil
---@return boolean registered
function M.add(value)
  if type(value) ~= "string" or #value < 6 then return false end
  if not known[value] then
    known[value], sorted = true, false
    secrets[#secrets + 1] = value
  end
  return true
end

-- Longest first, so that a secret within a secret leaves no rest.
local function in_order()
  if not sorted then table.sort(secrets, function(a, b) return #a > #b end) end
  sorted = true
  return secrets
end

-- Lua patterns of tokens; the first capture, if any, is kept.
local SHAPES <const> = {
  "sk%-ant%-[%w_%-]+",
  "gh[pousr]_%w%w%w%w%w%w+",
  "github_pat_[%w_]+",
  "A[KS]IA[%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d][%u%d]+",
  "xox[abprs]%-[%w%-]+",
  "(hooks%.slack%.com/services/)[%w/_%-]+",
  "([Bb]earer )[%w%.%-_~+/=]+",
  "(://[^%s/:@]*:)[^%s/@]+@",
}

local function replace_plain(text, secret)
  local out, from = {}, 1
  while true do
    local first, last = text:find(secret, from, true)
    if not first then break end
    out[#out + 1] = text:sub(from, first - 1)
    out[#out + 1] = M.MASK
    from = last + 1
  end
  if from == 1 then return text end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

--- The text without its secrets.
---@param text string
---@return string
function M.text(text)
  for _, secret in ipairs(in_order()) do text = replace_plain(text, secret) end
  for _, shape in ipairs(SHAPES) do
    local keep = shape:find("^%(") and "%1" or ""
    local tail = shape:find("@$") and "@" or ""
    text = text:gsub(shape, keep .. M.MASK .. tail)
  end
  return text
end

--- Does a field of this name hold a secret: password, api_key, github_token, …?
---@return boolean
function M.is_secret_key(name)
  local low = name:lower():gsub("[%-%s]", "_")
  return low:find("_key$") ~= nil or low:find("apikey$") ~= nil or low:find("token$") ~= nil
    or low:find("secret") ~= nil or low:find("passw") ~= nil or low == "authorization"
    or low:find("webhook_url$") ~= nil
end

return M
