-- SPDX-License-Identifier: Apache-2.0
-- Runs the build's commands; writes BuildResult.

local fs = require "std.fs"
local glob = require "std.glob"
local json = require "std.json"
local runner = require "pipelines.aphex.model.runner"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local tables = require "std.table"

-- Files that the configuration calls artifacts: a folder means all that is in it. Also what is
-- called so and is not there.
local function artifacts_of(dir, wanted)
  local list, missing = json.array {}, {}
  for _, pattern in ipairs(wanted) do missing[pattern] = true end
  if #wanted == 0 then return list, missing end
  for _, name in ipairs(fs.walk(dir, { skip = { "node_modules", ".git" } }) or {}) do
    local taken = false
    for _, pattern in ipairs(wanted) do
      local plain = pattern:gsub("^%./", ""):gsub("/+$", "")
      if name == plain or name:sub(1, #plain + 1) == plain .. "/" or glob.match(pattern, name) then
        missing[pattern], taken = nil, true
      end
    end
    if taken then list[#list + 1] = name end
  end
  return list, missing
end

local function execute(ctx, session)
  local build, rules = session.config.build, ctx.rules "deploy"
  local ran = runner.run(build.commands, { dir = session.dir, timeout = rules.build_timeout,
    env = session_of.variables(rules.variables) })
  local artifacts, missing = artifacts_of(session.dir, build.artifacts or {})
  local result = { success = ran.success, exit_code = ran.exit_code, stdout = ran.stdout,
    stderr = ran.stderr, duration = ran.duration, artifacts = artifacts }
  if ran.success and next(missing) then
    result.success = false
    for _, pattern in ipairs(tables.sorted_keys(missing)) do
      result.stderr = result.stderr .. ("build.artifacts: there is no '%s'\n"):format(pattern)
    end
  end
  return result, ran.failed
end

local function say(ctx, args, session, result, failed)
  if args.json then return ctx.out(json.encode(result)) end
  if result.success then
    return ctx.out(("build: %d commands, %d artifacts, %.1f s"):format(
      #session.config.build.commands, #result.artifacts, result.duration))
  end
  ctx.out(("build: %s\n%s"):format(failed and ("'%s' ended with %d"):format(failed,
    result.exit_code) or "artifacts are missing", (result.stderr:sub(-2000):gsub("\n$", ""))))
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
    if ctx.dry_run then
      for _, one in ipairs(session.config.build.commands) do ctx.out("would run: " .. one) end
      return 0
    end
    local result, failed = execute(ctx, session)
    local path
    path, err = session_of.keep(args, "build_result", result, "build")
    if not path then return nil, err end
    say(ctx, args, session, result, failed)
    return result.success and 0 or 1
  end,
}
