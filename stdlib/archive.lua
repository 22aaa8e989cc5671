-- SPDX-License-Identifier: Apache-2.0
-- zip and tar: the same bytes for the same content, and unpacking that stays inside its target.

local error_of = require "std.error"
local parallel = require "std.parallel"
local raw = require "lsqm.raw.archive"
local uv = require "luv"

local M = {}

local function create(format, path, source, what)
  if path ~= nil and type(path) ~= "string" then
    error(("archive.%s: path must be a string or nil"):format(what), 3)
  end
  local options = { format = format, path = path }
  if type(source) == "string" then
    options.dir = source
  elseif type(source) == "table" then
    options.entries = source
  else
    error(("archive.%s: entries must be a folder's path or a list"):format(what), 3)
  end
  return raw.create(options)
end

--- Writes a zip of a folder or of entries {path=, data=|file=, mode=}. path nil: the archive
--- itself is returned as a string.
---@return boolean|string|nil
---@return lsqm.Error|nil
function M.zip(path, source) return create("zip", path, source, "zip") end

--- The same as tar; options.gzip packs it.
function M.tar(path, source, options)
  return create(options and options.gzip and "tar.gz" or "tar", path, source, "tar")
end

--- Unpacks a zip, tar or tar.gz into dir. Refuses (code "unsafe") names and links that lead out
--- and devices; stops (code "limit") at max_bytes, max_files, max_ratio.
---@return table|nil totals {files, bytes}
---@return lsqm.Error|nil
function M.extract(path, dir, limits)
  limits = limits or {}
  return raw.extract { path = path, dir = dir, max_bytes = limits.max_bytes,
    max_files = limits.max_files, max_ratio = limits.max_ratio }
end

-- --- from a stream -----------------------------------------------------------------------------

-- One side of a pipe is the extraction's, on a worker thread; the other is ours.
local Receiver = {}
Receiver.__index = Receiver

local function new_receiver(dir, limits)
  local ends, why = uv.pipe({ nonblock = false }, { nonblock = true })
  if not ends then
    return nil, error_of.new { op = "archive receive", code = "io", message = tostring(why) }
  end
  local pipe = uv.new_pipe(false)
  pipe:open(ends.write)
  local self = setmetatable({ pipe = pipe }, Receiver)
  self.task = parallel.spawn(raw.extract, { fd = ends.read, dir = dir,
    max_bytes = limits.max_bytes, max_files = limits.max_files, max_ratio = limits.max_ratio })
  return self
end

-- Waits until the extraction took the piece; false: it has ended, and takes no more.
function Receiver:write(data)
  if self.ended then return false end
  local done, failed = parallel.event(), nil
  self.pipe:write(data, function(err)
    failed = err
    done:set()
  end)
  done:wait()
  self.ended = failed ~= nil
  return not self.ended
end

-- No more pieces: what became of it.
function Receiver:finish()
  if not self.pipe:is_closing() then self.pipe:close() end
  local ok, totals, err = self.task:join()
  if not ok then error(totals, 0) end
  return totals, err
end

function Receiver:__close()
  if not self.pipe:is_closing() then self.pipe:close() end
  self.task:join()
end

--- Unpacks a tar or tar.gz while it comes: `send` hands every piece to the function it gets, as
--- http.request does with on_data, and returns an answer or nil, err, which is also what this
--- returns. A refused archive ends the transfer. Otherwise as extract.
---@param dir string
---@param limits table|nil see extract, and max_packed = bytes of the archive itself
---@param send fun(on_data: fun(data: string)): any, any
---@return any answer of send
---@return table|lsqm.Error|nil totals {files, bytes}, nil when no piece came
function M.receive(dir, limits, send)
  limits = limits or {}
  local receiver <close>, err = new_receiver(dir, limits)
  if not receiver then return nil, err end
  local stop, received, failure = {}, 0, nil
  local ok, answer, why = pcall(send, function(data)
    received = received + #data
    if received > (limits.max_packed or math.huge) then
      failure = error_of.new { op = "archive receive", code = "limit",
        message = ("the archive has more than %d bytes"):format(limits.max_packed) }
      error(stop, 0)
    end
    if receiver:write(data) then return end
    -- The padding after an archive's end is nobody's; a refusal is.
    local _, refusal = receiver:finish()
    failure = refusal
    if refusal then error(stop, 0) end
  end)
  if not ok and answer ~= stop then error(answer, 0) end
  if ok and not answer then return nil, why end
  local totals, refusal = receiver:finish()
  if failure or received > 0 and not totals then return nil, failure or refusal end
  return answer, received > 0 and totals or nil
end

--- The entries: {path, type = "file|dir|link|hardlink|other", size, mode, link}.
function M.list(path) return raw.list { path = path } end

return M
