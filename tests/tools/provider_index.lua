-- SPDX-License-Identifier: Apache-2.0
-- Makes the compact provider index that normalising reads instead of running Terraform:
--   terraform providers schema -json | lsqm exec tests/tools/provider_index.lua VERSION >
--     stdlib/normalize/aws.idx
-- One line per resource type, one per data source ("data.<name>") and one per distinct nested block
-- ("@<number>"), so that a body that many types share is stored once. Entries are separated by
-- spaces:
--   name=<mode><type>           mode r required, o optional, b optional and computed, c computed
--                               type s n b D, L S M + element, {name=type,...} for objects
--   name:<nesting><min>.<max>@<number>   nesting l list, s set, m map, 1 single
local has_cjson, json = pcall(require, "cjson")
if not has_cjson then json = require "std.json" end

local SIMPLE = { string = "s", number = "n", bool = "b", dynamic = "D" }
local COLLECTION = { list = "L", set = "S", map = "M" }
local NESTING = { list = "l", set = "s", map = "m", single = "1", group = "1" }

local function sorted(map)
  local keys = {}
  for key in pairs(map or {}) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function type_code(t)
  if type(t) == "string" then return SIMPLE[t] end
  if COLLECTION[t[1]] then return COLLECTION[t[1]] .. type_code(t[2]) end
  if t[1] ~= "object" then return "D" end
  local parts = {}
  for _, key in ipairs(sorted(t[2])) do parts[#parts + 1] = key .. "=" .. type_code(t[2][key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function mode(attribute)
  if attribute.required then return "r" end
  if attribute.optional then return attribute.computed and "b" or "o" end
  return "c"
end

local bodies, body_lines = {}, {}
local body_text

local function intern(block)
  local text = body_text(block)
  if not bodies[text] then
    body_lines[#body_lines + 1] = text
    bodies[text] = #body_lines
  end
  return bodies[text]
end

local function nested_attribute(attribute)
  local nested = attribute.nested_type
  local inner = { attributes = nested.attributes }
  return ("%s0.%d@%d"):format(NESTING[nested.nesting_mode], 0, intern(inner))
end

body_text = function(block)
  local out = {}
  for _, name in ipairs(sorted(block.attributes)) do
    local attribute = block.attributes[name]
    if attribute.nested_type then
      out[#out + 1] = name .. "~" .. nested_attribute(attribute)
    elseif name ~= "tags_all" then
      out[#out + 1] = name .. "=" .. mode(attribute) .. type_code(attribute.type)
    end
  end
  for _, name in ipairs(sorted(block.block_types)) do
    local nested = block.block_types[name]
    if name ~= "timeouts" then
      out[#out + 1] = ("%s:%s%d.%d@%d"):format(name, NESTING[nested.nesting_mode],
        nested.min_items or 0, nested.max_items or 0, intern(nested.block))
    end
  end
  return table.concat(out, " ")
end

local schema = json.decode(io.read "a")
local _, provider = next(schema.provider_schemas)
print("# hashicorp/aws " .. (arg[1] or "unknown"))
local lines = {}
for _, name in ipairs(sorted(provider.resource_schemas)) do
  lines[#lines + 1] = name .. " " .. body_text(provider.resource_schemas[name].block)
end
for _, name in ipairs(sorted(provider.data_source_schemas)) do
  lines[#lines + 1] = "data." .. name .. " " .. body_text(provider.data_source_schemas[name].block)
end
for i, text in ipairs(body_lines) do print("@" .. i .. " " .. text) end
for _, line in ipairs(lines) do print(line) end
