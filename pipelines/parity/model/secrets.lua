-- SPDX-License-Identifier: Apache-2.0
-- Secrets leave no trace: the model holds *** and this module, in memory only, what stands behind
-- it, so that two environments can still be compared.

local file = require "std.compose.file"
local html = require "std.html"
local json = require "std.json"
local mask = require "std.mask"

local M = {}

local LARGEST <const> = 65536 -- bytes of a secret's file

local behind = setmetatable({}, { __mode = "k" })

-- Names that databases and brokers use beside those that std.mask knows.
local NAMES <const> = { "_pass$", "^pass$", "_pwd$", "passphrase", "credential" }

local function is_secret_name(key)
  if mask.is_secret_key(key) then return true end
  local low = key:lower():gsub("%-", "_")
  for _, pattern in ipairs(NAMES) do if low:find(pattern) then return true end end
  return false
end

--- Does a variable hold a secret: by its name, or as a password within an address? The path of a
--- file that holds one (POSTGRES_PASSWORD_FILE) is none.
function M.is_secret(key, value)
  if type(value) == "string" and value:find("://[^%s/:@]*:[^%s/@]+@") then return true end
  if key:lower():find("_file$") and type(value) == "string" and value:sub(1, 1) == "/" then
    return false
  end
  return is_secret_name(key)
end

local XML <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&apos;" }

local function in_json(value) return json.encode(value):sub(2, -2) end

local function in_compose(value) return (value:gsub("%$", "$$")) end

-- How texts write a value; a report in HTML shows commands as JSON.
local FORMS <const> = {
  function(value) return value end,
  in_json,
  html.escape,
  function(value) return html.escape(in_json(value)) end,
  function(value) return (value:gsub("[&<>\"']", XML)) end,
  in_compose,
  function(value) return in_json(in_compose(value)) end,
}

--- Hides a secret in all texts, also as JSON, HTML, XML and Compose write it.
function M.hide(value)
  for _, form in ipairs(FORMS) do mask.add(form(value)) end
end

--- The variable with *** instead of its value.
---@param variable table EnvironmentVariable
---@param public table<string, true> words that stand openly elsewhere: they are not hidden in texts
function M.conceal(variable, public)
  behind[variable] = variable.value
  if not public[variable.value] then M.hide(variable.value) end
  variable.value = mask.MASK
  return variable
end

local noticed = {}

--- Remembers a variable that is looked up while files are read. Its value may be a word of the
--- files as well: it is hidden only where an error quotes it.
function M.notice(name, value)
  if value ~= "" and M.is_secret(name, value) then noticed[value] = true end
end

--- An error's text without quoted words that hold a noticed secret.
---@param text string
---@return string
function M.unquoted(text)
  return (text:gsub("'([^']*)'", function(quoted)
    for value in pairs(noticed) do
      if quoted:find(value, 1, true) then return "'" .. mask.MASK .. "'" end
    end
    return nil
  end))
end

local function hide_lines(text, public)
  for line in (text or ""):gmatch("[^\r\n]+") do
    if not public[line] then M.hide(line) end
  end
end

--- Hides what a project's files mention and no service shows: secrets of files and texts, and
--- variables of the shell that end up in commands.
---@param public table<string, true>
function M.hide_mentioned(project, public)
  for _, secret in pairs(project.secrets) do
    hide_lines(secret.content, public)
    hide_lines(secret.file and file.read(secret.file, LARGEST) or nil, public)
    hide_lines(secret.environment and project.variables(secret.environment), public)
  end
  for name in pairs(project.used) do
    local value = project.variables(name)
    if value and M.is_secret(name, value) and not public[value] then M.hide(value) end
  end
  for _, service in pairs(project.services) do
    for key, value in pairs(service.labels or {}) do
      if M.is_secret(key, value) and not public[value] then M.hide(value) end
    end
  end
end

--- The real value of a variable, for comparing only.
function M.reveal(variable)
  return behind[variable] or variable.value
end

return M
