-- SPDX-License-Identifier: Apache-2.0
-- What issues say: titles, bodies, the one comment, and the summary of what is over the limit.

local compare = require "std.store.compare"
local marker = require "pipelines.weekly.push.marker"
local md = require "pipelines.weekly.push.markdown"
local reproducer = require "pipelines.weekly.push.reproducer"
local text = require "pipelines.weekly.report.text"

local M = {}

local LOG_BYTES <const>, LISTED <const>, CAUSES <const>, EVENTS <const> = 3000, 50, 100, 12
local TITLE_MAX <const>, LABEL_MAX <const>, SHORT <const> = 200, 50, 120
local TERRAFORM_BYTES <const> = 3000

---@class lsqm.IssueAbout
---@field run lsqm.Run
---@field store lsqm.Store
---@field previous table|nil config.json of the run before, with the same emulator
---@field emulator_row table|nil of rules/emulators.lua
---@field repository {url: string, web: string|nil}|nil where the artifacts are

local function emulator_of(config)
  return ("%s %s"):format(config.emulator and config.emulator.name or "emulator",
    config.localstack_version)
end

---@return string[] hashes of a group
function M.hashes(group)
  local list = {}
  for i, record in ipairs(group.regressions) do list[i] = record.arch_hash end
  return list
end

---@param group table see push.causes
---@param run lsqm.Run
function M.title(group, run)
  return md.title(("Regression in %s: %s"):format(emulator_of(run.config),
    md.cut(group.signature, SHORT)), TITLE_MAX)
end

---The labels of an issue; GitHub makes those that it does not know, where the token may.
function M.labels(run)
  local emulator = run.config.emulator
  return { "lsqm", "regression",
    emulator and md.cut("emulator: " .. emulator.name, LABEL_MAX) or nil }
end

-- Sections -----------------------------------------------------------------------------------

