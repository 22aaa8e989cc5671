-- SPDX-License-Identifier: Apache-2.0
-- Is aphex-config.yaml right? Errors have their place in the file and their path in the document.

local config_of = require "pipelines.aphex.model.config"
local json = require "std.json"
local stage = require "std.stage"

return stage {
  api = 1,
  name = "validate",
  help = "Check an aphex-config.yaml",
  args = {
    { name = "file", kind = "positional", optional = true, default = "aphex-config.yaml",
      help = "Configuration (default: aphex-config.yaml)" },
    { name = "--json", kind = "flag", help = "Print the problems as JSON" },
  },
  examples = { "lsqm aphex validate deploy/aphex-config.yaml" },
  run = function(ctx, args)
    local text, err = config_of.text(args.file)
    if not text then return nil, err end
    local config, problems = config_of.check(text, args.file)
    if args.json then
      ctx.out(json.encode { file = args.file, valid = config ~= nil,
        problems = json.array(problems) })
    elseif config then
      ctx.out(("%s: %d environments, %d build commands"):format(args.file, #config.environments,
        #config.build.commands))
    else
      for _, problem in ipairs(problems) do ctx.out(config_of.describe(args.file, problem)) end
    end
    return config and 0 or 1
  end,
}
