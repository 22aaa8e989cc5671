-- SPDX-License-Identifier: Apache-2.0
-- lsqm completion SHELL: a script of the shell, made from what the stages declare.

local stage = require "std.stage"

return stage {
  api = 1, name = "completion", help = "Print what a shell needs to complete command lines",
  readonly = true,
  args = { { name = "shell", kind = "positional", choices = { "bash", "fish", "zsh" },
    help = "bash, fish or zsh" } },
  examples = { 'eval "$(lsqm completion bash)"',
    "lsqm completion zsh > ~/.zfunc/_lsqm", "lsqm completion fish | source" },
  run = function(ctx, args)
    ctx.out((require("std.cli").completion(args.shell)))
    return 0
  end,
}
