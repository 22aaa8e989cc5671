-- SPDX-License-Identifier: Apache-2.0
-- The public templates beside the checkout (INDEX.tsv), and our own samples.
local fs = require "std.fs"
local names = require "std.normalize.names"

local M = {}

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")

-- INDEX.tsv's words and ours.
M.FORMATS = { cfn = "cfn", ["cdk-cfn"] = "cdk", sam = "sam", serverless = "serverless",
  ["serverless-nonaws"] = "serverless", terraform = "terraform" }

--- Where the corpus is; nil when it is not there.
function M.find(dir)
  dir = dir or fs.absolute(HERE .. "/../../../shared/corpus")
  return fs.exists(fs.join(dir, "INDEX.tsv")) and fs.realpath(dir) or nil
end

--- What a command line says: "limit=3" is a number, "show" is true; the rest is as in `defaults`.
---@param defaults table
---@return table
function M.options(defaults, ...)
  local options = defaults
  for _, word in ipairs { ... } do
    local key, value = word:match("^(%w+)=(.*)$")
    options[key or word] = tonumber(value) or value or true
  end
  return options
end

local function fields(line)
  local list = {}
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do list[#list + 1] = field end
  return list
end

--- The main template of every row, or the folder of a Terraform root.
---@return {path: string, format: string, kind: string, name: string}[]
function M.inputs(dir)
  local list, seen = {}, {}
  for line in assert(fs.read(fs.join(dir, "INDEX.tsv"))):gmatch("[^\n]+") do
    local repo, _, path, kind, _, _, role = table.unpack(fields(line))
    local name = fs.join((repo:gsub("/", "+")), path)
    if kind == "terraform" then name = fs.dirname(name) end
    if role == "main" and M.FORMATS[kind] and not seen[name] then
      seen[name] = true
      list[#list + 1] = { path = fs.join(dir, name), format = M.FORMATS[kind], kind = kind,
        name = name }
    end
  end
  return list
end

local function samples()
  local list, root = {}, fs.absolute(HERE .. "/../../pipelines/weekly/samples")
  for _, path in ipairs(assert(fs.walk(root))) do
    if path:find("template%.%a+$") then
      local full = fs.join(root, path)
      local is_sam = assert(fs.read(full)):find("AWS::Serverless-", 1, true)
      list[#list + 1] = { path = full, format = is_sam and "sam" or "cfn" }
    end
  end
  return list
end

--- CloudFormation templates of all kinds, each with a slug that no other has.
---@param options {corpus?: string, only?: string, limit?: integer, samples?: boolean}
function M.templates(options)
  local all = samples()
  local dir = not options.samples and M.find(options.corpus)
  for _, input in ipairs(dir and M.inputs(dir) or {}) do
    if input.format ~= "terraform" and input.format ~= "serverless" then all[#all + 1] = input end
  end
  local list, taken = {}, {}
  for _, input in ipairs(all) do
    if not options.only or input.path:find(options.only, 1, true) then
      input.slug = names.slug(input.path)
      if not taken[input.slug] and #list < (options.limit or math.huge) then
        taken[input.slug] = true
        list[#list + 1] = input
      end
    end
  end
  return list
end

return M
