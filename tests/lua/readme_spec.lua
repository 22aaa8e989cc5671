-- SPDX-License-Identifier: Apache-2.0
-- README's examples name commands and options that there are, and Lua that loads.
local commands = require "std.cli.commands"
local fs = require "std.fs"
local program = require "lsqm.program"

local text = assert(fs.read(program.share .. "/README.md"))

local function blocks(language)
  local list = {}
  for block in text:gmatch("\n```" .. language .. "\n(.-)\n```") do list[#list + 1] = block end
  return list
end

-- Words of each call of lsqm in a shell block; lines that go on are one, comments are none.
local function calls()
  local list = {}
  for _, block in ipairs(blocks "sh") do
    for line in (block:gsub("\\\n", " ") .. "\n"):gmatch("(.-)\n") do
      for call in (line:gsub("#.*", "") .. " && "):gmatch("(.-) && ") do
        local rest = call:match("^lsqm (.*)") or call:match(" lsqm (.*)")
        if rest then list[#list + 1] = rest end
      end
    end
  end
  return list
end

local GLOBAL = { ["--config"] = true, ["--workspace"] = true, ["--dry-run"] = false }

local function check(call)
  local words, options, skip = {}, {}, false
  for word in call:gmatch("%S+") do
    if skip then skip = false
    elseif GLOBAL[word] ~= nil then skip = GLOBAL[word]
    elseif word:find("^%-") then options[#options + 1] = word
    else words[#words + 1] = word end
  end
  if words[1] == "help" then return end
  local command = assert(commands.find(words[1], words[2]), "no command: lsqm " .. call)
  local known = {}
  for _, arg in ipairs(command.load().args) do
    known[arg.name] = true
    if arg.short then known[arg.short] = true end
  end
  for _, option in ipairs(options) do assert.is_true(known[option], option .. " in: " .. call) end
end

describe("README", function()
  it("names commands and options that there are", function()
    local found = calls()
    assert.is_true(#found > 30, #found)
    for _, call in ipairs(found) do check(call) end
  end)

  it("shows Lua that loads", function()
    local found = blocks "lua"
    assert.is_true(#found >= 5, #found)
    for _, block in ipairs(found) do assert(load(block, "=README", "t")) end
  end)
end)
