-- SPDX-License-Identifier: Apache-2.0
-- Submits the generated files to the cluster that kubectl is set up for. Each is held to Argo's
-- schemas and rules before; where no cluster answers nothing is submitted, and it says so.

local error_of = require "std.error"
local files_of = require "pipelines.aphex.argo.files"
local json = require "std.json"
local process = require "std.process"
local stage = require "std.stage"
local tables = require "std.table"
local uv = require "luv"

-- kubectl asks the user's own programs for credentials: it sees what the user sees.
local function kubectl(words, stdin)
  return process.run { argv = tables.append({ "kubectl" }, words), stdin = stdin, timeout = 60,
    env = uv.os_environ(), merge_output = true }
end

-- A cluster that answers with a refusal is no cluster that does not answer.
local REFUSALS <const> = { "logged in", "[Uu]nauthorized", "[Ff]orbidden", "getting credentials" }

local function last_line(text) return text:match "([^\n]*)\n*$" end

-- true, or false and why none answers; nil, err where one refuses.
local function cluster_answers()
  local result, err = kubectl { "version", "--request-timeout=5s" }
  if not result then return nil, err end
  if result.code == 0 then return true end
  for _, pattern in ipairs(REFUSALS) do
    if result.stdout:find(pattern) then
      return nil, error_of.new { op = "kubectl version", code = "denied",
        message = last_line(result.stdout) }
    end
  end
  return false, result.timed_out and "it took more than 60 s" or last_line(result.stdout)
end

local function submit(files)
  local result, err = kubectl({ "apply", "-f", "-" }, files_of.text(files))
  if not result then return nil, err end
  if result.code ~= 0 then
    return nil, error_of.new { op = "kubectl apply", code = "failed",
      message = result.timed_out and "it took more than 60 s" or result.stdout:sub(-600) }
  end
  return (result.stdout:gsub("\n$", ""))
end

-- files_of.of gives only what keeps schemas and rules.
local function list(ctx, args, files, submitted, text)
  local found = json.array {}
  for _, key in ipairs(files_of.ORDER) do
    local one = files[key]
    if one then
      found[#found + 1] = { kind = one.kind, name = one.metadata.name,
        namespace = one.metadata.namespace, valid = true, submitted = submitted }
    end
  end
  if args.json then return ctx.out(json.encode(found)) end
  if submitted then return ctx.out(text) end
  for _, one in ipairs(found) do
    ctx.out(("%s/%s keeps Argo's schema and rules, not submitted (client dry run)"):format(
      one.kind:lower(), one.name))
  end
end

return stage {
  api = 1,
  name = "apply",
  help = "Submit the generated files to a cluster",
  description = "With the global --dry-run, or where no cluster answers, nothing is submitted. "
    .. "Exit 2: a file that Argo would refuse. Exit 3: no kubectl, or the cluster refused.",
  args = tables.append(tables.deep_copy(files_of.ARGS),
    { { name = "--json", kind = "flag", help = "Print what was submitted as JSON" } }),
  examples = { "lsqm aphex apply --repo acme/shop --url https://hooks.example.com",
    "lsqm aphex apply --dry-run=client" },
  run = function(ctx, args)
    local files, err = files_of.of(ctx.rules "argo", args)
    if not files then return nil, err end
    if ctx.dry_run then
      list(ctx, args, files, false)
      return 0
    end
    if not process.which "kubectl" then
      list(ctx, args, files, false)
      return nil, error_of.new { op = "aphex", code = "unavailable",
        message = "kubectl is not on PATH", hint = "lsqm aphex generate -o DIR writes the files" }
    end
    local answers, why = cluster_answers()
    if answers == nil then return nil, why end
    local text
    if answers then
      text, err = submit(files)
      if not text then return nil, err end
    else
      ctx.log:warn("no cluster answers", { why = why })
    end
    list(ctx, args, files, answers, text)
    return 0
  end,
}
