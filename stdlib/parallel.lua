-- SPDX-License-Identifier: Apache-2.0
-- Structured concurrency: every task belongs to the call that made it, and that call returns
-- only when all its tasks have ended and closed what they own (`<close>` variables run on return,
-- error, timeout and cancel).

local sched = require "lsqm.raw.sched"
local error_of = require "std.error"

local M = {}

---@class lsqm.Task
---@field join fun(self): boolean, any      waits; true, values… or false, error
---@field cancel fun(self)                  its present wait raises "cancelled"
---@field status fun(self): string          "new" | "running" | "done" | "failed"

--- Starts fn(...) as a task. Whoever spawns must join; prefer map, race and timeout.
---@return lsqm.Task
function M.spawn(fn, ...)
  return sched.spawn(fn, ...)
end

--- Waits without using the processor.
---@param seconds number
function M.sleep(seconds)
  sched.sleep(seconds)
end

--- An event: `wait()` returns once `set()` was called.
function M.event()
  return sched.event()
end

-- Cancels what still runs and waits until all are gone. Waits are shielded from a second cancel.
local function stop_all(tasks)
  for _, task in pairs(tasks) do task:cancel() end
  for _, task in pairs(tasks) do task:join() end
end

local function owner(tasks)
  return setmetatable({}, { __close = function() stop_all(tasks) end })
end

local function check_map(items, fn, options)
  if type(items) ~= "table" then error("parallel.map: items must be a table", 3) end
  if type(fn) ~= "function" then error("parallel.map: fn must be a function", 3) end
  local limit = options.limit or #items
  if math.type(limit) ~= "integer" or (limit < 1 and #items > 0) then
    error("parallel.map: limit must be a whole number above 0", 3)
  end
  return math.max(1, limit)
end

local function is_cancelled(err)
  return type(err) == "table" and err.code == "cancelled"
end

-- One of `limit` runners: takes the next item until none is left or someone failed.
local function runner(state)
  while state.next <= #state.items and not state.failed do
    local i = state.next
    state.next = i + 1
    if state.collect then
      local ok, value = xpcall(state.fn, sched.error_handler, state.items[i], i)
      if not ok and is_cancelled(value) then error(value, 0) end
      state.results[i] = ok and { ok = true, value = value } or { ok = false, err = value }
    else
      state.results[i] = state.fn(state.items[i], i)
    end
  end
end

local function supervise(state, task)
  local ok, err = task:join()
  if ok or state.failed then return end
  state.failed = err
  for _, other in ipairs(state.tasks) do other:cancel() end
end

--- Calls fn(item, index) for every item, at most `limit` at once; results in the items' order.
--- The first raise cancels the others and is raised again; with `collect` every result is
--- `{ok=true, value=}` or `{ok=false, err=}` and nothing is cancelled.
---@param options? {limit?: integer, collect?: boolean}
---@return any[]
function M.map(items, fn, options)
  options = options or {}
  local limit = check_map(items, fn, options)
  local state = { items = items, fn = fn, next = 1, results = {}, tasks = {},
    collect = options.collect, failed = nil }
  local owned <close> = owner(state.tasks) -- luacheck: ignore owned
  for i = 1, math.min(limit, #items) do state.tasks[i] = sched.spawn(runner, state) end
  local watchers = {}
  local watched <close> = owner(watchers) -- luacheck: ignore watched
  for i, task in ipairs(state.tasks) do watchers[i] = sched.spawn(supervise, state, task) end
  for _, watcher in ipairs(watchers) do watcher:join() end
  if state.failed then error(state.failed, 0) end
  return state.results
end

--- Runs all functions at once; the first that ends (value or raise) decides, the others are
--- cancelled. Returns its index and its values.
function M.race(fns)
  local tasks, finished, winner = {}, sched.event(), nil
  local owned <close> = owner(tasks) -- luacheck: ignore owned
  for i, fn in ipairs(fns) do
    tasks[i] = sched.spawn(function()
      local result = table.pack(xpcall(fn, sched.error_handler))
      if not winner then winner = { index = i, result = result } end
      finished:set()
    end)
  end
  finished:wait()
  if not winner.result[1] then error(winner.result[2], 0) end
  return winner.index, table.unpack(winner.result, 2, winner.result.n)
end

--- Gives fn so many seconds. Returns its values, or nil and an error with code "timeout"; its
--- raise is raised here.
---@param seconds number
function M.timeout(seconds, fn)
  local marker = {}
  local result = table.pack(M.race {
    fn,
    function()
      sched.sleep(seconds)
      return marker
    end,
  })
  if result[1] == 2 and result[2] == marker then
    return nil, error_of.new { code = "timeout", op = "timeout",
      message = ("not finished after %g s"):format(seconds) }
  end
  return table.unpack(result, 2, result.n)
end

--- At most n holders at once: `local permit <close> = semaphore:acquire()`.
function M.semaphore(n)
  local free, queue = n, {}
  local function release()
    local waiting = table.remove(queue, 1)
    if waiting then waiting:set() else free = free + 1 end
  end
  return {
    acquire = function()
      if free > 0 then
        free = free - 1
      else
        local turn = sched.event()
        queue[#queue + 1] = turn
        local ok, err = pcall(turn.wait, turn)
        if not ok then
          if turn:is_set() then release() end
          for i, other in ipairs(queue) do
            if other == turn then table.remove(queue, i) break end
          end
          error(err, 0)
        end
      end
      local held = true
      return setmetatable({}, { __close = function()
        if held then held = false release() end
      end })
    end,
  }
end

--- Calls `module`'s function `fn` for every item on worker threads, each with a Lua state of its
--- own; items and results are copied (nil, booleans, numbers, strings, tables). Order is kept.
--- A raise becomes an error here, naming the item's index.
---@param options? {fn?: string, workers?: integer, collect?: boolean}
function M.cpu_map(module, items, options)
  options = options or {}
  local results, err = require("lsqm.raw.workers").map(module, options.fn or "run", items,
    options.workers or 0)
  if not results then error(err, 0) end
  for i, result in ipairs(results) do
    if not result.ok and not options.collect then
      result.err.index = i
      error(error_of.new(result.err), 0)
    end
    if not options.collect then results[i] = result.value end
  end
  return results
end

return M
