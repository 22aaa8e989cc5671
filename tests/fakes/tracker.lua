-- SPDX-License-Identifier: Apache-2.0
-- An issue tracker in memory that answers like std.github.issues; counts what is written.

local tables = require "std.table"

local M = {}

local Tracker = {}
Tracker.__index = Tracker

---@param options table|nil {now = seconds of its clock}
function M.new(options)
  return setmetatable({ issues = {}, discussions = {}, writes = {}, faults = {},
    now = options and options.now or 1768000000, next_comment = 1 }, Tracker)
end

local function stamp(self) return os.date("!%Y-%m-%dT%H:%M:%SZ", self.now) end

local function fault(self, verb)
  local list = self.faults[verb]
  local err = list and table.remove(list, 1)
  if err then return setmetatable(err, { __tostring = function(e) return e.message end }) end
end

function Tracker:list()
  local err = fault(self, "list")
  if err then return nil, err end
  local list = {}
  for i, issue in ipairs(self.issues) do list[i] = tables.copy(issue) end
  return list
end

function Tracker:create(fields)
  local err = fault(self, "create")
  if err then return nil, err end
  local number = #self.issues + 1
  local issue = { number = number, state = "open", title = fields.title, body = fields.body,
    labels = fields.labels, trusted = true, created_at = stamp(self),
    html_url = "https://example.org/issues/" .. number }
  self.issues[number] = issue
  table.insert(self.writes, "create " .. number)
  return tables.copy(issue)
end

function Tracker:edit(number, fields)
  local err = fault(self, "edit")
  if err then return nil, err end
  local issue = assert(self.issues[number])
  for key, value in pairs(fields) do issue[key] = value end
  if fields.state then issue.closed_at = fields.state == "closed" and stamp(self) or nil end
  table.insert(self.writes, "edit " .. number)
  return tables.copy(issue)
end

function Tracker:comments(number) return self.discussions[number] or {} end

function Tracker:comment(number, body)
  local err = fault(self, "comment")
  if err then return nil, err end
  self.discussions[number] = self.discussions[number] or {}
  table.insert(self.discussions[number], { id = self.next_comment, body = body, trusted = true })
  self.next_comment = self.next_comment + 1
  table.insert(self.writes, "comment " .. number)
  return true
end

function Tracker:edit_comment(id, body)
  for number, list in pairs(self.discussions) do
    for _, one in ipairs(list) do
      if one.id == id then
        one.body = body
        table.insert(self.writes, "edit comment of " .. number)
        return true
      end
    end
  end
  error("no comment " .. id)
end

---Forgets what was written so far: tests count from here.
function Tracker:forget_writes() self.writes = {} end

function Tracker:open()
  local list = {}
  for _, issue in ipairs(self.issues) do
    if issue.state == "open" then list[#list + 1] = issue end
  end
  return list
end

return M
