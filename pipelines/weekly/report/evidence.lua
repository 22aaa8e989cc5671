-- SPDX-License-Identifier: Apache-2.0
-- Logs and Terraform of the page. All of it lies in the HTML itself, in closed parts, which costs
-- no layout until they are opened and needs no script. So the page has a budget: what is left over
-- by the small goes to the large, failures come first, and what is cut says where the rest is.

local ansi = require "pipelines.weekly.report.ansi"
local fs = require "std.fs"
local sha256 = require "std.sha256"

local M = {}

-- Bytes of the page, markup included.
local LOGS, LOG_MAX, LOG_MIN = 1800000, 96000, 600
local TEMPLATES, TEMPLATE_MAX, TEMPLATE_MIN = 1400000, 24000, 600
-- Lines of a log that are seen at once; the earlier ones are folded.
local SHOWN = 18

-- The log of the step that failed comes first and gets what it needs.
local KINDS = {
  { "Terraform", function(r) return r.terraform_apply and r.terraform_apply.logs end },
  { "Tests", function(r) return r.pytest_results and r.pytest_results.output end },
  { "Emulator", function(r) return r.container_logs end },
}

-- What a text weighs once it is escaped and its colours are elements.
local function weight(s)
  local _, special = s:gsub("[&<>\"']", "")
  local _, codes = s:gsub("\27%[", "")
  return #s + 5 * special + 16 * codes
end

-- The end of a text, from the beginning of a line, within `limit` bytes.
local function tail(s, limit)
  local room = math.min(#s, limit)
  local text = #s > room and s:sub(-room) or s
  while room > 64 and weight(text) > limit do
    room = room * 3 // 4
    text = s:sub(-room)
  end
  if #text < #s then text = text:match("^[^\n]*\n(.+)$") or text:gsub("^[\x80-\xBF]+", "") end
  return text, #s - #text
end

-- All but the last lines.
local function fold(text)
  local backwards, from_end = text:reverse(), 0
  for _ = 1, SHOWN do
    from_end = backwards:find("\n", from_end + 1, true)
    if not from_end then return nil, text, 0 end
  end
  local at = #text - from_end + 1
  local earlier = text:sub(1, at - 1)
  local _, lines = earlier:gsub("\n", "")
  return earlier, text:sub(at + 1), lines + 1
end

local function log_of(name, text, limit)
  local kept, cut = tail(text, limit)
  local earlier, last, lines = fold(kept)
  return { name = name, bytes = #text, cut = cut, lines = lines, weight = weight(kept),
    earlier = earlier and ansi.render(earlier), last = ansi.render(last) }
end

local function logs_of(result)
  local list = {}
  for _, kind in ipairs(KINDS) do
    local text = kind[2](result)
    if type(text) == "string" and text:find("%S") then
      list[#list + 1] = { name = kind[1], text = text }
    end
  end
  local apply = result.terraform_apply
  if list[1] and list[2] and apply and apply.success then -- the tests failed, not the deployment
    list[1], list[2] = list[2], list[1]
  end
  return list
end

---A fair share of the page for each of `count` items: call it with what each one wants.
---@param total integer
---@param count integer
---@param least integer
---@param most integer
---@return fun(use: fun(share: integer): integer)
local function budget(total, count, least, most)
  return function(use)
    local share = total // math.max(count, 1)
    total = total - use(math.max(least, math.min(most, share)))
    count = count - 1
  end
end

---@param failures integer how many results will have their logs shown
---@return fun(hash: string, result: table): table[] logs {name=, bytes=, cut=, earlier=, last=,
---  lines=}, or {name=, same_as=hash} for a log that another one has already
function M.logs(failures)
  local share, seen = budget(LOGS, failures, LOG_MIN, LOG_MAX), {}
  return function(hash, result)
    local logs = {}
    share(function(room)
      local used = 0
      for _, log in ipairs(logs_of(result)) do
        local known = sha256.string(log.text)
        if seen[known] and seen[known] ~= hash then
          logs[#logs + 1] = { name = log.name, same_as = seen[known] }
        else
          local one = log_of(log.name, log.text, math.max((room - used) * 3 // 5, LOG_MIN // 3))
          seen[known] = hash
          used = used + one.weight
          logs[#logs + 1] = one
        end
      end
      return used
    end)
    return logs
  end
end

local function read_template(store, hash, limit)
  local dir, list, used, cut = store:arch_dir(hash), {}, 0, 0
  for _, name in ipairs(fs.walk(dir, { include = { "**/*.tf", "*.tf", "**/*.tf.json" },
    max_files = 200 }) or {}) do
    local path = fs.join(dir, name)
    local info = fs.stat(path)
    local text = used < limit and info and info.size <= 4 * limit and fs.read(path)
    if text and used + weight(text) <= limit then
      used = used + weight(text)
      list[#list + 1] = text:find("%S") and { name = name, text = text } or nil
    else
      cut = cut + 1
    end
  end
  return { files = list, cut = cut, folder = "architectures/" .. hash }, used
end

---@param store lsqm.Store
---@param count integer
---@return fun(hash: string): table|nil template {files = {name=, text=}, cut = files left out,
---  folder=}; nil once the page is full
function M.templates(store, count)
  -- The rows come worst first: three times a fair share for them, and what remains for the rest.
  local share = budget(TEMPLATES, (count + 2) // 3, 0, TEMPLATE_MAX)
  return function(hash)
    local template
    share(function(room)
      if room < TEMPLATE_MIN then return 0 end
      local used
      template, used = read_template(store, hash, room)
      return used
    end)
    return template
  end
end

return M
