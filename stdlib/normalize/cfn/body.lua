-- SPDX-License-Identifier: Apache-2.0
-- The inside of a Terraform block while it is made, and its text.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local provider = require "std.normalize.provider"

local Body = {}
Body.__index = Body

---@param schema table|nil body of the provider index
function Body.new(schema)
  return setmetatable({ items = {}, named = {}, schema = schema or { attrs = {}, blocks = {} } },
    Body)
end

---Sets an attribute. Absent values are left out.
---@param name string
---@param node any
function Body:set(name, node)
  if node == expr.none or node == nil then return end
  local item = self.named[name]
  if not item or item.body then
    item = { name = name }
    self.items[#self.items + 1] = item
    self.named[name] = item
  end
  item.node = node
end

---Sets an attribute to expression text.
function Body:raw(name, text) self:set(name, expr.raw(text)) end

---What the resource waits for besides what the template says.
---@param addresses string[]
function Body:depend(addresses)
  self.depends = self.depends or {}
  table.move(addresses, 1, #addresses, #self.depends + 1, self.depends)
end

---A new nested block.
---@param name string
---@param test string|nil condition: the block exists only when it holds
---@return table body
function Body:block(name, test)
  local body = Body.new((provider.block(self.schema, name)))
  self.items[#self.items + 1] = { name = name, body = body, test = test }
  self.named[name] = self.named[name] or self.items[#self.items]
  return body
end

---Nested blocks, one for each item of a list known only at deploy time.
---@param name string
---@param attribute string what an item is within its block
---@param list string expression text
---@param test string|nil condition: there are none when it does not hold
function Body:each(name, attribute, list, test)
  local body = self:block(name)
  body:raw(attribute, name .. ".value")
  local item = self.items[#self.items]
  item.for_each = test and ("%s ? %s : []"):format(test, list) or list
end

---The nested block of that name, made when it is not there yet.
function Body:single(name)
  local item = self.named[name]
  return item and item.body or self:block(name)
end

---Takes an attribute out again.
---@return any node nil when it is not set
function Body:take(name)
  for i, item in ipairs(self.items) do
    if item.name == name and not item.body then
      table.remove(self.items, i)
      self.named[name] = nil
      return item.node
    end
  end
end

---Whether something is set under this name.
function Body:has(name) return self.named[name] ~= nil end

---Calls `report(path)` for each thing that the provider requires and that is not set.
function Body:missing(report, path)
  for _, name in ipairs(provider.required(self.schema)) do
    if not self.named[name] then report(path .. name) end
  end
  for _, item in ipairs(self.items) do
    if item.body then item.body:missing(report, path .. item.name .. ".") end
  end
end

---Calls `report(path, max)` for each block that stands there more often than the provider takes it.
function Body:excess(report, path)
  local counts = {}
  for _, item in ipairs(self.items) do
    if item.body then
      if not item.test then counts[item.name] = (counts[item.name] or 0) + 1 end
      item.body:excess(report, path .. item.name .. ".")
    end
  end
  for _, name in ipairs(names.sorted_keys(counts)) do
    local block = self.schema.blocks[name]
    if block and block.max > 0 and counts[name] > block.max then
      report(path .. name, block.max)
    end
  end
end

-- The text of one thing set, blocks with all that is in them.
local function item_text(item)
  if not item.body then return expr.text(item.node) end
  local lines = {}
  item.body:write(lines, 0)
  return table.concat(lines, "\n")
end

---Names of what is set to a text that `test` accepts.
---@param test fun(text: string): boolean
---@return string[]
function Body:names_where(test)
  local found = {}
  for _, item in ipairs(self.items) do
    if test(item_text(item)) then found[#found + 1] = item.name end
  end
  return found
end

local function write_item(item, out, depth)
  local pad = ("  "):rep(depth)
  if not item.body then
    out[#out + 1] = ("%s%s = %s"):format(pad, item.name, expr.text(item.node, depth))
  elseif item.test or item.for_each then
    out[#out + 1] = ("%sdynamic %s {"):format(pad, expr.quote(item.name))
    out[#out + 1] = ("%s  for_each = %s"):format(pad,
      item.for_each or item.test .. " ? [1] : []")
    out[#out + 1] = pad .. "  content {"
    item.body:write(out, depth + 2)
    out[#out + 1] = pad .. "  }\n" .. pad .. "}"
  else
    out[#out + 1] = ("%s%s {"):format(pad, item.name)
    item.body:write(out, depth + 1)
    out[#out + 1] = pad .. "}"
  end
end

---Appends the lines of the body to `out`.
function Body:write(out, depth)
  for _, blocks in ipairs { false, true } do
    for _, item in ipairs(self.items) do
      if (item.body ~= nil) == blocks then write_item(item, out, depth) end
    end
  end
end

return Body
