-- SPDX-License-Identifier: Apache-2.0
-- A Slack message about the latest run (FR-046 to FR-050). It never fails the run.

local json = require "std.json"
local slack = require "std.slack"
local stage = require "std.stage"
local text = require "pipelines.weekly.report.text"

local LISTED = 10

local function rate_of(summary)
  return summary and summary.total > 0 and summary.passed / summary.total or nil
end

local function gather(ctx, run)
  local changes, summary = ctx.store:changes(run), run:summary()
  local rate = rate_of(summary)
  local before = changes.previous and rate_of(changes.previous.summary)
  local emulator = run.config.emulator
  return {
    run = run, summary = summary, changes = changes, rate = rate,
    delta = rate and before and rate - before or nil,
    emulator = ("%s %s"):format(emulator and emulator.name or "emulator",
      run.config.localstack_version),
    report = ctx.config.report_url or ctx.store:path("reports", "latest", "index.html"),
  }
end

local function title(facts)
  return ("%s: %d of %d architectures pass (%s)"):format(facts.emulator, facts.summary.passed,
    facts.summary.total, text.percent(facts.rate))
end

local function figures(facts)
  local s = facts.summary
  local delta = facts.delta and text.points(facts.delta) or "first run"
  return slack.fields {
    { "Pass rate", ("%s (%s)"):format(text.percent(facts.rate), delta) },
    { "New architectures", s.new_architectures or 0 },
    { "Not passing", ("%d partial, %d failed, %d timeout"):format(s.partial, s.failed, s.timeout) },
    { "Indeterminate", ("%d errors, %d flaky, %d for another reason"):format(s.error,
      #facts.changes.flaky, #facts.changes.unrelated) },
  }
end

local function alert(facts)
  local found = facts.changes.regressions
  if #found == 0 then return nil end
  local lines = { (":rotating_light: *%s*"):format(text.count(#found, "regression")) }
  for i = 1, math.min(#found, LISTED) do
    local one = found[i]
    lines[#lines + 1] = ("• %s (%s): %s → %s"):format(
      slack.escape(one.architecture_name or one.arch_hash),
      slack.escape(table.concat(one.services_affected, ", ")), one.from_status, one.to_status)
  end
  if #found > LISTED then lines[#lines + 1] = ("… and %d more"):format(#found - LISTED) end
  return slack.section(table.concat(lines, "\n"))
end

local function report_line(facts)
  if facts.report:find("^https?://") then
    return slack.section(slack.link(facts.report, "Open the report"))
  end
  return slack.section("Report: `" .. slack.escape(facts.report) .. "`")
end

local function message(facts)
  local blocks = json.array { slack.header(title(facts)), figures(facts) }
  for _, block in ipairs { alert(facts) or false, report_line(facts) } do
    if block then table.insert(blocks, block) end
  end
  local fallback = title(facts)
  if #facts.changes.regressions > 0 then
    fallback = fallback .. ", " .. text.count(#facts.changes.regressions, "regression")
  end
  return { text = slack.escape(fallback), blocks = blocks }
end

local function send(ctx, payload)
  local ok, err = slack.send(ctx.config.slack_webhook_url, payload)
  if ok then
    ctx.out("notify: message sent")
  else
    ctx.log:error("notification failed", { error = tostring(err), error_type = err.code })
    ctx.out("notify: not sent: " .. tostring(err))
  end
  return 0
end

return stage {
  api = 1,
  name = "notify",
  help = "Send a summary of the latest run to Slack",
  args = {
    { name = "--run", kind = "option", metavar = "ID", help = "the run (default: latest)" },
  },
  run = function(ctx, args)
    local timing <close> = ctx.log:stage("notify") -- luacheck: ignore timing
    local run, err = ctx.store:find_run(args.run or "latest")
    if not run then return nil, err end
    local url = ctx.config.slack_webhook_url
    if not url and not ctx.dry_run then
      ctx.out("notify: no SLACK_WEBHOOK_URL, nothing sent")
      return 0
    end
    local payload = message(gather(ctx, run))
    if ctx.dry_run then
      ctx.out("would send to Slack: " .. json.encode(payload, { pretty = true }))
      return 0
    end
    return send(ctx, payload)
  end,
}
