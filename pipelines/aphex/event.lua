-- SPDX-License-Identifier: Apache-2.0
-- Reads a GitHub push webhook: signature, kind, branch.

local error_of = require "std.error"
local event_of = require "pipelines.aphex.model.event"
local fs = require "std.fs"
local json = require "std.json"
local stage = require "std.stage"

local function body_of(path)
  if path == "-" then return io.read "a" end
  return fs.read(path)
end

-- Without a secret nobody knows who sent it: that has to be said.
local function verify(body, args)
  local secret = os.getenv "GITHUB_WEBHOOK_SECRET"
  if secret and secret ~= "" then return event_of.verify(body, args.signature, secret) end
  if args.unsigned then return true end
  return nil, error_of.new { op = "webhook", code = "denied",
    message = "there is no secret to check the signature with",
    hint = "set GITHUB_WEBHOOK_SECRET, or say --unsigned" }
end

return stage {
  api = 1,
  name = "event",
  help = "Read a GitHub push webhook",
  description = "Exit 0: a push that starts a workflow, printed as GitHubEvent. Exit 1: one that "
    .. "starts nothing. Exit 3: malformed, or not GitHub's.",
  args = {
    { name = "payload", kind = "positional", help = "File with the body, or - for standard input" },
    { name = "--signature", kind = "option", metavar = "TEXT",
      help = "The header X-Hub-Signature-256" },
    { name = "--unsigned", kind = "flag", help = "Believe it without a signature" },
    { name = "--branch", kind = "option", repeatable = true, metavar = "PATTERN",
      help = "Branches that start a workflow (default: main)" },
    { name = "--json", kind = "flag", help = "Print why a push starts nothing as JSON, too" },
  },
  run = function(ctx, args)
    local body, err = body_of(args.payload)
    if not body then return nil, err end
    local ok
    ok, err = verify(body, args)
    if not ok then return nil, err end
    local event
    event, err = event_of.parse(body)
    if not event and err.code ~= "ignored" then return nil, err end
    local branches = args.branch and #args.branch > 0 and args.branch or { "main" }
    local why = not event and err.message
    if event and not event_of.is_wanted(event, branches) then
      why = event.branch .. " is none of " .. table.concat(branches, ", ")
    end
    if not why then
      ctx.out(json.encode(event))
      return 0
    end
    ctx.out(args.json and json.encode { ignored = why } or "ignored: " .. why:gsub("%c", "?"))
    return 1
  end,
}
