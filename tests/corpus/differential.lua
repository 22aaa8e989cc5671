-- SPDX-License-Identifier: Apache-2.0
-- Does the Terraform mean what the template means? Deploys the original template through an
-- emulator's own CloudFormation API and our Terraform on a second fresh emulator, and compares what
-- is there afterwards:
--   lsqm exec tests/corpus/differential.lua [only=TEXT] [limit=N] [jobs=N] [batch=N]
--     [emulator=NAME] [corpus=DIR] [samples] [show]
-- Templates: our samples and the corpus' main templates of cfn, sam and cdk that normalise; those
-- that the emulator's CloudFormation refuses are listed with its reason. Each template has an
-- emulator of its own; the Terraform of `batch` templates that share no name is applied at once, as
-- modules, because the provider's start is most of an apply. `show` lists what is explained too.
-- The template's side is kept in the cache. Exit 1: a difference that nobody explained.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local corpus_of = dofile(HERE .. "/corpus.lua")
local differential = dofile(HERE .. "/differential_sides.lua")
local json = require "std.json"
local parallel = require "std.parallel"

-- Names that a template chose itself: two templates with the same one never meet in an account.
local function batches(items, size)
  local list = {}
  for _, item in ipairs(items) do
    local keys = {}
    for _, entry in ipairs(item.left.inventory) do keys[entry.kind .. " " .. entry.key] = true end
    local chosen
    for _, batch in ipairs(list) do
      local free = #batch.items < size
      for key in pairs(keys) do free = free and not batch.keys[key] end
      if free then chosen = batch break end
    end
    if not chosen then
      chosen = { items = {}, keys = {} }
      list[#list + 1] = chosen
    end
    chosen.items[#chosen.items + 1] = item
    for key in pairs(keys) do chosen.keys[key] = true end
  end
  return list
end

local function short(value)
  local text = type(value) == "string" and value or json.encode(value)
  return #text > 300 and text:sub(1, 300) .. "…" or text
end

local function print_result(result, show)
  local item = result.item
  if result.status == "unsupported" then return end
  if not result.differences then
    return print(("%-10s %s: %s"):format(result.status, item.path, short(result.reason)))
  end
  print(("%-10s %s: %d resources, %d attributes, %d differences, %d explained"):format(
    result.status, item.path, result.resources, result.attributes, #result.differences,
    #result.differences - result.open))
  for _, d in ipairs(result.differences) do
    if show or not d.reason then
      print(("    %s %s %s: template %s, terraform %s%s"):format(d.kind, d.key, d.path,
        short(d.template), short(d.terraform), d.reason and " [" .. d.reason .. "]" or ""))
    end
  end
end

local function summary(results)
  local counts = { same = 0, different = 0, refused = 0, apply = 0, unsupported = 0 }
  local resources, attributes, differences, open = 0, 0, 0, 0
  for _, result in ipairs(results) do
    counts[result.status] = counts[result.status] + 1
    if result.differences then
      resources, attributes = resources + result.resources, attributes + result.attributes
      differences, open = differences + #result.differences, open + result.open
    end
  end
  print(("%d templates deployed both ways: %d resources, %d attributes, %d differences, "
    .. "%d explained"):format(counts.same + counts.different, resources, attributes, differences,
    differences - open))
  print(("not compared: %d refused by the emulator's CloudFormation, %d not applied, "
    .. "%d not normalised"):format(counts.refused, counts.apply, counts.unsupported))
  return open
end

local function main(...)
  local options = corpus_of.options({ jobs = 1, batch = 10 }, ...)
  local lab = assert(differential.lab(options))
  local results, ready, strangers = {}, {}, 0
  local function add(result)
    results[#results + 1] = result
    print_result(result, options.show)
    io.stdout:flush()
  end
  local converted = {}
  for _, item in ipairs(corpus_of.templates(options)) do
    local ended = differential.convert(lab, item)
    if ended then add(ended) else converted[#converted + 1] = item end
  end
  parallel.map(converted, function(item)
    local ended = differential.template(lab, item)
    if ended then add(ended) else ready[#ready + 1] = item end
  end, { limit = options.jobs })
  table.sort(ready, function(a, b) return a.path < b.path end)
  parallel.map(batches(ready, options.batch), function(batch)
    local list, unowned = differential.compare(lab, batch.items)
    for _, result in ipairs(list) do add(result) end
    for _, entry in ipairs(unowned) do
      strangers = strangers + 1
      print(("stranger   %s %s: of no resource"):format(entry.kind, entry.key))
    end
  end, { limit = options.jobs })
  lab.close()
  return summary(results) + strangers > 0 and 1 or 0
end

os.exit(main(...))
