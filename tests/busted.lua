-- SPDX-License-Identifier: Apache-2.0
-- Runs busted inside lsqm, so that waiting calls, the loop and native modules are at hand:
--   build/lsqm exec tests/busted.lua tests/lua [busted options]
-- Prints TAP-like text through busted's own handlers; returns 1 when a test failed.

local arguments = { ... }
local code = 0

-- busted ends the process itself; here that must be a value.
local real_exit = os.exit
os.exit = function(status)
  code = (status == true or status == 0 or status == nil) and 0 or 1
  error({ busted_exit = true }, 0)
end
local globals = package.loaded._G
globals.arg = { [0] = "busted", table.unpack(arguments) }
globals.arg[#globals.arg + 1] = "--pattern=_spec%.lua$"

-- Busted loads modules anew for each file, but for those that are there by now: what they keep,
-- such as rules, would hold modules of an earlier file.
for name in pairs(package.loaded) do
  if name:find "^std%." then package.loaded[name] = nil end
end

-- assert.contains(text, part, …) wants all parts, assert.not_contains none; they are no patterns.
require("luassert"):register("assertion", "contains", function(state, given)
  for i = 2, given.n do
    local is_there = given[1]:find(given[i], 1, true) ~= nil
    if is_there ~= state.mod then
      state.failure_message = ("%q is %s in:\n%s"):format(given[i], is_there and "found" or "not",
        given[1])
      return is_there
    end
  end
  return state.mod
end)

-- assert.golden(text, path): the file says the same; LSQM_GOLDEN=write makes the text the file.
require("luassert"):register("assertion", "golden", function(state, given)
  local fs = require "std.fs"
  local text, path = given[1], given[2]
  if os.getenv "LSQM_GOLDEN" == "write" then
    assert(fs.mkdir(fs.dirname(path)))
    assert(fs.write(path, text))
  end
  local golden = fs.read(path)
  state.failure_message = ("%s differs; after a look at it: LSQM_GOLDEN=write\n%s"):format(path,
    text)
  return golden == text
end)

local ok, err = pcall(function()
  require("busted.runner") { standalone = false }
end)
os.exit = real_exit
if not ok and not (type(err) == "table" and err.busted_exit) then error(err, 0) end
return code
