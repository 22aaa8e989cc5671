-- SPDX-License-Identifier: Apache-2.0
-- Runs the build's commands; writes BuildResult.

local fs = require "std.fs"
local glob = require "std.glob"
local json = require "std.json"
local runner = require "pipelines.aphex.model.runner"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"

-- Files that the configuration calls artifacts: a folder means all that is in it.
local function artifacts_of(dir, wanted)
  local list = json.array {}
  if not wanted or #wanted == 0 then return list end
  for _, name in ipairs(fs.walk(dir, { skip = { "node_modules", ".git" } }) or {}) do
    for _, pattern in ipairs(wanted) do
      local plain = pattern:gsub("/+$", "")
      if name == plain or name:sub(1, #plain + 1) == plain .. "/" or glob.match(pattern, name) then
        list[#list + 1] = name
        break
      end
    end
  end
  return list
end

return stage {
  api = 1,
  name = "build",
  help = "Run the build's commands",
  args = session_of.args(session_of.FILE, session_of.RESULTS,
    { name = "--json", kind = "flag", help = "Print the BuildResult" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, false)
    if not session then return nil, err end
    local build = session.config.build
    local ran = runner.run(build.commands, { dir = session.dir,
      timeout = ctx.rules("deploy").build_timeout })
    local result = { success = ran.success, exit_code = ran.exit_code, stdout = ran.stdout,
      stderr = ran.stderr, duration = ran.duration,
      artifacts = artifacts_of(session.dir, build.artifacts) }
    local path
    path, err = session_of.keep(args, "build_result", result, "build")
    if not path then return nil, err end
    ctx.out(args.json and json.encode(result) or ran.success
      and ("build: %d commands, %d artifacts, %.1f s"):format(#build.commands, #result.artifacts,
        ran.duration)
      or ("build: '%s' ended with %d\n%s"):format(ran.failed, ran.exit_code,
        ran.stderr:sub(-2000)))
    return ran.success and 0 or 1
  end,
}
