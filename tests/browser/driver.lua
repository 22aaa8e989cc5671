-- SPDX-License-Identifier: Apache-2.0
-- Debian's headless Chromium through its WebDriver (W3C protocol, one JSON request each).
--   local browser <close> = assert(driver.open { width = 1240, height = 900 })

local fs = require "std.fs"
local http = require "std.http"
local json = require "std.json"
local process = require "std.process"

local M = {}

local Browser = {}
Browser.__index = Browser

local ELEMENT <const> = "element-6066-11e4-a52e-4f735466cecf"
M.KEYS = { enter = "\u{E007}", tab = "\u{E004}", escape = "\u{E00C}", space = " ",
  shift = "\u{E008}", down = "\u{E015}" }

---Why browser tests cannot run here, or nil.
function M.missing()
  for _, name in ipairs { "chromium", "chromedriver" } do
    if not process.which(name) then return name .. " is not installed: make setup-test" end
  end
end

-- The driver chooses a free port and says which.
local function start_driver()
  local handle = assert(process.start { argv = { "chromedriver", "--port=0" }, stream = true,
    inherit = { "PATH", "HOME", "TMPDIR" } })
  local said = ""
  repeat
    local _, text = handle:read()
    if not text then error("chromedriver ended: " .. said) end
    said = said .. text
  until said:find("started successfully on port %d+")
  return handle, said:match("successfully on port (%d+)")
end

function Browser:call(method, path, value)
  local url = self.base .. path
  local answer = method == "GET" and assert(http.get_json(url, { timeout = 60 }))
    or assert(http.post_json(url, value or json.decode "{}", { method = method, timeout = 60 }))
  local body = answer.json and answer.json.value
  if answer.status ~= 200 then
    error(("webdriver %s: %s"):format(path, body and body.message or answer.body), 2)
  end
  return body
end

-- Chromium's own sandbox needs user namespaces that containers and root do not have; the pages are
-- ours and nothing is loaded.
local function arguments(options)
  return json.array { "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--force-color-profile=srgb",
    ("--window-size=%d,%d"):format(options.width or 1240, options.height or 900) }
end

---@param options {width: integer, height: integer, script: boolean|nil}|nil script = false: off
function M.open(options)
  options = options or {}
  local handle, port = start_driver()
  local self = setmetatable({ handle = handle, base = "http://127.0.0.1:" .. port }, Browser)
  local chrome = { args = arguments(options) }
  if options.script == false then
    chrome.prefs = { ["profile.managed_default_content_settings.javascript"] = 2 }
  end
  local session = self:call("POST", "/session", { capabilities = { alwaysMatch = {
    browserName = "chrome", ["goog:chromeOptions"] = chrome,
    ["goog:loggingPrefs"] = { browser = "ALL" } } } })
  self.base = self.base .. "/session/" .. session.sessionId
  return self
end

function Browser:close()
  pcall(self.call, self, "DELETE", "")
  self.handle:close()
end
Browser.__close = Browser.close

function Browser:go(url) self:call("POST", "/url", { url = url }) end

---A command of the browser's own protocol.
function Browser:cdp(command, parameters)
  return self:call("POST", "/goog/cdp/execute", { cmd = command,
    params = parameters or json.decode "{}" })
end

---Runs a function body in the page; its value comes back.
function Browser:run(script, ...)
  return self:call("POST", "/execute/sync", { script = script, args = json.array { ... } })
end

---A script's value in the page, past its content policy.
function Browser:evaluate(expression)
  local reply = self:cdp("Runtime.evaluate", { expression = expression, awaitPromise = true,
    returnByValue = true })
  if reply.exceptionDetails then error(json.encode(reply.exceptionDetails), 2) end
  return reply.result.value
end

function Browser:find(selector)
  local found = self:call("POST", "/element", { using = "css selector", value = selector })
  return found[ELEMENT]
end

function Browser:click(selector)
  self:call("POST", ("/element/%s/click"):format(self:find(selector)))
end

function Browser:type(selector, text)
  self:call("POST", ("/element/%s/value"):format(self:find(selector)), { text = text })
end

function Browser:text(selector)
  return self:call("GET", ("/element/%s/text"):format(self:find(selector)))
end

function Browser:is_shown(selector)
  return self:call("GET", ("/element/%s/displayed"):format(self:find(selector)))
end

---Presses keys one after the other, as a person without a mouse.
function Browser:keys(...)
  local actions = json.array {}
  for _, key in ipairs { ... } do
    table.insert(actions, { type = "keyDown", value = key })
    table.insert(actions, { type = "keyUp", value = key })
  end
  self:call("POST", "/actions", { actions = { { type = "key", id = "keyboard",
    actions = actions } } })
end

---Messages of the console since the last call, policy violations among them.
---@return string[]
function Browser:console()
  local lines = {}
  for i, entry in ipairs(self:call("POST", "/se/log", { type = "browser" })) do
    lines[i] = entry.level .. " " .. entry.message
  end
  return lines
end

---@param features table {["prefers-color-scheme"] = "dark"}
---@param media string|nil "print"
function Browser:media(features, media)
  local list = json.array {}
  for name, value in pairs(features) do table.insert(list, { name = name, value = value }) end
  self:cdp("Emulation.setEmulatedMedia", { features = list, media = media or "" })
end

---@param options {width=, height=, mobile=, scale=}
function Browser:resize(options)
  self:cdp("Emulation.setDeviceMetricsOverride", { width = options.width,
    height = options.height, deviceScaleFactor = options.scale or 1,
    mobile = options.mobile or false })
end

local function decode64(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local values = {}
  for i = 1, 64 do values[alphabet:byte(i)] = i - 1 end
  return (text:gsub("(.)(.)(.)(.)", function(a, b, c, d)
    local n = values[a:byte()] << 18 | values[b:byte()] << 12
      | (values[c:byte()] or 0) << 6 | (values[d:byte()] or 0)
    return ("\0" .. string.pack(">I3", n)):sub(2, d == "=" and (c == "=" and 2 or 3) or 4)
  end))
end

---@param path string where the PNG goes
function Browser:screenshot(path)
  assert(fs.write(path, decode64(self:call("GET", "/screenshot"))))
end

---@return string PDF
function Browser:print() return decode64(self:call("POST", "/print", { background = true })) end

---The accessibility violations of the page as it is.
---@param rules string the text of axe.min.js
---@return table[] {id=, impact=, nodes=}
function Browser:violations(rules)
  self:evaluate(rules .. "; true")
  return self:evaluate [[axe.run(document, { resultTypes: ["violations"] }).then((result) =>
    result.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help,
      nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 160)), count: v.nodes.length })))]]
end

return M
