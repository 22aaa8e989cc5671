-- SPDX-License-Identifier: Apache-2.0
-- lsqm which NAME: the places where a stage, rule, prompt or layout is looked for, and the winner.

local json = require "std.json"
local resolve = require "std.resolve"
local stage = require "std.stage"

local function print_text(ctx, name, path, tried)
  for _, try in ipairs(tried) do
    local mark = try.path == path and "*" or (try.exists and "-" or " ")
    local note = try.path == path and "  <- used" or (try.exists and "  (shadowed)" or "")
    ctx.out(("%s %-9s %s%s"):format(mark, try.origin, try.path, note))
  end
  if not path then ctx.out(name .. ": not found in any of these places") end
end

return stage {
  api = 1, name = "which", help = "Show where a stage, rule or prompt is found",
  args = {
    { name = "name", kind = "positional", help = "For example rules.status or validate" },
    { name = "--json", kind = "flag", help = "Print the places as JSON" },
  },
  examples = { "lsqm which rules.status", "lsqm which report/report.css" },
  run = function(ctx, args)
    local pipeline, name = resolve.split(args.name, ctx.pipeline)
    local path, tried = resolve.find(pipeline, name)
    if args.json then
      ctx.out(json.encode { pipeline = pipeline, name = name, path = path or json.null,
        places = json.array(tried) })
    else
      print_text(ctx, args.name, path, tried)
    end
    return path and 0 or 1
  end,
}
