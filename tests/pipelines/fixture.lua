-- SPDX-License-Identifier: Apache-2.0
-- A store with runs of chosen statuses, and a stage context whose output is a list of lines.

local fs = require "std.fs"
local resolve = require "std.resolve"
local store_of = require "std.store"
local time = require "std.time"

local M = {}

---"a" → "aaaaaaaaaaaaaaaa"
function M.hash(letter) return letter:rep(16) end

function M.arch(letter, extra)
  local meta = {
    hash = M.hash(letter), source_url = "https://example.org/" .. letter,
    source_type = "github", discovered_at = "2026-01-01T00:00:00Z",
    services = { "s3", "sqs" }, resource_count = 2, name = "arch-" .. letter,
  }
  for key, value in pairs(extra or {}) do meta[key] = value end
  return meta
end

local LOGS = {
  FAILED = "Error: creating SQS Queue: operation error SQS: CreateQueue, https response error "
    .. "StatusCode: 501, RequestID: 0, api error NotImplemented: no",
}

function M.result(letter, status, extra)
  local deployed = status ~= "FAILED"
  local out = {
    arch_hash = M.hash(letter), status = status, duration_seconds = 2.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
    terraform_apply = { success = deployed, resources_created = deployed and 2 or 0,
      logs = LOGS[status] or "Apply complete!" },
    pytest_results = { total = deployed and 2 or 0, passed = status == "PASSED" and 2 or
      status == "PARTIAL" and 1 or 0, failed = status == "PARTIAL" and 1 or 0, skipped = 0 },
    container_logs = "ready",
    error_message = status == "ERROR" and "container exited with code 137" or nil,
    reason = status ~= "PASSED" and status:lower() .. " for a reason" or nil,
  }
  for key, value in pairs(extra or {}) do out[key] = value end
  return out
end

---A finished run; statuses by letter, or by letter a table for M.result's extra fields.
function M.run(store, statuses, options)
  options = options or {}
  local real = time.now
  time.now = function() return options.at or time.parse("2026-01-10T00:00:00Z") end
  local emulator = { name = options.emulator or "ministack", version = options.version or "1.5.33" }
  local run = assert(store:new_run({ parallel = 2, lsqm_version = "0.1.0" }, emulator))
  if options.note then assert(run:note(options.note)) end
  for letter, status in pairs(statuses) do
    local extra = type(status) == "table" and status or nil
    assert(run:put_result(M.result(letter, extra and extra.status or status, extra)))
  end
  assert(run:finish { duration_seconds = 61, new_architectures = 1 })
  time.now = real
  return run
end

---@param letters string one architecture for each
function M.store(letters, extra)
  local dir = fs.tempdir("lsqm")
  local store = assert(store_of.open(dir.path))
  for letter in letters:gmatch(".") do
    assert(store:put_architecture(M.arch(letter, extra and extra[letter]), { ["main.tf"] = "" }))
  end
  assert(store:save_index())
  return store, dir
end

function M.context(store, config)
  local lines, logged = {}, {}
  local function note(level)
    return function(_, text, fields)
      logged[#logged + 1] = { level = level, text = text, fields = fields }
    end
  end
  local function load(name)
    local value, why = resolve.load("weekly", name)
    return value or error(why, 2)
  end
  return {
    config = setmetatable(config or {}, { __index = { retention = 52, issue_limit = 10,
      issue_repo = "me/issues" } }),
    store = store, lines = lines, logged = logged, dry_run = false,
    out = function(text) lines[#lines + 1] = text end,
    text = function() return table.concat(lines, "\n") end,
    log = { info = note "info", warn = note "warn", error = note "error",
      stage = function() return setmetatable({}, { __close = function() end }) end },
    load = load, rules = function(name) return load("rules." .. name) end,
    find = function(name) return resolve.find("weekly", name) end,
  }
end

return M
