-- SPDX-License-Identifier: Apache-2.0
-- What the command's inputs stand for: a CDK app or assembly is one input for each of its stacks.
local cdk = require "std.normalize.cdk"
local fs = require "std.fs"
local names = require "std.normalize.names"

local M = {}

-- The templates of an app are gone afterwards: the record names the app and the stack.
local function stacks_of(path, dir, keep)
  local list = {}
  for _, stack in ipairs(cdk.stacks(dir)) do
    list[#list + 1] = { path = stack.path, format = "cdk", keep = keep,
      input = keep and path .. "#" .. stack.name or nil,
      slug = names.slug(path) .. "-" .. names.slug(stack.name) }
  end
  return list
end

-- An app that does not synthesise here may have been synthesised before.
local function app_stacks(path)
  local assembly, err = require("std.normalize.cdk_synth").run(path)
  if assembly then return stacks_of(path, assembly.path, assembly) end
  local before = fs.join(path, "cdk.out")
  if cdk.is_assembly(before) then return stacks_of(path, before) end
  return { { path = path, format = "cdk", slug = names.slug(path), err = err } }
end

---@param path string a file or folder
---@param format string
---@return {path: string, format: string, slug: string, keep: table|nil, err: table|nil}[] inputs;
---  keep holds a temporary folder, err says why there is nothing to convert
function M.of(path, format)
  if (format == "auto" or format == "cdk") and fs.is_dir(path) then
    local list
    if cdk.is_assembly(path) then list = stacks_of(path, path)
    elseif fs.is_file(fs.join(path, "cdk.json")) then list = app_stacks(path) end
    if list and #list > 0 then return list end
  end
  return { { path = path, format = format, slug = names.slug(path) } }
end

---Jobs of std.normalize for several inputs; no two write to one folder.
---@param paths string[]
---@param format string
---@param out string folder that gets a root for each
---@return table[] jobs
function M.jobs(paths, format, out)
  local jobs, taken = {}, {}
  for _, path in ipairs(paths) do
    for _, input in ipairs(M.of(path, format)) do
      local slug, n = input.slug, 1
      while taken[slug] do
        n = n + 1
        slug = input.slug .. "-" .. n
      end
      taken[slug] = true
      input.slug, input.out = slug, fs.join(out, slug)
      jobs[#jobs + 1] = input
    end
  end
  return jobs
end

return M
