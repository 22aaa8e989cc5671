-- SPDX-License-Identifier: Apache-2.0
-- reproducers/<key>/ of the artifact repository: one architecture of a root cause with its tests
-- and the script that shows the failure. It stays when the runs that found it are deleted.

local fs = require "std.fs"

local M = {}

local CANDIDATES <const> = 50

local SCRIPT <const> = [=[
#!/bin/sh
# Shows the failure: needs docker, terraform, python3 and `pip install terraform-local`.
set -eu
cd "$(dirname "$0")"
docker run --detach --rm --name lsqm-reproducer --publish 4566:%d %s
trap 'docker stop lsqm-reproducer' EXIT
until curl --silent --fail http://localhost:4566%s >/dev/null; do sleep 1; done
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement app/requirements.txt
(cd terraform && tflocal init && tflocal apply -auto-approve)
.venv/bin/python - terraform/terraform.tfstate > app/state.json <<'STATE'
import json, sys
found = []
for r in json.load(open(sys.argv[1]))["resources"]:
    if r["mode"] != "managed":
        continue
    for one in r["instances"]:
        key = "[%%s]" %% json.dumps(one["index_key"]) if "index_key" in one else ""
        prefix = r["module"] + "." if "module" in r else ""
        found.append({"address": prefix + r["type"] + "." + r["name"] + key, "type": r["type"],
                      "name": r["name"], "values": one.get("attributes") or {}})
print(json.dumps(found))
STATE
cd app
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
LSQM_STATE=state.json AWS_ENDPOINT_URL=http://localhost:4566 \
  LOCALSTACK_ENDPOINT=http://localhost:4566 ../.venv/bin/python -m pytest test_app.py
]=]

local function quoted(word) return "'" .. tostring(word):gsub("'", "'\\''") .. "'" end

---The architecture of a group that is easiest to look at: fewest resources.
---@param store lsqm.Store
---@param group table see push.causes
---@return table record the regression of that architecture
function M.pick(store, group)
  local best, fewest
  for i = 1, math.min(CANDIDATES, #group.regressions) do
    local record = group.regressions[i]
    local meta = store:architecture(record.arch_hash)
    local count = meta and meta.resource_count or math.huge
    if not best or count < fewest then best, fewest = record, count end
  end
  return best
end

---The image and its tag as the run used it.
---@param config table config.json of the run
---@param row table|nil of rules/emulators.lua
---@return string
local function image_of(config, row)
  local emulator = config.emulator or {}
  local image = emulator.image or row and row.image or emulator.name or "localstack/localstack"
  -- A colon after the last slash is a tag already.
  if image:match("[^/]*$"):find("[:@]") then return image end
  return image .. ":" .. config.localstack_version
end

local function script(config, row)
  row = row or {}
  return SCRIPT:format(row.port or 4566, quoted(image_of(config, row)),
    row.health or "/_localstack/health")
end

-- What `lsqm reduce` left is smaller than the architecture.
local function terraform_of(store, workspace, hash)
  local reduced = workspace and fs.join(workspace, "reproducers", hash)
  if reduced and fs.is_dir(reduced) then return reduced end
  return store:arch_dir(hash)
end

local function copy(from, to)
  if not fs.is_dir(from) then return true end
  return fs.copy(from, to)
end

---@param key string
---@return string folder inside the repository
function M.folder(key) return "reproducers/" .. key end

---Writes the folder of a root cause, unless it is there.
---@param store lsqm.Store
---@param group table
---@param options {hash: string, config: table, emulator: table|nil, workspace: string|nil}
---@return boolean|nil
---@return lsqm.Error|nil
function M.write(store, group, options)
  local dir = store:path(M.folder(group.key))
  local hash, done = options.hash, fs.join(dir, "reproduce.sh")
  if fs.exists(done) then return true end
  local ok, err = fs.mkdir(dir)
  if ok then
    ok, err = copy(terraform_of(store, options.workspace, hash), fs.join(dir, "terraform"))
  end
  if ok then ok, err = copy(store:app_dir(hash), fs.join(dir, "app")) end
  if not ok then return nil, err end
  fs.remove(fs.join(dir, "terraform", "metadata.json"))
  fs.remove(fs.join(dir, "app", "generated_at.json"))
  return fs.write(done, script(options.config, options.emulator))
end

return M
