-- SPDX-License-Identifier: Apache-2.0
-- What an editor's Lua language server reads of std.*: each module's annotations and signatures
-- without its code, taken from its source, so that they cannot say anything else.

local fs = require "std.fs"
local program = require "lsqm.program"
local tables = require "std.table"

local M = {}

-- The head of a function, though its parameters may go over several lines.
local function signature(lines, i, head)
  local text = head
  while not text:find(")", 1, true) and lines[i + 1] do
    i = i + 1
    text = text .. " " .. lines[i]:match("^%s*(.*)")
  end
  return text:match("^(.-%))")
end

-- The declaration that a line makes at the top level, or nil.
local function declaration(lines, i)
  local line = lines[i]
  if line:find("^function [%w_]+[.:]") then return signature(lines, i, line) .. " end" end
  local name, parameters = line:match("^([%a_][%w_]*%.[%a_][%w_]*)%s*=%s*function%s*(%(.*)")
  if name then return signature(lines, i, ("function %s%s"):format(name, parameters)) .. " end" end
  return line:match("^local [%a_][%w_]* = {}$")
end

-- What source text alone does not show: functions that are given from elsewhere.
local function remaining(module, real, known, out)
  for _, key in ipairs(tables.sorted_keys(real)) do
    if type(real[key]) == "function" and not known[key] and tostring(key):find("^[%a_][%w_]*$") then
      out[#out + 1] = ("function %s.%s(...) end"):format(module, key)
    end
  end
end

-- Comments that stand before no declaration matter where they declare a type by themselves.
local function is_type(comments)
  for _, line in ipairs(comments) do
    if line:find("^%-%-%-@class") or line:find("^%-%-%-@alias") then return true end
  end
  return false
end

--- The definitions of one module.
---@param source string its Lua text
---@param real any its value, nil where it cannot be loaded
---@return string
function M.of(source, real)
  local lines, out, comments = {}, { "---@meta" }, {}
  local module = source:match("\nreturn ([%a_][%w_]*)%s*$")
    or source:match("\nreturn setmetatable%(([%a_][%w_]*),")
  local tables_known, known = {}, {}
  for line in (source .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  for i, line in ipairs(lines) do
    if line:find("^%-%-%-") then
      comments[#comments + 1] = line
    else
      local found = declaration(lines, i)
      local owner, key = (found or ""):match("^function ([%w_]+)[.:]([%w_]+)")
      owner = owner or (found or ""):match("^local ([%w_]+)")
      if owner and not tables_known[owner] and not found:find("^local") then
        out[#out + 1] = ("local %s = {}"):format(owner)
      end
      tables_known[owner or ""] = true
      if owner == module and key then known[key] = true end
      if found or is_type(comments) then
        table.move(comments, 1, #comments, #out + 1, out)
        out[#out + 1] = (found or "") .. "\n"
      end
      comments = {}
    end
  end
  if module then
    if not tables_known[module] then out[#out + 1] = ("local %s = {}"):format(module) end
    if type(real) == "table" then remaining(module, real, known, out) end
    out[#out + 1] = "return " .. module
  end
  return table.concat(out, "\n") .. "\n"
end

--- The definitions of every module that users require, and of those that declare types.
---@return {path: string, text: string}[] path below the folder of definitions: "std/fs.lua"
function M.all()
  local list, wanted = {}, {}
  for _, name in ipairs(program.std_names()) do wanted[name] = true end
  for _, path in ipairs(fs.walk(program.share .. "/stdlib")) do
    local name = path:match("^(.*)%.lua$") or ""
    name = name:gsub("/init$", "")
    local source = name ~= "boot" and name ~= "" and fs.read(program.share .. "/stdlib/" .. path)
    if source and (wanted[name] or source:find("\n---@class", 1, true)) then
      local ok, real = pcall(require, "std." .. name:gsub("/", ".")) -- needs perhaps a library
      list[#list + 1] = { path = "std/" .. name .. ".lua", text = M.of(source, ok and real or nil) }
    end
  end
  return list
end

return M
