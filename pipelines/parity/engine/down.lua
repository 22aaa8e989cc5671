-- SPDX-License-Identifier: Apache-2.0
-- Stops, pauses and removes a project: containers in the order that their labels tell, then
-- networks, then volumes where asked. Only what carries the project's label.

local carry = require "pipelines.parity.engine.carry"
local graph = require "pipelines.parity.model.graph"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local parallel = require "std.parallel"
local raise = require "pipelines.parity.engine.raise"
local table_of = require "std.table"
local watch_of = require "pipelines.parity.engine.watch"

local M = {}

local must = raise.must

-- Gone already is as good as removed.
local function gone(ok, err)
  if not ok and err.code ~= "not_found" then error(err, 0) end
  return ok
end

-- name → {names it depends on}, as far as both have containers.
local function edges_of(services)
  local edges = {}
  for name, rows in pairs(services) do
    edges[name] = {}
    for _, other in ipairs(json.decode(rows[1].Labels[labels_of.DEPENDS] or "[]") or {}) do
      if services[other.name] then table.insert(edges[name], other.name) end
    end
  end
  return edges
end

-- Calls fn(rows, release) for all services, those that depend on others first, as many at once as
-- may be: what a service depends on is next as soon as it calls release.
local function in_order(services, fn)
  local done, dependents = {}, graph.reversed(edges_of(services))
  for name in pairs(services) do done[name] = parallel.event() end
  parallel.map(table_of.sorted_keys(services), function(name)
    for _, other in ipairs(dependents[name] or {}) do done[other]:wait() end
    fn(services[name], function() done[name]:set() end)
  end)
end

-- A container's own time to end is on its label: the engine's default would be told otherwise.
local function grace_of(row, given)
  return given or math.ceil(tonumber(row.Labels[labels_of.GRACE]) or 10)
end

local function stop(engine, row, grace)
  if row.State == "paused" then must(engine:unpause(row.Id)) end
  if row.State == "running" or row.State == "paused" or row.State == "restarting" then
    gone(engine:stop(row.Id, { grace = grace_of(row, grace) }))
  end
end

-- With the volumes that have no name: nobody could mount them again. One that another container
-- uses stays.
local function remove_whole(engine, row)
  gone(engine:remove(row.Id, { force = true, volumes = true }))
  for _, one in ipairs(carry.listed(row.Labels)) do
    local ok, err = engine:volume_remove(one.name)
    if not ok and err.code ~= "conflict" then gone(ok, err) end
  end
end

--- Stops and removes some containers.
---@param rows table[]
---@param keep_volumes boolean? those without a name stay
function M.remove(engine, rows, keep_volumes)
  parallel.map(rows, function(row)
    stop(engine, row)
    if keep_volumes then
      gone(engine:remove(row.Id, { force = true }))
    else
      remove_whole(engine, row)
    end
  end)
end

local function remove_labelled(list, remove, name_of)
  parallel.map(list, function(row) gone(remove(name_of(row))) end)
  return #list
end

-- Networks and volumes have nothing to do with each other: both at once.
local function remove_resources(engine, labels, counts, with_volumes)
  local function networks()
    counts.networks = remove_labelled(must(engine:networks(labels)),
      function(id) return engine:network_remove(id) end, function(row) return row.Id end)
  end
  local function volumes()
    counts.volumes = remove_labelled(must(engine:volumes(labels)),
      function(name) return engine:volume_remove(name) end, function(row) return row.Name end)
  end
  parallel.map(with_volumes and { networks, volumes } or { networks }, function(fn) fn() end)
end

local function count(services)
  local n = 0
  for _, rows in pairs(services) do n = n + #rows end
  return n
end

--- Stops the containers and, unless options.keep, removes them and the networks.
---@param options table {keep = boolean, volumes = boolean, grace = seconds}
---@return {containers: integer, networks: integer, volumes: integer}?
---@return lsqm.Error?
function M.run(engine, project, options)
  return raise.guarded(function()
    local services = must(watch_of.containers(engine, project))
    in_order(services, function(rows, release)
      parallel.map(rows, function(row) stop(engine, row, options.grace) end)
      release()
      if options.keep then return end
      parallel.map(rows, function(row) remove_whole(engine, row) end)
    end)
    local counts = { containers = count(services), networks = 0, volumes = 0 }
    if options.keep then return counts end
    remove_resources(engine, { labels = { [labels_of.PROJECT] = project } }, counts,
      options.volumes)
    return counts
  end)
end

--- Freezes the running containers, or thaws the frozen ones. The number of containers.
---@return integer?
---@return lsqm.Error?
function M.pause(engine, project, resume)
  return raise.guarded(function()
    local wanted = {}
    for _, rows in pairs(must(watch_of.containers(engine, project))) do
      table_of.append(wanted, table_of.filter(rows, function(row)
        return row.State == (resume and "paused" or "running")
      end))
    end
    parallel.map(wanted, function(row)
      must((resume and engine.unpause or engine.pause)(engine, row.Id))
    end)
    return #wanted
  end)
end

return M
