-- SPDX-License-Identifier: Apache-2.0
-- Converts templates to Terraform roots. Exit 1 when one of them could not be converted whole.
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local parallel = require "std.parallel"
local stage = require "std.stage"

local function jobs_of(args)
  local jobs, taken = {}, {}
  for i, path in ipairs(args.inputs) do
    local slug, n = normalize.slug(path), 1
    local name = slug
    while taken[name] do
      n = n + 1
      name = slug .. "-" .. n
    end
    taken[name] = true
    jobs[i] = { path = path, format = args.from, out = fs.join(args.out, name) }
  end
  return jobs
end

local function reasons(record)
  if record.error then
    local line, col = record.error.line, record.error.col or 1
    local at = line and (":%d:%d"):format(line, col) or ""
    return { ("  %s%s: %s"):format(record.error.file or record.input, at, record.error.message) }
  end
  local lines = {}
  for _, entry in ipairs(record.unsupported) do
    local property = entry.property and " " .. entry.property or ""
    local at = entry.file and entry.line
      and ("%s:%d:%d: "):format(entry.file, entry.line, entry.col or 1) or ""
    lines[#lines + 1] = ("  %s%s (%s)%s: %s"):format(at, entry.id or "template",
      entry.type or "", property, entry.reason)
  end
  return lines
end

local function show(ctx, record, as_json)
  if as_json then return ctx.out(json.encode(record)) end
  ctx.out(("%s %s%s"):format(record.status, record.input,
    record.out and " -> " .. record.out or ""))
  for _, line in ipairs(reasons(record)) do ctx.out(line) end
end

local function run(ctx, args)
  local jobs, all = jobs_of(args), true
  local outcomes = parallel.cpu_map("std.normalize", jobs, { fn = "normalize", collect = true })
  for i, outcome in ipairs(outcomes) do
    local record = outcome.ok and outcome.value or { status = "failed", input = jobs[i].path,
      error = { message = tostring(outcome.err) }, unsupported = {} }
    all = all and record.status == "normalized"
    show(ctx, record, args.json)
  end
  return all and 0 or 1
end

return stage {
  api = 1, name = "normalize", help = "Convert templates to Terraform roots",
  args = {
    { name = "--from", kind = "option", default = "auto", help = "what the inputs are",
      choices = { "auto", "cfn", "sam", "serverless", "cdk", "terraform" } },
    { name = "--json", kind = "flag", help = "one JSON record per input" },
    { name = "--out", short = "-o", kind = "option", optional = false,
      help = "folder that gets one root per input" },
    { name = "inputs", kind = "positional", repeatable = true, help = "template files or folders" },
  },
  run = run,
}
