-- SPDX-License-Identifier: Apache-2.0
-- Warm providers: a pool of provider processes that are started once and lent to one terraform
-- after the other.
--
--   local pool <close> = assert(warm.pool { tool = tool, workdir = dir, size = "auto" })
--   pool:lease(function(lease)
--     -- lease.dir: the root's place (the provider looks up relative paths there)
--     tool:deploy { dir = lease.dir, endpoint = emulator.endpoint, lease = lease }
--   end)
--
-- A process that died, was left in mid-call, or grew too large is replaced before the next lease.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local leftovers = require "std.leftovers"
local parallel = require "std.parallel"
local process = require "std.process"
local raw = require "lsqm.raw.tfplugin"
local relays = require "std.relay"
local requirements = require "std.terraform.requirements"

local M = {}

local GIGABYTE <const> = 1024 * 1024 -- in the kilobytes of /proc
-- A provider (0.5 to 0.7) and the terraform that talks to it (0.65, which does not collect).
local LEASE_MEMORY = 1.5 * GIGABYTE
-- Of what is free now; emulators and tests want the rest.
local SHARE = 0.7
-- The aws provider stays at 0.5 to 0.7.
local MAX_MEMORY = 1.2 * GIGABYTE
local PROVIDER = "terraform-provider-aws"

-- Where a provider finds its emulator, whichever it is: in its network nobody else listens.
local PORT <const> = 4566

local function unavailable(message)
  return error_of.new { op = "warm provider", code = "unavailable", message = message }
end

-- --- what there is ----------------------------------------------------------------------------

local function newest(dir)
  local best
  for _, entry in ipairs(fs.list(dir) or {}) do
    if entry.name:find("^%d+[%d.]*$") and (not best
      or requirements.compare(entry.name, best) > 0) then best = entry.name end
  end
  return best
end

