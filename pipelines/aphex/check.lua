-- SPDX-License-Identifier: Apache-2.0
-- Before a deployment: does the account fit, is the context there, do the tools answer?

local checks = require "pipelines.aphex.model.checks"
local json = require "std.json"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"

return stage {
  api = 1,
  name = "check",
  help = "Check credentials, CDK context and tools of an environment",
  args = session_of.args(session_of.FILE, session_of.ENVIRONMENT, session_of.RESULTS,
    { name = "--json", kind = "flag", help = "Print the checks as JSON" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, true)
    if not session then return nil, err end
    local requires = session.config.requires or {}
    local found = json.array { checks.credentials(session.client, session.environment.account),
      checks.context(session.dir, requires.context or {}) }
    for _, name in ipairs(requires.tools or {}) do found[#found + 1] = checks.tool(name) end
    local good = true
    for _, one in ipairs(found) do
      good = good and one.ok
      if not args.json then
        ctx.out(("%-6s %s: %s"):format(one.ok and "ok" or "failed", one.what, one.message))
      end
    end
    if args.json then ctx.out(json.encode(found)) end
    return good and 0 or 1
  end,
}
