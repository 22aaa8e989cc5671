-- SPDX-License-Identifier: Apache-2.0
-- Puts the sections into one file that needs nothing else: no network, no other file.
-- The content policy names the one style and the one script by their hash.

local h = require "std.html"
local sha256 = require "std.sha256"

local M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(bytes)
  local out = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    for j = 0, 3 do
      local at = n >> (18 - 6 * j) & 63
      local is_padding = j == 2 and not b or j == 3 and not c
      out[#out + 1] = is_padding and "=" or ALPHABET:sub(at + 1, at + 1)
    end
  end
  return table.concat(out)
end

local function digest(text)
  local bytes = sha256.string(text):gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end)
  return "'sha256-" .. base64(bytes) .. "'"
end

---The Content-Security-Policy of a page with this style and script.
local function policy(style, script)
  return table.concat({
    "default-src 'none'", "style-src " .. digest(style), "script-src " .. digest(script),
    "img-src data:", "base-uri 'none'", "form-action 'none'",
  }, "; ")
end

-- An end tag inside would close the element early, and the hash would not match either.
local function check_inline(text, name)
  if text:lower():find("</" .. name, 1, true) then
    error(("the report's %s must not contain '</%s'"):format(name, name), 0)
  end
end

---@param view table
---@param sections table[] {name=, render=function}
---@param assets {style: string, script: string}
---@return string html
function M.render(view, sections, assets)
  check_inline(assets.style, "style")
  check_inline(assets.script, "script")
  local body = {}
  for _, section in ipairs(sections) do body[#body + 1] = section.render(view) or "" end
  local emulator = view.run.emulator and view.run.emulator.name or "emulator"
  local document = h.html({ lang = "en" },
    h.head(
      h.meta { charset = "utf-8" },
      h.meta { ["http-equiv"] = "Content-Security-Policy",
        content = policy(assets.style, assets.script) },
      h.meta { name = "viewport", content = "width=device-width, initial-scale=1" },
      h.meta { name = "referrer", content = "no-referrer" },
      h.title(("%s %s: AWS compatibility"):format(emulator, view.run.localstack_version)),
      h.style(h.raw(assets.style))),
    h.body(
      h.a({ class = "skip", href = "#architectures" }, "Skip to the architectures"),
      h.main(body), h.script(h.raw(assets.script))))
  return "<!doctype html>\n" .. tostring(document) .. "\n"
end

return M
