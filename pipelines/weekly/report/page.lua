-- SPDX-License-Identifier: Apache-2.0
-- Puts the sections into one file that needs nothing else: no network, no other file.
-- The content policy names the one style and the one script by their hash.

local base64 = require "std.base64"
local h = require "std.html"
local sha256 = require "std.sha256"
local text_of = require "std.text"

local M = {}

local function digest(text)
  return "'sha256-" .. base64.encode(text_of.from_hex(sha256.string(text))) .. "'"
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