--- The provider that plain terraform would take from the mirror when nothing limits the version.
---@param tool table from std.terraform
---@return {path: string, version: string, address: string}? provider
---@return table? err code "unavailable"
function M.find(tool)
  if not tool.served then return nil, unavailable("there is no provider mirror") end
  local dir = fs.join(tool.served, tool.address)
  local version = newest(dir)
  for _, platform in ipairs(version and fs.list(fs.join(dir, version)) or {}) do
    local folder = fs.join(dir, version, platform.name)
    for _, entry in ipairs(fs.list(folder) or {}) do
      if entry.name:sub(1, #PROVIDER) == PROVIDER and platform.name:find("^linux_") then
        return { path = fs.realpath(fs.join(folder, entry.name)), version = version,
          address = tool.address }
      end
    end
  end
  return nil, unavailable("no unpacked provider in " .. dir)
end

-- Another file is another program; reading all of its 700 MB to know would take a second.
local function identity(path)
  local stat, err = require("luv").fs_stat(path)
  if not stat then return nil, unavailable(tostring(err)) end
  return ("%s:%d:%d:%d:%d.%d"):format(path, stat.dev, stat.ino, stat.size, stat.mtime.sec,
    stat.mtime.nsec)
end

local function kilobytes(path, field)
  local text = fs.read(path)
  return text and math.tointeger(tonumber(text:match(field .. ":%s*(%d+) kB")))
end

--- How many leases fit into the memory that is free now; at most `limit`.
---@param limit integer
---@return integer
function M.size_for(limit)
  local free = kilobytes("/proc/meminfo", "MemAvailable") or 0
  return math.min(limit, math.floor(free * SHARE / LEASE_MEMORY))
end

-- --- one process ------------------------------------------------------------------------------

-- A reader of files that templates name: it sees the root, itself, and the lease's emulator.
-- Ends with us.
local function command(pool, slot)
  local argv, plain = process.sandbox { argv = { pool.provider.path }, accounts = false,
    network = { socket = slot.sockets.path .. "/aws.sock", port = PORT, later = true },
    rw = { slot.dir, slot.sockets.path }, ro = { fs.dirname(pool.provider.path) },
    cwd = slot.dir }
  slot.apart = not plain
  if not plain then return argv end
  return { "setpriv", "--pdeathsig", "KILL", "--", pool.provider.path }
end

local function environment(pool, slot)
  local env, list = pool.tool:environment(slot.dir), {}
  env.TMPDIR, env.PLUGIN_UNIX_SOCKET_DIR = slot.sockets.path, slot.sockets.path
  for name, value in pairs(process.environment(env)) do list[#list + 1] = name .. "=" .. value end
  table.sort(list)
  return list
end

-- terraform gives up when the process with this number is gone, as far as it can see: in a sandbox
-- it sees its own first process and not us.
local function visible_pid()
  local _, plain = process.sandbox { argv = { "true" } }
  return plain and require("luv").os_getpid() or 1
end

local function start(pool, slot)
  local name, err = identity(pool.provider.path)
  if not name then return nil, err end
  local handle
  handle, err = raw.start { argv = command(pool, slot), env = environment(pool, slot),
    cwd = slot.dir, socket = slot.sockets.path .. "/terraform", identity = name,
    answers = pool.answers }
  if not handle then return nil, err end
  local ok
  ok, err = handle:ready()
  if not ok then return nil, err end
  slot.handle = handle
  return true
end

local function stop(slot)
  local handle = slot.handle
  slot.handle = nil
  if handle then handle:close() end
end

-- A folder for both sockets. A unix address has room for 107 bytes; go-plugin's names take some 20.
local function socket_folder(pool)
  local path = fs.join(pool.dir.path, ("s%d"):format(pool.made))
  if #path > 80 then return fs.tempdir(leftovers.prefix "tf") end
  local ok, err = fs.mkdir(path)
  if not ok then return nil, err end
  return { path = path, close = function() fs.remove(path) end }
end

local function new_slot(pool)
  pool.made = pool.made + 1
  local dir = fs.join(pool.dir.path, ("provider-%d"):format(pool.made))
  local ok, err = fs.mkdir(dir)
  if not ok then return nil, err end
  local sockets
  sockets, err = socket_folder(pool)
  if not sockets then return nil, err end
  local slot = { dir = dir, sockets = sockets }
  pool.slots[#pool.slots + 1] = slot
  return slot
end

-- The folder itself must stay: it is the process's current directory.
local function empty(dir)
  for _, entry in ipairs(fs.list(dir) or {}) do
    local ok, err = fs.remove(fs.join(dir, entry.name))
    if not ok then return nil, err end
  end
  return true
end

-- nil: fit for the next lease; else why not.
local function worn(handle)
  local state, err = handle:state()
  if not state then return tostring(err) end
  if state.interrupted then return "left in the middle of a call" end
  local memory = state.pid > 0 and kilobytes(("/proc/%d/status"):format(state.pid), "VmRSS")
  if memory and memory > MAX_MEMORY then return ("grown to %d MB"):format(memory // 1024) end
  return nil
end

-- --- leases -----------------------------------------------------------------------------------

---@class lsqm.Lease
---@field dir string       empty at the beginning: the root belongs here
---@field env table        variables that make terraform use the provider
---@field folder string    what a sandboxed terraform has to reach
---@field version string   of the provider
---@field endpoint string?  of the emulator, as the provider reaches it; after use()
---@field relay table?      on the way there (std.relay); after use()
local Lease = {}
Lease.__index = Lease

--- The address of the emulator from here on; "127.0.0.1:41233" or a URL. Call it before terraform.
---@return boolean? ok
---@return table? err
function Lease:use(endpoint)
  self.handle:release()
  self:hang_up()
  local host, port = (endpoint:match("^%a+://([^/]+)") or endpoint):match("^([%d.]+):(%d+)$")
  if not host then return nil, unavailable("no address of an emulator: " .. endpoint) end
  local relay, err = relays.open { to = { host = host, port = math.tointeger(tonumber(port)) },
    from = self.apart and { path = self.folder .. "/aws.sock" }
      or { host = "127.0.0.1", port = 0 } }
  if not relay then return nil, err end
  self.relay = relay
  local inner = ("127.0.0.1:%d"):format(self.apart and PORT or relay:port())
  self.endpoint = "http://" .. inner
  return self.handle:lease { endpoint = inner, types = requirements.types(self.dir) }
end

--- Nothing leads to the emulator any more.
function Lease:hang_up()
  if self.relay then self.relay:close() end
  self.relay, self.endpoint = nil, nil
end

--- Is a failure of this lease's terraform ours? The provider died, or refused what plain terraform
--- would do with several providers.
---@return string? reason
function Lease:failure()
  local state, err = self.handle:state()
  if not state then return "the warm provider " .. err.message end
  return state.conflict and "the root configures the warm provider twice" or nil
end

--- Plain terraform serves this root; says why in the log.
---@param why any
function Lease:decline(why)
  self.declined = true
  if self.log then self.log:info("plain terraform is used", { reason = tostring(why) }) end
end

--- {passed=, answered=}: requests that the provider saw, and that memory answered.
function Lease:counts()
  return self.handle:state() or { passed = 0, answered = 0 }
end

--- The value of TF_REATTACH_PROVIDERS. "Test" tells terraform to leave the process alone.
---@param address string of the provider
---@param protocol integer
---@param socket string
---@return string
function M.reattach(address, protocol, socket)
  return json.encode { [address] = { Protocol = "grpc", ProtocolVersion = protocol,
    Pid = visible_pid(), Test = true, Addr = { Network = "unix", String = socket } } }
end

local function open_lease(pool, slot)
  local reattach = M.reattach(pool.provider.address, slot.handle:state().protocol,
    slot.sockets.path .. "/terraform")
  return setmetatable({ handle = slot.handle, dir = slot.dir, apart = slot.apart,
    folder = slot.sockets.path,
    version = pool.provider.version, provider = pool.provider, log = pool.log,
    -- Without a provider of its own terraform is short-lived and small enough not to collect.
    env = { TF_REATTACH_PROVIDERS = reattach, GOGC = "off", GOMEMLIMIT = "1GiB" },
  }, Lease)
end

local Pool = {}
Pool.__index = Pool

-- A slot whose process runs; nil, err when none can be started.
local function take(pool)
  local slot, err = table.remove(pool.idle), nil
  if not slot then slot, err = new_slot(pool) end
  if slot and slot.handle and not slot.handle:state() then slot.handle = nil end -- died meanwhile
  if not slot then return nil, err end
  local ok = slot.handle ~= nil
  if not ok then ok, err = start(pool, slot) end
  if ok then ok, err = empty(slot.dir) end
  if ok then return slot end
  pool.idle[#pool.idle + 1] = slot
  return nil, err
end

local function give_back(pool, slot, lease)
  lease:hang_up()
  slot.handle:release()
  local why = worn(slot.handle)
  if why then
    pool.replaced = pool.replaced + 1
    if pool.log then pool.log:info("warm provider replaced", { reason = why }) end
    stop(slot)
  end
  empty(slot.dir)
  pool.idle[#pool.idle + 1] = slot
end

--- Lends a provider to fn(lease) and takes it back however fn ends. Leases beyond the pool's size
--- wait in their order. Returns fn's values; nil, err when no provider can be started.
---@param fn fun(lease: lsqm.Lease): ...
function Pool:lease(fn)
  local permit <close> = self.permits.acquire() -- luacheck: ignore permit
  local slot, err = take(self)
  if not slot then return nil, err end
  local lease = open_lease(self, slot)
  local owned <close> = setmetatable({}, { __close = function() -- luacheck: ignore owned
    give_back(self, slot, lease)
  end })
  return fn(lease)
end

--- Ends all processes.
function Pool:close()
  for _, slot in ipairs(self.slots) do
    stop(slot)
    slot.sockets:close()
  end
  self.slots, self.idle = {}, {}
  self.dir:close()
end

Pool.__close = Pool.close

--- A pool for one tool. Processes start at the first lease that needs them.
---@param options {tool: table, workdir: string, size?: integer|"auto", limit?: integer,
---  provider?: table, log?: table}
---@return table? pool close it
---@return table? err code "unavailable": use plain terraform
function M.pool(options)
  local size = options.size or "auto"
  if size ~= "auto" and (math.type(size) ~= "integer" or size < 1) then
    error("warm.pool: size must be \"auto\" or a whole number above 0", 2)
  end
  local found, err = options.provider, nil
  if not found then found, err = M.find(options.tool) end
  if not found then return nil, err end
  if size == "auto" then size = M.size_for(options.limit or 4) end
  if size < 1 then return nil, unavailable("too little memory is free for one") end
  local dir
  dir, err = fs.tempdir(fs.join(fs.absolute(options.workdir), "warm-"))
  if not dir then return nil, err end
  return setmetatable({ tool = options.tool, provider = found, size = size, dir = dir,
    log = options.log, answers = raw.answers(), permits = parallel.semaphore(size), made = 0,
    slots = {}, idle = {}, replaced = 0 }, Pool)
end

return M
