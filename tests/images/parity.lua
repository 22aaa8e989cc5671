-- SPDX-License-Identifier: Apache-2.0
-- Small images for the specs of `lsqm parity`: busybox, a service that becomes healthy a moment
-- after its start, and a check. One image under many names, so that roles are known by name.

local archive = require "std.archive"
local answers = require "std.docker.answer"
local fs = require "std.fs"

local M = {}

-- Raise it when what is in the images changes.
M.RECIPE = "2"

local LABEL <const> = "lsqm.test.lock"

local SERVICE = [[
#!/bin/sh
# service ROLE PORT: answers /health on PORT once it is ready
trap 'exit 0' TERM INT
/bin/busybox mkdir -p /www
echo '{"status": "starting"}' >/www/health
/bin/busybox httpd -p "$2" -h /www
/bin/busybox sleep "${WARM_UP:-0.2}"
echo "{\"status\": \"${STATUS:-healthy}\", \"role\": \"$1\", \"peers\": [1, 2, 3]}" >/www/health
echo "$1 is ready"
/bin/busybox sleep 100000 &
wait
]]

local CHECK = [[
#!/bin/sh
# check PORT: healthy?
/bin/busybox wget -q -O - "http://127.0.0.1:$1/health" | /bin/busybox grep -q healthy
]]

-- For engines that give no arguments: GitHub's services cannot name a command.
local WARM = "#!/bin/sh\nexec /bin/service warm 80\n"

M.NAMES = { "lsqm-test/etcd:3.5", "lsqm-test/patroni:15.2", "lsqm-test/patroni:15.4",
  "lsqm-test/redis:7.0", "lsqm-test/redis-sentinel:7.0", "lsqm-test/backend:1.4",
  "lsqm-test/frontend:2.1", "lsqm-test/exporter:0.9" }

--- The path of a busybox that needs no libraries, or nil.
function M.busybox()
  for _, path in ipairs { "/bin/busybox", "/usr/bin/busybox" } do
    if fs.is_file(path) then return path end
  end
  return nil
end

local function is_current(image)
  return image and (image.Config.Labels or {})[LABEL] == M.RECIPE
end

-- The image of a name, made anew; what had the name before would stay without one.
local function import(engine, name, tar, replaced)
  local repo, tag = name:match("^(.*):(.*)$")
  local ok, err = engine:call("docker import", { method = "POST", body = tar,
    content_type = "application/x-tar", path = answers.path("/images/create", {
      fromSrc = "-", repo = repo, tag = tag,
      changes = ("LABEL %s=%s"):format(LABEL, M.RECIPE) }) })
  if not ok then return nil, err end
  if not replaced then return true end
  ok, err = engine:remove_image(replaced.Id)
  -- gone, named otherwise or in use by another run: that run's to remove
  if ok or err.code == "not_found" or err.code == "conflict" then return true end
  return nil, err
end

--- Makes the images where they are not there yet.
---@return boolean?
---@return any err
function M.build(engine)
  local busybox, tar = M.busybox(), nil
  if not busybox then return nil, "busybox-static is not installed" end
  for _, name in ipairs(M.NAMES) do
    local present = engine:image(name)
    if not is_current(present) then
      tar = tar or assert(archive.tar(nil, {
        { path = "bin/busybox", file = busybox, mode = 493 }, -- octal 755
        { path = "bin/sh", file = busybox, mode = 493 },
        { path = "bin/service", data = SERVICE, mode = 493 },
        { path = "bin/check", data = CHECK, mode = 493 },
        { path = "bin/warm", data = WARM, mode = 493 },
        { path = "tmp/.keep", data = "" },
      }))
      local ok, err = import(engine, name, tar, present)
      if not ok then return nil, err end
    end
  end
  return true
end

return M
