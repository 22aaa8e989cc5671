-- SPDX-License-Identifier: Apache-2.0
-- Runs the build's commands; writes BuildResult.

local checks = require "pipelines.aphex.model.checks"
local fs = require "std.fs"
local json = require "std.json"
local runner = require "pipelines.aphex.model.runner"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local stage_log = require "pipelines.aphex.model.stage_log"
local store = require "pipelines.aphex.model.artifacts"
local tables = require "std.table"
local time = require "std.time"

-- A program that is not there fails before anything is built.
local function missing_tools(session)
  local lines = {}
  for _, name in ipairs((session.config.requires or {}).tools or {}) do
    local one = checks.tool(name)
    if not one.ok then
      lines[#lines + 1] = ("requires.tools: %s: %s\n"):format(name, one.message)
    end
  end
  return #lines > 0 and table.concat(lines) or nil
end

-- BuildResult, and what is wrong.
local function execute(ctx, session)
  local build, rules = session.config.build, ctx.rules "deploy"
  local lacking = missing_tools(session)
  if lacking then
    return { success = false, exit_code = 127, stdout = "", stderr = lacking, duration = 0,
      artifacts = json.array {} }, "tools are missing"
  end
  local ran = runner.run(build.commands, { dir = session.dir, timeout = rules.build_timeout,
    env = session_of.variables(rules.variables) })
  local artifacts, missing = store.find(session.dir, build.artifacts or {})
  local result = { success = ran.success, exit_code = ran.exit_code, stdout = ran.stdout,
    stderr = ran.stderr, duration = ran.duration, artifacts = artifacts }
  if ran.success and next(missing) then
    result.success = false
    for _, pattern in ipairs(tables.sorted_keys(missing)) do
      result.stderr = result.stderr .. ("build.artifacts: there is no '%s'\n"):format(pattern)
    end
  end
  return result, not result.success and (ran.failed
    and ("'%s' ended with %d"):format(ran.failed, ran.exit_code) or "artifacts are missing") or nil
end

local function say(ctx, args, session, result, problem)
  if args.json then return ctx.out(json.encode(result)) end
  if result.success then
    return ctx.out(("build: %d commands, %d artifacts, %.1f s%s"):format(
      #session.config.build.commands, #result.artifacts, result.duration, args.bucket
      and (", in s3://%s/%s/"):format(args.bucket, args.commit) or ""))
  end
  ctx.out(("build: %s\n%s"):format(problem, (result.stderr:sub(-2000):gsub("\n$", ""))))
end

-- All artifacts to S3, under the commit, each with its metadata.
local function upload(session, args, result)
  local client, err = session_of.client(stage_log.region())
  if not client then return nil, err end
  for _, name in ipairs(result.artifacts) do
    local ok
    ok, err = store.upload(client, { bucket = args.bucket, commit = args.commit, type = "package",
      name = name, file = fs.join(session.dir, name) })
    if not ok then return nil, err end
  end
  return true
end

local function run(ctx, session, args)
  local began = time.now()
  local result, problem = execute(ctx, session)
  local ok, err = true, nil
  if result.success and args.bucket then ok, err = upload(session, args, result) end
  stage_log.tell(ctx, "build", began, problem or (err and tostring(err)) or nil)
  local path, why = session_of.keep(args, "build_result", result, "build")
  if not ok or not path then return nil, err or why end
  say(ctx, args, session, result, problem)
  return result.success and 0 or 1
end

return stage {
  api = 1,
  name = "build",
  help = "Run the build's commands",
  args = session_of.args(session_of.FILE, session_of.RESULTS,
    { name = "--bucket", kind = "option", help = "S3 bucket to upload the artifacts to" },
    { name = "--commit", kind = "option", default = os.getenv "APHEX_COMMIT",
      help = "Commit's SHA (default: APHEX_COMMIT)" },
    { name = "--json", kind = "flag", help = "Print the BuildResult" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, false)
    if not session then return nil, err end
    if args.bucket then
      local ok
      ok, err = store.check_place(args.bucket, args.commit)
      if not ok then return nil, err end
    end
    if ctx.dry_run then
      for _, one in ipairs(session.config.build.commands) do ctx.out("would run: " .. one) end
      return 0
    end
    return run(ctx, session, args)
  end,
}
