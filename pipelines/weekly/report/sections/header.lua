-- SPDX-License-Identifier: Apache-2.0
-- What was run: emulator, version, when, how long.
local h = require "std.html"
local text = require "pipelines.weekly.report.text"

local function fact(name, value)
  if value == nil or value == "" then return nil end
  return h.div(h.dt(name), h.dd(value))
end

local function emulator_of(run)
  local emulator = run.emulator or { name = "emulator" }
  local version = emulator.version or run.localstack_version
  return emulator.name, version ~= "" and version or nil
end

return {
  name = "header",
  render = function(view)
    local run, summary = view.run, view.summary
    local name, version = emulator_of(run)
    return h.header({ class = "top" },
      h.p({ class = "eyebrow" }, "AWS compatibility report"),
      h.h1(name, version and h.span({ class = "version" }, version) or nil),
      h.dl({ class = "facts" },
        fact("Run", h.code(run.run_id)),
        fact("Started", text.when(run.started_at)),
        fact("Took", text.duration(summary.duration_seconds)),
        fact("Corpus", text.count(view.counts.total, "architecture")),
        fact("Deployed with", run.terraform_version),
        fact("Driver", run.emulator and run.emulator.driver)))
  end,
}
