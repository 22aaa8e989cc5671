-- SPDX-License-Identifier: Apache-2.0
-- generate: a test app for every architecture that has none (FR-016 to FR-022): by rules, or by
-- Claude where a key is set. What does not compile is not stored.

local error_of = require "std.error"
local generate = require "std.generate"
local python_of = require "std.python"
local stage = require "std.stage"
local time = require "std.time"
local program = require "lsqm.program"

-- Whether an app of Claude's was written with other prompts than those of today. By itself that
-- makes no app worse: it counts where --stale asks for it.
local function is_stale(app, version)
  return version ~= nil and app.prompt_version ~= nil and app.prompt_version ~= version
end

local function select_work(ctx, args)
  local version = args.stale and require("std.generate.claude").version(ctx) or nil
  local list = {}
  for _, meta in ipairs(ctx.store:architectures()) do
    local open = not meta.skipped and not meta.superseded_by and not meta.source_error
    local app = open and ctx.store:app(meta.hash)
    if open and (args.force or not app or is_stale(app, version)) then list[#list + 1] = meta end
  end
  return list
end

local function uses_claude(config)
  if config.generator == "rules" then return false end
  if config.anthropic_api_key then return true end
  if config.generator == "claude" then
    return nil, error_of.new { op = "generate", code = "unavailable",
      message = "generator is 'claude' and ANTHROPIC_API_KEY is not set" }
  end
  return false
end

local function by_rules(ctx, meta)
  local files, err = generate.read_dir(ctx.store:arch_dir(meta.hash))
  if not files then return nil, err end
  local app, info = generate.generate { files = files, rules = ctx.rules "tests" }
  if not app then
    local reason = info.message or "no rule covers " .. table.concat(info.uncovered, ", ")
    return nil, error_of.new { op = "generate", code = "unsupported", message = reason }
  end
  return app, { model_used = "rules", input_tokens = 0, output_tokens = 0,
    tests = info.tests, uncovered = info.uncovered }
end

-- Answers files and facts, or nil and an error; code "limit": the budget is spent.
local function maker(ctx, list)
  local claude, err = uses_claude(ctx.config)
  if claude == nil then return nil, err end
  if not claude then return by_rules end
  local writer
  writer, err = require("std.generate.claude").new(ctx, list)
  if not writer then return nil, err end
  return function(_, meta) return writer:make(meta) end
end

local function keep(ctx, meta, app, facts)
  local ok, err = python_of.check_syntax(ctx.config.python, app)
  if not ok then return nil, err end
  facts.arch_hash = meta.hash
  facts.generated_at = time.iso()
  facts.generator_version = program.version
  return ctx.store:put_app(facts, app)
end

-- limit: the token budget is spent (FR-022); denied: the key is not accepted. Going on is useless.
local STOPS = { limit = true, denied = true }

local function make_all(ctx, list, make)
  local counts = { made = 0, failed = 0 }
  local progress = ctx.progress:task("generate", #list)
  for _, meta in ipairs(list) do
    local app, facts = make(ctx, meta)
    local ok, err = nil, facts
    if app then ok, err = keep(ctx, meta, app, facts) end
    if ok then
      counts.made = counts.made + 1
      progress:step(("%s (%d tests)"):format(meta.name, facts.tests or 0))
    else
      counts.failed = counts.failed + 1
      progress:step(("%s: %s"):format(meta.name, tostring(err)))
      ctx.log:info("no app", { arch = meta.hash, error = err })
      if STOPS[err.code] then
        counts.stop = err
        break
      end
    end
  end
  progress:done()
  return counts
end

return stage {
  api = 1, name = "generate", help = "Generate test apps for architectures that have none",
  args = {
    { name = "--force", kind = "flag", help = "Replace the apps that are there" },
    { name = "--stale", kind = "flag",
      help = "Replace Claude's apps that were written with other prompts than today's" },
  },
  run = function(ctx, args)
    local list = select_work(ctx, args)
    if ctx.dry_run then
      ctx.out(("generate: would make %d apps"):format(#list))
      return 0
    end
    local make, err = maker(ctx, list)
    if not make then return nil, err end
    local timing = ctx.log:stage("generate")
    local counts = make_all(ctx, list, make)
    timing:done { made = counts.made, failed = counts.failed }
    -- the index on disk says which architectures have an app
    local saved, why = ctx.store:save_index()
    if not saved then return nil, why end
    ctx.out(("generate: %d made, %d without an app%s"):format(counts.made, counts.failed,
      counts.stop and "; stopped: " .. tostring(counts.stop) or ""))
    if counts.stop and counts.stop.code == "denied" then return nil, counts.stop end
    return 0
  end,
}
