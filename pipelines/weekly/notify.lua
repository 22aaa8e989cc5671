-- SPDX-License-Identifier: Apache-2.0
-- A Slack message about the latest run (FR-046 to FR-050). It never fails the run.

local compare = require "std.store.compare"
local mask = require "std.mask"
local json = require "std.json"
local slack = require "std.slack"
local stage = require "std.stage"
local text = require "pipelines.weekly.report.text"

local LISTED <const>, NAME_MAX <const> = 10, 100

-- Names and reasons come from templates: one line, no secrets, nothing that Slack would follow.
local function plain(value)
  local line = text.clean(mask.text(tostring(value))):gsub("%s+", " "):gsub("[*_~`]", " ")
  return slack.escape(slack.cut(line, NAME_MAX))
end

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
  }
end

-- Where the regressions of a run are told of: the push has linked them.
local function issue_links(ctx, run)
  local links = {}
  for _, record in ipairs(ctx.store:regressions()) do
    if record.to_run_id == run.run_id then links[record.arch_hash] = record.github_issue_url end
  end
  return links
end

local function title(facts)
  return ("%s: %d of %d architectures pass (%s)"):format(facts.emulator, facts.summary.passed,
    facts.summary.total, text.percent(facts.rate))
end

local function figures(facts)
  local s, changes = facts.summary, facts.changes
  local delta = facts.delta and text.points(facts.delta) or "first run"
  return slack.fields {
    { "Pass rate", ("%s (%s)"):format(text.percent(facts.rate), delta) },
    { "New architectures", s.new_architectures or 0 },
    { "Not passing", ("%d partial, %d failed, %d timeout"):format(s.partial, s.failed, s.timeout) },
    { "Indeterminate", ("%d errors, %d flaky, %d for another reason"):format(s.error,
      #changes.flaky, #changes.unrelated) },
    { "Fixed", #changes.fixes },
  }
end

local function regression_line(one, url)
  return ("• %s (%s): %s → %s%s"):format(plain(one.architecture_name or one.arch_hash),
    plain(table.concat(one.services_affected, ", ")), one.from_status, one.to_status,
    url and ", " .. slack.link(url, "issue") or "")
end

-- As many as fit; the others are counted.
local function alert(facts, links)
  local found = facts.changes.regressions
  if #found == 0 then return nil end
  local lines = { (":rotating_light: *%s*"):format(text.count(#found, "regression")) }
  local room = slack.LIMITS.section - 100
  for i = 1, math.min(#found, LISTED) do
    local line = regression_line(found[i], links[found[i].arch_hash])
    room = room - utf8.len(line) - 1
    if room < 0 then break end
    lines[#lines + 1] = line
  end
  local more = #found - #lines + 1
  if more > 0 then lines[#lines + 1] = ("… and %d more"):format(more) end
  return slack.section(table.concat(lines, "\n"))
end

-- What else changed since the run before: nobody shall blame the emulator for it.
local function circumstances(facts)
  local previous, parts = facts.changes.previous, {}
  for _, one in ipairs(previous and compare.circumstances(previous, facts.run.config) or {}) do
    parts[#parts + 1] = ("%s %s → %s"):format(plain(one.aspect), plain(one.from), plain(one.to))
  end
  if #parts == 0 then return nil end
  return slack.context("Changed since the run before: " .. table.concat(parts, "; "))
end

local function report_line(ctx)
  local report = ctx.config.report_url or ctx.store:path("reports", "latest", "index.html")
  if report:find("^https?://") then return slack.section(slack.link(report, "Open the report")) end
  return slack.section("Report: `" .. slack.escape(report) .. "`")
end

-- Blocks in the order of their weight: what does not fit is left out at the end.
local function message(ctx, run)
  local blocks, fallback = {}, {}
  for i, one in ipairs(ctx.store:siblings(run)) do
    local facts = gather(ctx, one)
    if i == 1 then
      blocks[1] = slack.header(title(facts))
      blocks[2] = report_line(ctx)
    else
      blocks[#blocks + 1] = slack.divider()
      blocks[#blocks + 1] = slack.section("*" .. slack.escape(title(facts)) .. "*")
    end
    blocks[#blocks + 1] = figures(facts)
    blocks[#blocks + 1] = alert(facts, issue_links(ctx, one))
    blocks[#blocks + 1] = circumstances(facts)
    local n = #facts.changes.regressions
    fallback[i] = title(facts) .. (n > 0 and ", " .. text.count(n, "regression") or "")
  end
  return slack.message(slack.escape(table.concat(fallback, "; ")), blocks)
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
    local payload = message(ctx, run)
    if ctx.dry_run then
      ctx.out("would send to Slack: " .. json.encode(payload, { pretty = true }))
      return 0
    end
    return send(ctx, payload)
  end,
}
