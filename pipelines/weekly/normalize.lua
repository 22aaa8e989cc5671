-- SPDX-License-Identifier: Apache-2.0
-- Converts templates to Terraform roots. Exit 1 when one of them could not be converted whole.
local inputs = require "std.normalize.inputs"
local json = require "std.json"
local parallel = require "std.parallel"
local result = require "std.normalize.result"
local stage = require "std.stage"

local function at(place, file)
  local line = place.line and (":%d:%d"):format(place.line, place.col or 1) or ""
  return (place.file or file) .. line
end

local function reasons(record)
  if record.error then
    return { ("  %s: %s"):format(at(record.error, record.input), record.error.message) }
  end
  local lines = {}
  for _, entry in ipairs(record.unsupported) do
    local property = entry.property and " " .. entry.property or ""
    lines[#lines + 1] = ("  %s: %s (%s)%s: %s"):format(at(entry, record.input),
      entry.id ~= "" and entry.id or "template", entry.type or "", property, entry.reason)
  end
  return lines
end

local function show(ctx, record, as_json)
  if as_json then return ctx.out(json.encode(record)) end
  ctx.out(("%s %s%s"):format(record.status, record.input,
    record.out and " -> " .. record.out or ""))
  for _, line in ipairs(reasons(record)) do ctx.out(line) end
end

-- A worker gets only plain values; one that broke says so for its input alone.
local function convert(jobs)
  local plain, records = {}, {}
  for i, job in ipairs(jobs) do
    plain[i] = { path = job.path, format = job.format, out = job.out, slug = job.slug,
      input = job.input,
      error = job.err and { message = job.err.message, file = job.err.file, line = job.err.line,
        col = job.err.col } or nil }
  end
  local outcomes = parallel.cpu_map("std.normalize", plain, { fn = "normalize", collect = true })
  for i, outcome in ipairs(outcomes) do
    records[i] = outcome.ok and outcome.value
      or result.failed(jobs[i], tostring(outcome.err.message or outcome.err))
  end
  return records
end

local function run(ctx, args)
  local jobs, all = inputs.jobs(args.inputs, args.from, args.out), true
  for _, record in ipairs(convert(jobs)) do
    all = all and record.status == "normalized"
    show(ctx, record, args.json)
  end
  for _, job in ipairs(jobs) do
    if job.keep then job.keep:close() end
  end
  return all and 0 or 1
end

return stage {
  api = 1, name = "normalize", help = "Convert templates to Terraform roots",
  examples = { "lsqm normalize -o out templates/*.yaml service/serverless.yml cdk.out" },
  args = {
    { name = "--from", kind = "option", default = "auto", help = "what the inputs are",
      choices = { "auto", "cfn", "sam", "serverless", "cdk", "terraform" } },
    { name = "--json", kind = "flag", help = "one JSON record per input" },
    { name = "--out", short = "-o", kind = "option", optional = false, metavar = "DIR",
      help = "folder that gets one root per input" },
    { name = "inputs", kind = "positional", repeatable = true,
      help = "templates, or folders of one each" },
  },
  run = run,
}
