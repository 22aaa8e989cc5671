-- SPDX-License-Identifier: Apache-2.0
-- Before a deployment: does the account fit, is the context there, do the tools answer?

local checks = require "pipelines.aphex.model.checks"
local json = require "std.json"
local mask = require "std.mask"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local stage_log = require "pipelines.aphex.model.stage_log"
local time = require "std.time"

-- Who there are no credentials of may still know what else is missing.
local function all_checks(session)
  local requires, environment = session.config.requires or {}, session.environment
  local found = json.array {}
  local client, err = session_of.client(environment.region)
  if client then
    found[1] = checks.credentials(client, environment.account)
    if found[1].ok then found[2] = checks.permissions(client, environment.stacks) end
  else
    found[1] = { ok = false, what = "credentials", message = tostring(err) .. (err.hint
      and " (" .. err.hint .. ")" or "") }
  end
  found[#found + 1] = checks.context(session.dir, requires.context or {})
  for _, name in ipairs(requires.tools or {}) do found[#found + 1] = checks.tool(name) end
  return found
end

return stage {
  api = 1,
  name = "check",
  help = "Check credentials, CDK context and tools of an environment",
  args = session_of.args(session_of.FILE, session_of.ENVIRONMENT,
    { name = "--json", kind = "flag", help = "Print the checks as JSON" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, true)
    if not session then return nil, err end
    local began = time.now()
    local found, failed = all_checks(session), {}
    for _, one in ipairs(found) do
      one.message = mask.text(one.message)
      if not one.ok then failed[#failed + 1] = one.what .. ": " .. one.message end
      if not args.json then
        ctx.out(("%-6s %s: %s"):format(one.ok and "ok" or "failed", one.what, one.message))
      end
    end
    if args.json then ctx.out(json.encode(found)) end
    stage_log.tell(ctx, "check-" .. session.environment.name, began,
      #failed > 0 and table.concat(failed, "; ") or nil)
    return #failed == 0 and 0 or 1
  end,
}
