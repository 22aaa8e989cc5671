-- SPDX-License-Identifier: Apache-2.0
-- Submits the generated files to the cluster that kubectl is set up for. Where none answers nothing
-- is submitted, and it says so: kubectl itself knows Argo's kinds from a cluster only, so the
-- checks are those that `generate` makes.

local error_of = require "std.error"
local files_of = require "pipelines.aphex.argo.files"
local process = require "std.process"
local stage = require "std.stage"
local tables = require "std.table"

local INHERIT <const> = { "HOME", "KUBECONFIG", "PATH" }

local function kubectl(words, stdin)
  return process.run { argv = tables.append({ "kubectl" }, words), stdin = stdin, timeout = 60,
    inherit = INHERIT, merge_output = true }
end

local function cluster_answers()
  local result = kubectl { "version", "--request-timeout=5s" }
  return result ~= nil and result.code == 0
end

local function submit(ctx, text)
  local result, err = kubectl({ "apply", "-f", "-" }, text)
  if not result then return nil, err end
  if result.code ~= 0 then
    return nil, error_of.new { op = "kubectl apply", code = "failed",
      message = result.stdout:sub(-600) }
  end
  ctx.out((result.stdout:gsub("\n$", "")))
  return 0
end

local function list(ctx, files)
  for _, key in ipairs(files_of.ORDER) do
    local one = files[key]
    if one then
      ctx.out(("%s/%s not submitted (client dry run)"):format(one.kind:lower(),
        one.metadata.name))
    end
  end
  return 0
end

return stage {
  api = 1,
  name = "apply",
  help = "Submit the generated files to a cluster",
  description = "With the global --dry-run, or where no cluster answers, nothing is submitted.",
  args = tables.deep_copy(files_of.ARGS),
  run = function(ctx, args)
    local files, err = files_of.of(ctx.rules "argo", args)
    if not files then return nil, err end
    if ctx.dry_run then return list(ctx, files) end
    if not process.which "kubectl" then
      return nil, error_of.new { op = "aphex", code = "unavailable",
        message = "kubectl is not on PATH", hint = "lsqm aphex generate -o DIR writes the files" }
    end
    if cluster_answers() then return submit(ctx, files_of.text(files)) end
    ctx.log:warn "no cluster answers"
    return list(ctx, files)
  end,
}
