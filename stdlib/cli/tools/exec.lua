-- SPDX-License-Identifier: Apache-2.0
-- lsqm exec FILE [ARG…] | -e CODE: a script inside the runtime, with std.* at hand.

local program = require "lsqm.program"
local stage = require "std.stage"

local function load_code(args)
  if args.code then
    local chunk = load("return " .. args.code, "=-e", "t", program.strict)
    if chunk then return chunk end
    local why
    chunk, why = load(args.code, "=-e", "t", program.strict)
    if not chunk then error(why, 0) end
    return chunk
  end
  if not args.file then error("exec: give a FILE or -e CODE", 0) end
  local chunk, why = program.load_file(args.file)
  if not chunk then error("exec: " .. tostring(why), 0) end
  return chunk
end

local function print_values(values)
  for i = 1, values.n do
    local value = values[i]
    if type(value) == "table" then value = require("std.json").encode(value, { pretty = true }) end
    io.stdout:write(tostring(value), "\n")
  end
end

return stage {
  api = 1, name = "exec", help = "Run a Lua script or expression inside lsqm",
  args = {
    { name = "--code", short = "-e", kind = "option", metavar = "CODE",
      help = "Lua code; its values are printed, `...` is ctx" },
    { name = "file", kind = "positional", optional = true, help = "Lua file" },
    { name = "arguments", kind = "positional", optional = true, repeatable = true,
      help = "Given to the script as …" },
  },
  examples = { "lsqm exec reports/slowest.lua", "lsqm exec -e '1 + 1'" },
  run = function(ctx, args)
    local chunk = load_code(args)
    if args.code then
      print_values(table.pack(chunk(ctx)))
      return 0
    end
    local code, why = chunk(table.unpack(args.arguments))
    if code == nil and why ~= nil then return nil, why end
    return math.tointeger(code) or 0
  end,
}
