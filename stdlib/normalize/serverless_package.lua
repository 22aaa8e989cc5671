-- SPDX-License-Identifier: Apache-2.0
-- The packages of a Serverless service: the source files beside its serverless.yml, as `package`
-- selects them, ready-made artifacts, and the folders of layers.
local fs = require "std.fs"
local word = require("std.normalize.word").of

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

-- --- package.patterns ----------------------------------------------------------------------------

-- "{a,b}" → both texts.
local function alternatives(glob)
  local before, inner, after = glob:match("^(.-){([^{}]*)}(.*)$")
  if not inner then return { glob } end
  local out = {}
  for item in (inner .. ","):gmatch("([^,]*),") do
    for _, text in ipairs(alternatives(before .. item .. after)) do out[#out + 1] = text end
    if #out > 64 then break end
  end
  return out
end

-- A glob without braces as a Lua pattern; "\0" stands for "any depth".
local function pattern_of(glob)
  local text = glob:gsub("^%./", ""):gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0")
  text = text:gsub("%*%*/", "\1"):gsub("%*%*", "\2"):gsub("%*", "[^/]*"):gsub("%?", "[^/]")
  return text:gsub("\2", ".*")
end

-- "**/" is any number of folders, none too: tried as each.
local function matches(path, pattern)
  local before, after = pattern:match("^([^\1]*)\1(.*)$")
  if not before then return path:find("^" .. pattern .. "$") ~= nil end
  return matches(path, before .. after) or path:find("^" .. before .. ".*/" .. after:gsub("\1", "")
    .. "$") ~= nil
end

local function globs(list, negate)
  local out = {}
  for _, glob in ipairs(type(list) == "table" and list or {}) do
    if type(glob) == "string" then
      local excludes = glob:sub(1, 1) == "!"
      local patterns = {}
      for _, text in ipairs(alternatives(excludes and glob:sub(2) or glob)) do
        patterns[#patterns + 1] = pattern_of(text)
      end
      out[#out + 1] = { excludes = excludes ~= (negate or false), patterns = patterns }
    end
  end
  return out
end

local function append(to, from)
  for _, item in ipairs(from) do to[#to + 1] = item end
end

-- The rules of settings: what is excluded, then included, then patterns in their order.
local function rules_of(settings)
  local rules = globs(settings.exclude, true)
  append(rules, globs(settings.include))
  append(rules, globs(settings.patterns))
  return rules
end

local function selected(names, rules)
  if #rules == 0 then return names end
  local out = {}
  for _, name in ipairs(names) do
    local included = true
    for _, rule in ipairs(rules) do
      for _, pattern in ipairs(rule.patterns) do
        if matches(name, pattern) then included = not rule.excludes end
      end
    end
    if included then out[#out + 1] = name end
  end
  return out
end

-- --- packages ------------------------------------------------------------------------------------

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

local function inside(path)
  return path:sub(1, 1) ~= "/" and fs.normalize(path):sub(1, 2) ~= ".."
end

-- A ready-made archive of the service.
local function artifact(service, path)
  local full = fs.join(service.package.base, path)
  if inside(path) and (path:find("%.zip$") or path:find("%.jar$")) and fs.is_file(full) then
    service.packages[path] = { copy = full }
  end
  return path
end

local function from_files(service, key, settings)
  local rules = rules_of(service.package_settings)
  append(rules, rules_of(settings))
  service.needs_package = true
  service.packages[key] = { base = service.package.base,
    names = selected(service.package.names, rules) }
  return key
end

---The key that a function's code has: of an artifact, of the files of the service, or of a handler
---that is not there.
---@param props table properties of the function
function M.key(service, fn, props)
  local own = type(fn.definition.package) == "table" and fn.definition.package or {}
  local made = own.artifact or service.package_settings.artifact
  if type(made) == "string" then return artifact(service, made) end
  local found, file = M.find_handler(service.package, props.Runtime, props.Handler)
  if not found then return "of " .. file end
  local individually = own.individually or service.package_settings.individually
  if individually or next(own) then return from_files(service, "of function " .. fn.name, own) end
  return from_files(service, "service", {})
end

---The key of a layer's content.
function M.layer_key(service, name, layer)
  local made = type(layer.package) == "table" and layer.package.artifact
  if type(made) == "string" then return artifact(service, made) end
  local path = word(layer.path or name)
  local dir = fs.join(service.package.base, path)
  local names = inside(path) and fs.is_dir(dir) and fs.walk(dir, { skip = { ".git" } }) or {}
  local settings = type(layer.package) == "table" and layer.package or {}
  names = selected(names, rules_of(settings))
  if #names > 0 then service.packages["layer " .. name] = { base = dir, names = names } end
  return "layer " .. name
end

return M
