-- SPDX-License-Identifier: Apache-2.0
-- Writes a Compose override that closes what a diff found, and proves it with a second diff.

local compare = require "pipelines.parity.diff.compare"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"
local override = require "pipelines.parity.diff.override"
local runs = require "pipelines.parity.diff.run"
local sides = require "pipelines.parity.diff.sides"
local stage = require "std.stage"
local yaml = require "std.yaml"

local OURS <const> = "# Made by `lsqm parity fix`"
local HEAD <const> = OURS .. ": lies over %s\n# and brings it to %s.\n"

local function usage(text)
  return nil, error_of.new { op = "parity fix", code = "usage", message = text }
end

local function default_path(project)
  return fs.join(project.dir, "compose.parity.yaml")
end

-- A file that somebody wrote is not overwritten.
local function is_taken(path)
  return fs.exists(path) and (fs.read(path) or ""):sub(1, #OURS) ~= OURS
end

-- The source's files with the override on top, as a source of the second diff.
local function with_override(project, path)
  local files = table.move(project.files, 1, #project.files, 1, {})
  files[#files + 1] = path
  return table.concat(files, ",")
end

local function prove(args, project, path)
  return runs.report { source = with_override(project, path), target = args.target,
    source_env_file = args.source_env_file, target_env_file = args.target_env_file,
    profile = args.profile, mode = "semantic" }
end

local function say(ctx, args, result)
  if args.json then return ctx.out(mask.text(json.encode(result, { pretty = true }))) end
  ctx.out(("wrote %s: closes %d of %d differences"):format(result.path, result.closed,
    result.before))
  ctx.out(("second diff: %d differences left, %d of them %s or worse"):format(result.after,
    result.serious, args.fail_on))
  for _, left in ipairs(result.left) do ctx.out("  " .. left) end
  return nil
end

local function left_over(report)
  local list = json.array()
  for _, diff in ipairs(report.service_diffs) do
    for _, d in ipairs(diff.differences) do
      list[#list + 1] = ("%s %s %s: %s"):format(d.severity, diff.service_name, d.field_path,
        d.metadata.impact_description)
    end
  end
  return list
end

local function run(ctx, args)
  if sides.is_running(args.source) or sides.is_running(args.target) then
    return usage("source and target must be files: an override lies over files")
  end
  local before, source, target = runs.report(args)
  if not before then return nil, source end
  local project = environments.project_of(source)
  local path = fs.absolute(args.output or default_path(project))
  local content, closed = override.of(before, source, target)
  if closed == 0 then
    ctx.out("nothing that an override could close")
    return compare.count(before, args.fail_on) > 0 and 1 or 0
  end
  local text = HEAD:format(source.id, target.id) .. yaml.encode(content)
  if mask.text(text) ~= text then
    return usage("the override would hold a secret of the target; move it into a variable first")
  end
  if ctx.dry_run then
    ctx.out(text)
    return 0
  end
  if is_taken(path) then return usage(path .. " is there and was not made by fix") end
  local ok, err = fs.write(path, text)
  if not ok then return nil, err end
  local after, why = prove(args, project, path)
  if not after then return nil, why end
  say(ctx, args, { path = path, closed = closed, before = compare.count(before, "info"),
    after = compare.count(after, "info"), serious = compare.count(after, args.fail_on),
    left = left_over(after) })
  return compare.count(after, args.fail_on) > 0 and 1 or 0
end

return stage {
  api = 1,
  name = "fix",
  help = "Write a Compose override that closes what a diff found",
  args = {
    { name = "source", kind = "positional", help = "Environment to bring in line (files)" },
    { name = "target", kind = "positional", help = "Environment it should be like (files)" },
    { name = "--output", kind = "option", short = "-o",
      help = "The override's file (default: compose.parity.yaml beside the source)" },
    { name = "--fail-on", kind = "option", default = "warning",
      choices = { "info", "warning", "error", "critical" },
      help = "Exit 1 where the second diff still has this severity (default: warning)" },
    { name = "--source-env-file", kind = "option", repeatable = true, help = "Instead of .env" },
    { name = "--target-env-file", kind = "option", repeatable = true, help = "Instead of .env" },
    { name = "--profile", kind = "option", repeatable = true, help = "Active profile" },
    { name = "--json", kind = "flag", help = "Print the outcome as JSON" },
  },
  run = run,
}
