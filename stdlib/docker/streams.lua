-- SPDX-License-Identifier: Apache-2.0
-- The engine's long answers: output of programs, progress of builds, events. Private to
-- std.docker; M.install adds the methods to its client.

local answers = require "std.docker.answer"
local error_of = require "std.error"

local M = {}

local STDERR <const>, SYSTEM <const> = 2, 3
local DEFAULT_OUTPUT <const> = 16 * 1024 * 1024

-- Runs take(data, kind) for each chunk until it returns false; returns the answer.
local function each(self, op, call, framing, take)
  local stream <close>, err = self.engine:stream(call, framing)
  if not stream then return nil, answers.unreachable(op, err) end
  local data, kind
  while true do
    data, kind = stream:read()
    if not data then break end
    local go_on, why = take(data, kind)
    if why then return nil, why end
    if go_on == false then return { status = 200, body = "", stopped = true } end
  end
  if kind then return nil, answers.unreachable(op, kind) end
  local answer = stream:response()
  if answer.status >= 300 then return nil, answers.failure(op, answer) end
  return answer
end

-- Collects output up to a limit; on_data sees all that is kept.
local function collector(op, options)
  local out = { stdout = {}, stderr = {}, all = {} }
  local left = options.max_output or DEFAULT_OUTPUT
  local function take(data, kind)
    if kind == SYSTEM then
      return nil, error_of.new { op = op, code = "http", message = data }
    end
    local cut = #data > left
    if cut then data = data:sub(1, left) end
    left = left - #data
    local name = kind == STDERR and "stderr" or "stdout"
    out[name][#out[name] + 1] = data
    out.all[#out.all + 1] = data
    if options.on_data and data ~= "" then options.on_data(data, name) end
    out.truncated = cut
    return not cut
  end
  local function result()
    return { stdout = table.concat(out.stdout), stderr = table.concat(out.stderr),
      all = table.concat(out.all), truncated = out.truncated or false }
  end
  return take, result
end

local function logs(self, id, options)
  options = options or {}
  local op <const> = "docker logs"
  local info, err = self:inspect(id)
  if not info then return nil, error_of.new { op = op, code = err.code, message = err.message } end
  local take, result = collector(op, options)
  local call = { timeout = options.timeout,
    path = answers.path("/containers/" .. answers.segment(id) .. "/logs", {
      stdout = options.stdout ~= false, stderr = options.stderr ~= false, tail = options.tail,
      since = options.since, follow = options.follow, timestamps = options.timestamps }) }
  local answer
  answer, err = each(self, op, call, info.Config.Tty and "bytes" or "frames", take)
  if not answer then return nil, err end
  return result()
end

-- The engine closes the stream a moment before it knows the code.
local function exit_code(self, op, exec_id)
  local parallel = require "std.parallel"
  for _ = 1, 100 do
    local info, err = self:json(op, { path = "/exec/" .. exec_id .. "/json" })
    if not info then return nil, err end
    if not info.Running and info.ExitCode then return info.ExitCode end
    parallel.sleep(0.02)
  end
  return nil, error_of.new { op = op, code = "timeout", message = "the program did not end" }
end

local function exec(self, id, options)
  local op <const> = "docker exec"
  if type(options) ~= "table" or type(options.cmd) ~= "table" or not options.cmd[1] then
    error("docker exec: cmd must be a list of strings", 2)
  end
  local made, err = self:json(op, { method = "POST", path = "/containers/" ..
    answers.segment(id) .. "/exec", value = answers.mark_lists { Cmd = options.cmd,
    Env = options.env, User = options.user, WorkingDir = options.workdir,
    Tty = options.tty or false, AttachStdout = true, AttachStderr = true } })
  if not made then return nil, err end
  local take, result = collector(op, options)
  local answer
  answer, err = each(self, op, { method = "POST", path = "/exec/" .. made.Id .. "/start",
    body = options.tty and '{"Detach":false,"Tty":true}' or '{"Detach":false,"Tty":false}',
    timeout = options.timeout }, options.tty and "bytes" or "frames", take)
  if not answer then return nil, err end
  local out = result()
  if not answer.stopped then
    out.code, err = exit_code(self, op, made.Id)
    if not out.code then return nil, err end
  end
  return out
end

-- Reads progress lines; an error line is the operation's failure although the status was 200.
local function progress(self, op, call, on_progress)
  local seen, text = {}, {}
  local answer, err = each(self, op, call, "lines", function(line)
    local event, bad = answers.decode(line, op)
    if not event then return nil, bad end
    if event.error then
      local tail = table.concat(text, "", math.max(1, #text - 40)):sub(-4000)
      return nil, error_of.new { op = op, code = "rejected", message = tostring(event.error),
        output = tail }
    end
    if event.stream then text[#text + 1] = event.stream end
    if type(event.aux) == "table" and event.aux.ID then seen.id = event.aux.ID end
    if on_progress then on_progress(event.stream or event.status or "", event) end
  end)
  if not answer then return nil, err end
  seen.text = table.concat(text)
  return seen
end

local function build(self, options)
  local op <const> = "docker build"
  if type(options) ~= "table" or not (options.context or options.context_file) then
    error("docker build: context (bytes of a tar) or context_file is required", 2)
  end
  local call = { method = "POST", content_type = "application/x-tar", body = options.context,
    body_file = options.context_file, timeout = options.timeout,
    path = answers.path("/build", { t = options.tag, dockerfile = options.dockerfile,
      buildargs = options.buildargs, labels = options.labels, nocache = options.nocache,
      networkmode = options.network, target = options.target, platform = options.platform,
      rm = true, forcerm = true }) }
  local seen, err = progress(self, op, call, options.on_progress)
  if not seen then return nil, err end
  local id = seen.id or seen.text:match("Successfully built (%x+)")
  if id then return id end
  return nil, error_of.new { op = op, code = "http", message = "the engine named no image" }
end

local function load_images(self, path, options)
  options = options or {}
  local seen, err = progress(self, "docker load", { method = "POST", path = "/images/load?quiet=1",
    content_type = "application/x-tar", body_file = path, timeout = options.timeout },
    options.on_progress)
  if not seen then return nil, err end
  local names = {}
  for name in seen.text:gmatch("Loaded image[^:]*: ([^\n]+)") do names[#names + 1] = name end
  return names
end

local function pull(self, image, options)
  options = options or {}
  local seen, err = progress(self, "docker pull", { method = "POST", timeout = options.timeout,
    registry_auth = options.registry_auth,
    path = answers.path("/images/create", { fromImage = image, platform = options.platform,
      tag = not image:find(":[^/]+$") and not image:find("@", 1, true) and "latest" or nil }) },
    options.on_progress)
  if not seen then return nil, err end
  return true
end

local function events(self, options)
  if type(options) ~= "table" or type(options.on_event) ~= "function" then
    error("docker events: on_event must be a function", 2)
  end
  local op <const> = "docker events"
  local answer, err = each(self, op, { timeout = options.timeout, path = answers.path("/events", {
    since = options.since, ["until"] = options.until_time, filters = answers.filters(options) }) },
    "lines", function(line)
      local event, bad = answers.decode(line, op)
      if not event then return nil, bad end
      return options.on_event(event)
    end)
  if not answer then return nil, err end
  return true
end

function M.install(Client)
  Client.logs, Client.exec, Client.events = logs, exec, events
  Client.build, Client.load, Client.pull = build, load_images, pull
end

return M