local function affected(group)
  local lines = {}
  for i = 1, math.min(#group.regressions, LISTED) do
    local one = group.regressions[i]
    lines[i] = ("- %s (%s): %s → %s, since run %s"):format(
      md.code(md.cut(one.architecture_name or one.arch_hash, SHORT)),
      md.code(md.cut(table.concat(one.services_affected, ", "), SHORT)), one.from_status,
      one.to_status, md.code(one.to_run_id:sub(1, 8)))
  end
  if #group.regressions > LISTED then
    lines[#lines + 1] = ("- and %d more"):format(#group.regressions - LISTED)
  end
  return table.concat(lines, "\n")
end

-- The step that failed and what it printed last.
local function failing_step(result)
  result = result or {}
  local apply, tests = result.terraform_apply or {}, result.pytest_results or {}
  if result.hung then
    return ("%s did not answer for %d s"):format(result.hung.operation,
      math.floor(result.hung.seconds)), apply.logs or result.reason
  elseif apply.success == false then
    return "terraform apply", apply.logs
  elseif result.error_message then
    return "the emulator or the harness", result.error_message
  end
  return "pytest", tests.output
end

local function failure(group, about, record)
  local result = about.result_of(record)
  local step, log = failing_step(result)
  local out = { ("Failing step of %s: %s"):format(
    md.code(record.architecture_name or record.arch_hash), md.code(step)),
    md.fence(text.tail(log or group.signature, LOG_BYTES) or "no output was captured") }
  if result and result.reason then
    table.insert(out, 2, "Reason: " .. md.code(md.cut(result.reason, SHORT * 2)))
  end
  return table.concat(out, "\n\n")
end

local function versions(about)
  local config, lines = about.run.config, {}
  local function add(name, value)
    if value ~= nil and value ~= "" then
      lines[#lines + 1] = ("- %s: %s"):format(name, md.code(tostring(value)))
    end
  end
  local emulator = config.emulator or {}
  add("emulator", emulator_of(config))
  add("image", emulator.image)
  add("image id", emulator.image_id)
  add("terraform", config.terraform_version)
  add("lsqm", config.lsqm_version)
  add("run", about.run.run_id)
  for _, one in ipairs(about.previous and compare.circumstances(about.previous, config) or {}) do
    lines[#lines + 1] = ("- changed since the run before: %s, %s → %s"):format(one.aspect,
      md.code(one.from), md.code(one.to))
  end
  return table.concat(lines, "\n")
end

local function inline_terraform(about, hash)
  local main = about.store:path("architectures", hash, "main.tf")
  local content = require("std.fs").read(main, { max = TERRAFORM_BYTES })
  return content and content:find("%S") and md.fence(content, "hcl") or nil
end

local function reproduce(group, about, record)
  local folder = reproducer.folder(group.key)
  local where = about.repository
  local lines = { ("git clone %s artifacts"):format(where and where.url or "<artifact repository>"),
    "cd artifacts/" .. folder, "sh reproduce.sh" }
  local link = where and where.web and ("[%s](%s/%s)"):format(folder, where.web, folder)
    or md.code(folder)
  local out = { ("Reproduce: %s in the artifact repository has one architecture (%s), its tests "
    .. "and the commands."):format(link, md.code(record.arch_hash)),
    md.fence(table.concat(lines, "\n"), "sh"),
    ("Fewest lines that still fail so: %s"):format(md.code("lsqm reduce " .. record.arch_hash)) }
  out[#out + 1] = inline_terraform(about, record.arch_hash)
  return table.concat(out, "\n\n")
end

local function facts_of(group, run)
  return { kind = "cause", emulator = run.config.emulator and run.config.emulator.name or "none",
    version = run.config.localstack_version, signature = group.version, key = group.key,
    architectures = M.hashes(group) }
end

---Our part of the body, with the hidden marker around it.
---@param group table
---@param about lsqm.IssueAbout
---@return string
function M.body(group, about)
  local record = reproducer.pick(about.store, group)
  local n = #group.regressions
  return marker.wrap(facts_of(group, about.run), table.concat({
    ("%s that worked before %s with %s."):format(text.count(n, "architecture"),
      n == 1 and "fails" or "fail", emulator_of(about.run.config)),
    "Root cause: " .. md.code(md.cut(group.signature, 2 * SHORT)), affected(group),
    failure(group, about, record), "### Versions", versions(about), "### Reproduce",
    reproduce(group, about, record),
  }, "\n\n"))
end

-- The summary ----------------------------------------------------------------------------------

function M.summary_title(run)
  return ("More regressions in %s than are filed one by one"):format(
    run.config.emulator and run.config.emulator.name or "the emulator")
end

---@param groups table[] those over the limit, ranked
---@param about lsqm.IssueAbout
function M.summary(groups, about)
  local hashes, lines = {}, {}
  for i, group in ipairs(groups) do
    table.move(group.regressions, 1, #group.regressions, #hashes + 1, hashes)
    if i <= CAUSES then
      lines[i] = ("%d. %s: %s"):format(i, text.count(#group.regressions, "architecture"),
        md.code(md.cut(group.signature, 2 * SHORT)))
    end
  end
  for i, record in ipairs(hashes) do hashes[i] = record.arch_hash end
  if #groups > CAUSES then
    lines[#lines + 1] = ("\nand %d more root causes"):format(#groups - CAUSES)
  end
  local config = about.run.config
  return marker.wrap({ kind = "summary", emulator = config.emulator and config.emulator.name
    or "none", version = config.localstack_version, architectures = hashes }, table.concat({
    ("%s (%s) with %s are over the limit of issues for one run. Those that block most come "
      .. "first; each gets an issue of its own in a later run, if it still fails then."):format(
      text.count(#groups, "root cause"), text.count(#hashes, "architecture"),
      emulator_of(config)),
    table.concat(lines, "\n"),
    "All of them: " .. md.code("trends/regressions.json") .. " of the artifact repository.",
  }, "\n\n"))
end

-- The comment ----------------------------------------------------------------------------------

---One line about what happened to an issue in a run.
---@param about lsqm.IssueAbout
---@param what string
function M.event(about, what)
  local run = about.run
  return ("- %s, run %s, %s: %s"):format(run.config.started_at:sub(1, 10),
    md.code(run.run_id:sub(1, 8)), md.code(emulator_of(run.config)), what)
end

---The one comment with a line added; a run has one line, the newest ones are kept.
---@param old string|nil the comment so far
---@param line string
---@param run lsqm.Run
---@return string
function M.comment(old, line, run)
  local lines = {}
  for one in (old or ""):gsub("\r", ""):gmatch("[^\n]+") do
    if one:sub(1, 2) == "- " and not one:find(run.run_id:sub(1, 8), 1, true) then
      lines[#lines + 1] = one
    end
  end
  lines[#lines + 1] = line
  while #lines > EVENTS do table.remove(lines, 1) end
  return table.concat({ marker.COMMENT, "What later runs saw (this comment is kept up to date):",
    "", table.concat(lines, "\n") }, "\n")
end

return M
