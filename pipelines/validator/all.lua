-- SPDX-License-Identifier: Apache-2.0
-- The whole flow: mine, generate, run, report, issues. A source that cannot be reached does not
-- keep the others from being run, and is the flow's failure all the same.

local context = require "std.context"
local place_of = require "pipelines.validator.model.place"
local stage = require "std.stage"

local FLOW <const> = { "mine", "generate", "run", "report", "issues" }
local NEEDED <const> = { generate = true, run = true, report = true }

return stage {
  api = 1,
  name = "all",
  help = "mine, generate, run, report, issues",
  args = place_of.args({ name = "--trigger", kind = "option", default = "scheduled",
    choices = { "manual", "scheduled" }, help = "What started it (default: scheduled)" }),
  run = function(ctx, args)
    local lock <close>, held = place_of.open(args.root):hold(ctx.dry_run)
    if not lock then return nil, held end
    local failure
    for _, name in ipairs(FLOW) do
      local given = { root = args.root, trigger = args.trigger, architectures = {} }
      local code, err = ctx.load(name).run(context.for_stage(ctx, name, given), given)
      if code == nil then
        ctx.progress:line(name .. ": " .. tostring(err))
        failure = failure or err
        if NEEDED[name] then return nil, failure end
      end
    end
    if failure then return nil, failure end
    return 0
  end,
}
