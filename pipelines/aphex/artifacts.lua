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
  return artifacts.settings(client, args.bucket)
end

function actions.upload(_, client, args)
  return artifacts.upload(client, { bucket = args.bucket, commit = args.commit, file = args.file,
    type = args.type })
end

function actions.download(_, client, args)
  return artifacts.download(client, { bucket = args.bucket, commit = args.commit,
    name = fs.basename(args.file), file = args.file })
end

local function usage(text)
  return nil, error_of.new { op = "artifacts", code = "usage", message = text }
end

return stage {
  api = 1,
  name = "artifacts",
  help = "Upload, download and verify build artifacts in S3",
  args = {
    { name = "action", kind = "positional", choices = { "prepare", "upload", "download" },
      help = "prepare: make the bucket as it has to be" },
    { name = "file", kind = "positional", optional = true, help = "The artifact" },
    { name = "--bucket", kind = "option", help = "S3 bucket" },
    { name = "--commit", kind = "option", default = os.getenv "APHEX_COMMIT",
      help = "Commit's SHA (default: APHEX_COMMIT)" },
    { name = "--type", kind = "option", default = "package", help = "artifact_type (package)" },
    { name = "--region", kind = "option", default = os.getenv "AWS_REGION" or "us-east-1",
      help = "Default: AWS_REGION, else us-east-1" },
  },
  examples = { "lsqm aphex artifacts upload dist.zip --bucket aphex-artifacts --commit a1b2c3d" },
  run = function(ctx, args)
    if not args.bucket then return usage "--bucket is needed" end
    if args.action ~= "prepare" and not (args.file and args.commit) then
      return usage "a file and --commit are needed"
    end
    local client, err = session_of.client(args.region)
    if not client then return nil, err end
    local value
    value, err = actions[args.action](ctx, client, args)
    if not value then return nil, err end
    ctx.out(json.encode(value))
    return 0
  end,
}
