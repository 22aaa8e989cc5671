-- SPDX-License-Identifier: Apache-2.0
-- aphex-config.yaml as files for Argo: the WorkflowTemplate, and with --repo the EventSource and
-- Sensor for the repository's pushes.

local dry_run = require "pipelines.aphex.argo.dry_run"
local error_of = require "std.error"
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local stage = require "std.stage"
local tables = require "std.table"

local function write_all(ctx, files, dir)
  for _, key in ipairs(files_of.ORDER) do
    local path = fs.join(dir, files_of.NAMES[key])
    if files[key] then
      local ok, err = fs.mkdir(dir)
      if ok then ok, err = fs.write(path, files_of.yaml(files[key])) end
      if not ok then return nil, err end
      ctx.out("wrote " .. path)
    end
  end
  return 0
end

-- Prints the Workflow that a push's payload would start.
local function show_push(ctx, files, path)
  if not files.sensor then
    return nil, error_of.new { op = "aphex", code = "usage", message = "--push needs --repo" }
  end
  local text, err = fs.read(path)
  if not text then return nil, err end
  local payload
  payload, err = json.decode(text)
  if payload == nil then return nil, error_of.wrap(err, path) end
  local workflow, why = dry_run.run(files, payload, #text)
  ctx.out(workflow and (files_of.yaml(workflow):gsub("\n$", "")) or "no workflow: " .. why)
  return workflow and 0 or 1
end

return stage {
  api = 1,
  name = "generate",
  help = "Write the Argo workflow, event source and sensor of a configuration",
  args = tables.append(tables.deep_copy(files_of.ARGS), {
    { name = "--out", kind = "option", short = "-o", metavar = "DIR",
      help = "Write files there instead of printing them" },
    { name = "--push", kind = "option", metavar = "PAYLOAD",
      help = "Print the workflow that this push (JSON) would start" },
  }),
  examples = { "lsqm aphex generate", "lsqm aphex generate --repo acme/shop --url URL -o argo",
    "lsqm aphex generate --repo acme/shop --url URL --push push.json" },
  run = function(ctx, args)
    local files, err = files_of.of(ctx.rules "argo", args)
    if not files then return nil, err end
    if args.push then return show_push(ctx, files, args.push) end
    if args.out and not ctx.dry_run then return write_all(ctx, files, args.out) end
    ctx.out((files_of.text(files):gsub("\n$", "")))
    return 0
  end,
}
