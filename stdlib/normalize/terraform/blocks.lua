-- SPDX-License-Identifier: Apache-2.0
-- Blocks that are about Terraform itself: settings, providers, state. Ours take their place.
local helpers = require "std.normalize.terraform.helpers"
local names = require "std.normalize.names"
local tree = require "std.normalize.terraform.tree"

local M = {}

local handlers = {}

-- --- terraform -----------------------------------------------------------------------------------

local function field(expr, name)
  for _, pair in ipairs(expr.kind == "object" and expr.items or {}) do
    if (pair.key.name or pair.key.value) == name then return pair.value end
  end
end

local function required_aws(unit, file, item)
  local lines = { 'source = "hashicorp/aws"' }
  local aliases = field(item.expr, "configuration_aliases")
  if aliases then lines[2] = "configuration_aliases = " .. unit:slice(file, aliases) end
  table.insert(file.edits, { first = item.expr.first, last = item.expr.last,
    text = "{\n" .. table.concat(lines, "\n") .. "\n}" })
end

-- One folder has one such block; what a second one adds is not ours to keep.
local function required(state, unit, file, block)
  if unit.has_required then return helpers.cut(file, block) end
  unit.has_required = true
  for _, item in ipairs(block.body.items) do
    local source = item.expr and field(item.expr, "source")
    source = source and source.value
    if item.name == "aws" and source and not source:find("hashicorp/aws$") then
      state:refuse(unit, nil, item, "provider " .. source, file, block)
    elseif item.name == "aws" then
      required_aws(unit, file, item)
    elseif source and source:find("hashicorp/aws$") then
      state:refuse(unit, nil, item, "provider aws under the name " .. item.name, file, block)
    else
      helpers.cut(file, item)
    end
  end
end

function handlers.terraform(state, unit, file, block)
  for _, item in ipairs(block.body.items) do
    if item.type == "required_providers" then
      required(state, unit, file, item)
    else
      helpers.cut(file, item)
    end
  end
end

-- --- providers -----------------------------------------------------------------------------------

function handlers.provider(state, unit, file, block)
  helpers.cut(file, block)
  if block.labels[1] ~= "aws" then return end
  local alias = tree.plain(tree.attr(block.body, "alias"))
  local region = tree.attr(block.body, "region")
  region = region and unit:text(region.expr)
  if unit.to ~= "" then
    if alias then
      state:refuse(unit, nil, block, "a provider alias inside of a module", file, block)
    end
    return
  end
  if alias then state:alias(alias, region) end
  if not alias and region then state.region = region end
  if tree.blocks(block.body, "assume_role")[1] then
    state:assume("provider aws%s: its role is not assumed", alias and "." .. alias or "")
  end
end

---Checks provider = aws.<alias> once all providers are known.
function M.check_provider(state, unit, entry)
  local attribute = tree.attr(entry.item.body, "provider")
  local node = attribute and attribute.expr
  if not node or unit.to ~= "" then return end
  if node.kind == "var" and node.name == "aws" then return end
  local is_alias = node.kind == "attr" and node.object.name == "aws"
  if not is_alias or not state.aliases[node.name] then
    state:refuse(unit, entry, attribute, "provider " .. node.text .. " is not declared")
  end
end

-- --- what has no meaning for a first deployment --------------------------------------------------

local function drop(_, _, file, block) helpers.cut(file, block) end

handlers.moved, handlers.removed = drop, drop

function handlers.import(state, _, file, block)
  helpers.cut(file, block)
  state:assume("import of %s is left out", (tree.attr(block.body, "to") or { expr = {} }).expr.text)
end

handlers["check"] = function(state, _, file, block)
  helpers.cut(file, block)
  state:assume("check %s is left out", block.labels[1])
end

local KEPT <const> = { variable = true, output = true, locals = true, module = true,
  resource = true, data = true }

---Handles a unit's blocks that are neither resources nor calls.
function M.write(state, unit)
  for _, file in ipairs(unit.files) do
    for _, block in ipairs(file.body.items) do
      local handle = block.kind == "block" and handlers[block.type]
      if handle then
        handle(state, unit, file, block)
      elseif block.kind ~= "block" or not KEPT[block.type] then
        state:refuse(unit, nil, block, "a top-level " .. (block.type or block.name), file, block)
      end
    end
  end
  for _, entry in ipairs(unit.malformed) do
    state:refuse(unit, nil, entry.item, "a block without a type and a name", entry.file,
      entry.item)
  end
  for _, file in ipairs(unit.files) do
    if file.name == "override.tf" or file.name:find("_override%.tf$") then
      state:refuse(unit, nil, { line = 1, col = 1 }, "an override file", file,
        { type = "file", labels = { file.name } })
    end
  end
  for _, name in ipairs(unit.others) do
    if name:find("%.tf%.json$") then
      state:refuse(unit, nil, { line = 1, col = 1 }, "Terraform's JSON syntax",
        { path = unit.dir .. "/" .. name }, { type = "file", labels = { name } })
    end
  end
end

---The file with the aliased providers that the root uses; whoever deploys writes its own.
function M.providers_file(state)
  local blocks = {}
  for _, alias in ipairs(names.sorted_keys(state.aliases)) do
    blocks[#blocks + 1] = ('provider "aws" {\n  alias  = "%s"\n  region = "%s"\n}\n'):format(alias,
      state.aliases[alias])
  end
  if #blocks == 0 then return nil end
  return 'provider "aws" {\n  region = "us-east-1"\n}\n\n' .. table.concat(blocks, "\n")
end

return M
