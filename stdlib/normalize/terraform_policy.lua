-- SPDX-License-Identifier: Apache-2.0
-- What a Terraform root may not contain: things that run programs, read files outside of it, or
-- need providers that are not there. Everything is refused by name.
local scan = require "std.normalize.scan"

local M = {}

local ALLOWED = { aws = true, terraform = true }
local HELPERS = { random = true, archive = true, null = true, ["local"] = true, time = true,
  template = true, tls = true }
local EXECUTING = { ["local-exec"] = true, ["remote-exec"] = true, file = true }

local function provider_of(type_name) return type_name:match("^([^_]+)") end

local function check_type(state, item)
  local provider = provider_of(item.labels[1] or "")
  if not provider or ALLOWED[provider] then return end
  local kind = HELPERS[provider] and "helper provider " or "provider "
  state:unsupported(item, kind .. provider)
end

function M.resource(state, item)
  check_type(state, item)
  for _, inner in ipairs(item.items) do
    if inner.name == "provisioner" and EXECUTING[inner.labels[1]] then
      state:unsupported(item, "provisioner " .. inner.labels[1])
    end
  end
end

function M.data(state, item) check_type(state, item) end

---A provider block that is not of aws.
function M.provider(state, item)
  local name = item.labels[1] or ""
  if ALLOWED[name] then return end
  state:unsupported(item, (HELPERS[name] and "helper provider " or "provider ") .. name)
end

---required_providers: the version of aws is ours to choose; others are refused by name.
function M.providers(state, block, edits)
  for _, item in ipairs(block.items) do
    local source = item.value and item.value:match('source%s*=%s*"([^"]+)"')
    local name = source and source:match("([^/]+)$") or item.name
    local official = not source or source:find("hashicorp/", 1, true)
    if name == "aws" and official then
      local from, to = (item.value or ""):find(',?%s*version%s*=%s*"[^"]*"%s*,?')
      if item.value and item.value:sub(1, 1) == '"' then
        edits[#edits + 1] = { begin = item.at, stop = item.stop,
          text = '{\n      source = "hashicorp/aws"\n    }' }
      elseif from then
        edits[#edits + 1] = { begin = item.at + from - 1, stop = item.at + to, text = "\n" }
      end
    elseif official and not ALLOWED[name] then
      edits[#edits + 1] = { begin = item.begin, stop = item.stop, text = "" }
    elseif not official then
      state:unsupported({ name = "provider", labels = { item.name } }, "provider " .. source)
    end
  end
end

-- Steps up from the folder of the root; a module may look anywhere inside of itself.
local function leaves(path)
  local depth = 0
  for part in path:gmatch("[^/]+") do
    if part == ".." then depth = depth - 1 elseif part ~= "." and not part:find("^%$") then
      depth = depth + 1
    end
    if depth < 0 then return true end
  end
  return false
end

local FUNCTIONS = "file[%w]*%s*%(%s*\"([^\"]*)\""

---Paths that file functions and packages name must stay inside the root.
function M.paths(state, text)
  local function refuse(path)
    if path:find("^[/~]") or leaves((path:gsub("^%${path%.%w+}/?", ""))) then
      state:unsupported({ name = "file", labels = { path } }, "a file outside of the root")
    end
  end
  for path in text:gmatch("%f[%w_]" .. FUNCTIONS) do refuse(path) end
  for path in text:gmatch("%f[%w_]template" .. FUNCTIONS) do refuse(path) end
end

---A plain attribute of a block.
function M.plain(item, name) return scan.plain(scan.get(item.items, name)) end

return M
