-- SPDX-License-Identifier: Apache-2.0
-- The package of a Serverless service: the source files beside its serverless.yml.
local fs = require "std.fs"

local M = { MAX_BYTES = 20 << 20 }

-- Made by tools, not written: not the same on every machine.
local SKIPPED = { "node_modules", ".git", ".serverless", ".terraform", ".venv", "__pycache__" }

local ENDINGS = { { "^python", { ".py", "/__init__.py" } },
  { "^nodejs", { ".js", ".mjs", ".cjs" } }, { "^ruby", { ".rb" } } }

-- Files named .env hold the author's own settings; the artifact repository is no place for them.
local function is_source(path)
  local name = path:match("[^/]+$")
  return not name:find("^%.env") and not name:find("%.pyc$") and name ~= ".DS_Store"
end

---The source files of the service in the folder of `path`. Links are left out: they may lead
---anywhere.
---@param job {path: string, out: string}
---@return table package {base: string, names: string[], has: table<string, boolean>}
function M.collect(job)
  local base = fs.dirname(job.path)
  local own, out = fs.basename(job.path), fs.relative(job.out, base) .. "/"
  local names, has = {}, {}
  for _, name in ipairs(fs.walk(base, { skip = SKIPPED }) or {}) do
    if name ~= own and name:sub(1, #out) ~= out and is_source(name) then
      names[#names + 1], has[name] = name, true
    end
  end
  return { base = base, names = names, has = has }
end

---@return string|nil problem why the files cannot be packaged
function M.problem(package)
  local total = 0
  for _, name in ipairs(package.names) do
    local info = fs.stat(fs.join(package.base, name))
    total = total + (info and info.size or 0)
  end
  if total <= M.MAX_BYTES then return nil end
  return ("the service's files are %.1f MB, the limit is %d MB"):format(total / (1 << 20),
    M.MAX_BYTES >> 20)
end

local function candidates(runtime, module)
  local out = {}
  for _, entry in ipairs(ENDINGS) do
    if runtime:find(entry[1]) then
      for _, ending in ipairs(entry[2]) do
        out[#out + 1] = module .. ending
        if entry[1] == "^python" then out[#out + 1] = module:gsub("%.", "/") .. ending end
      end
    end
  end
  return out
end

---Is the file of a handler ("src/links.make") among the sources?
---@return boolean
---@return string name the file, or what stands for it in messages
function M.find_handler(package, runtime, handler)
  if type(handler) ~= "string" then return false, "handler" end
  local module = (handler:match("^(.*)%.[^.]+$") or handler):gsub("^%./", "")
  local list = type(runtime) == "string" and candidates(runtime, module) or {}
  for _, name in ipairs(list) do
    if package.has[name] then return true, name end
  end
  return false, list[1] or handler
end

return M
