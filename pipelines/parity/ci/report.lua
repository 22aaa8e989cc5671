-- SPDX-License-Identifier: Apache-2.0
-- What a person sees of a run: what runs while it runs, and how each stage went in the end.

local json = require "std.json"
local mask = require "std.mask"

local M = {}

local TAIL <const> = 2000 -- bytes of a failed stage's log

-- Colours and other control characters of a log do nothing to the terminal.
local function plain(text) return (text:gsub("\27%[[%d;]*%a", ""):gsub("[^\n%C\t]", "?")) end

--- Follows a run on the terminal, in plain lines elsewhere; with --json it is quiet.
---@return table hooks for ci/runner.lua, to be held in a `<close>` variable
function M.follow(ctx, run, annotations)
  local task = ctx.progress:task("ci", 0)
  local hooks = setmetatable({}, { __close = function() task:done() end })
  function hooks.on_begin(stage)
    task.total = #run.stages
    return task:begin(mask.text(stage.name))
  end
  function hooks.on_end(stage, item, list)
    task.total, annotations[stage] = #run.stages, list
    task:step(mask.text(("%s %s%s"):format(stage.name, stage.status,
      stage.duration_seconds and (", %d s"):format(stage.duration_seconds) or "")), item)
  end
  if ctx.verbose then
    function hooks.live(stage, line)
      ctx.progress:line(plain(mask.text(("%s | %s"):format(stage.name, line:gsub("\n$", "")))))
    end
  end
  return hooks
end

--- Tells of something that is not done as GitHub does it.
function M.note(ctx)
  return function(text)
    local shown = mask.text(text)
    ctx.log:info("ci: " .. shown)
    ctx.progress:line("note: " .. plain(shown))
  end
end

local function indented(text) return (plain(text):gsub("%s+$", ""):gsub("[^\n]+", "  %0")) end

local function stage_lines(ctx, stage, annotations)
  local retries = stage.metadata.retry_count
  local function out(text, ...) ctx.out(plain(mask.text(text:format(...)))) end
  out("%-8s %-30s %ss%s", stage.status, stage.name, stage.duration_seconds or 0,
    retries > 0 and (", %d retries"):format(retries) or "")
  if stage.status == "failed" then
    local text = mask.text((stage.logs.stdout or "") .. (stage.logs.stderr or ""))
    ctx.out(indented(text:sub(-TAIL)))
  end
  for _, one in ipairs(annotations or {}) do
    out("         %s: %s", one.level, one.text)
  end
  for _, artifact in ipairs(stage.artifacts) do
    out("         %s %s (%d bytes)", artifact.type, artifact.path, artifact.size_bytes)
  end
end

--- Prints the run.
---@param annotations table<table, table[]> by stage
function M.print(ctx, run, annotations, as_json)
  if as_json then return ctx.out(mask.text(json.encode(run, { pretty = true }))) end
  for _, stage in ipairs(run.stages) do stage_lines(ctx, stage, annotations[stage]) end
  ctx.out(("%s: %d of %d stages passed, %d failed, %d skipped"):format(run.status,
    run.summary.passed_stages, run.summary.total_stages, run.summary.failed_stages,
    run.summary.skipped_stages))
end

return M
