-- SPDX-License-Identifier: Apache-2.0
-- lsqm repl: explore results; `ctx.store`, `std.*` and everything else is at hand.

local program = require "lsqm.program"
local stage = require "std.stage"

return stage {
  api = 1, name = "repl", help = "Explore results interactively",
  readonly = true,
  args = {},
  examples = { "lsqm repl", "lsqm> ctx.store:runs()[1].summary" },
  run = function(ctx)
    ctx.out(("lsqm %s, %s. ctx.store holds architectures and runs; `help` says more, "
      .. "Ctrl-D ends."):format(program.version, _VERSION))
    require("std.repl").run(ctx, ctx.out)
    return 0
  end,
}
