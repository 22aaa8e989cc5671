-- SPDX-License-Identifier: Apache-2.0
-- Build artifacts to and from S3, with checksums.

local artifacts = require "pipelines.aphex.model.artifacts"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"

local actions = {}

function actions.prepare(ctx, client, args)
  local ok, err = artifacts.prepare(client, args.bucket, ctx.rules("monitoring").artifact_days)
  if not ok then return nil, err end
  return actions.status(ctx, client, args)
end

function actions.status(ctx, client, args)
  local settings, err = artifacts.settings(client, args.bucket)
  if not settings then return nil, err end
  local problems = artifacts.problems(settings, ctx.rules("monitoring").artifact_days)
  for _, problem in ipairs(problems) do ctx.log:warn(args.bucket .. ": " .. problem) end
  return settings, nil, #problems > 0 and 1 or 0
end

function actions.upload(_, client, args)
  return artifacts.upload(client, { bucket = args.bucket, commit = args.commit, file = args.file,
    name = args.name, type = args.type })
end

-- A file that differs from its checksum is found out, not an environment that fails.
function actions.download(ctx, client, args)
  local metadata, err = artifacts.download(client, { bucket = args.bucket, commit = args.commit,
    name = args.name or fs.basename(args.file), file = args.file })
  if metadata or err.code ~= "invalid" then return metadata, err end
  ctx.log:error(tostring(err))
  return json.null, nil, 1
end

local function usage(text)
  return nil, error_of.new { op = "artifacts", code = "usage", message = text }
end

local function check_args(args)
  if not args.bucket then return usage "--bucket is needed" end
  local on_file = args.action == "upload" or args.action == "download"
  -- A bucket's own settings are of no commit.
  local ok, err = artifacts.check_place(args.bucket, on_file and args.commit or ("0"):rep(40))
  if not ok or not on_file then return ok, err end
  if not (args.file and args.commit) then return usage "a file and --commit are needed" end
  local name = args.name or fs.basename(args.file)
  if fs.below(name) ~= name or name == "" then
    return usage(("'%s' is no name of an artifact"):format(name))
  end
  return true
end

return stage {
  api = 1,
  name = "artifacts",
  help = "Upload, download and verify build artifacts in S3",
  description = "Prints JSON. Exit 1: a file that differs from its checksum was not kept, or a "
    .. "bucket is not as it has to be.",
  args = {
    { name = "action", kind = "positional", choices = { "prepare", "status", "upload", "download" },
      help = "prepare: make the bucket as it has to be; status: is it?" },
    { name = "file", kind = "positional", optional = true, help = "The artifact" },
    { name = "--bucket", kind = "option", help = "S3 bucket" },
    { name = "--commit", kind = "option", default = os.getenv "APHEX_COMMIT",
      help = "Commit's SHA (default: APHEX_COMMIT)" },
    { name = "--name", kind = "option", metavar = "PATH",
      help = "Below the commit in the bucket (default: the file's own name)" },
    { name = "--type", kind = "option", default = "package", help = "artifact_type (package)" },
    { name = "--region", kind = "option", default = os.getenv "AWS_REGION" or "us-east-1",
      help = "Default: AWS_REGION, else us-east-1" },
  },
  examples = { "lsqm aphex artifacts upload dist.zip --bucket aphex-artifacts --commit a1b2c3d" },
  run = function(ctx, args)
    local ok, err = check_args(args)
    if not ok then return nil, err end
    if ctx.dry_run and args.action ~= "status" then
      ctx.out(("would %s %s%s"):format(args.action, args.file and args.file .. " in " or "",
        args.bucket))
      return 0
    end
    local client, value, code
    client, err = session_of.client(args.region)
    if not client then return nil, err end
    value, err, code = actions[args.action](ctx, client, args)
    if not value then return nil, err end
    if value ~= json.null then ctx.out(json.encode(value)) end
    return code or 0
  end,
}
