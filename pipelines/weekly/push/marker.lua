-- SPDX-License-Identifier: Apache-2.0
-- The hidden comment that says what an issue of ours is about. It is how an issue is found again,
-- so everything that may change has a version: the comment itself (v) and the rule that made the
-- key (signature).
--
--   <!-- lsqm:issue v=2 kind=cause emulator=ministack version=1.5 signature=1 key=… … -->
--   …the text of ours; what people write before or after it is kept…
--   <!-- lsqm:end -->

local M = {}

-- 17 bytes each: GitHub allows a body 65536 characters.
M.LISTED = 2000

local END <const> = "<!-- lsqm:end -->"
local FIELDS <const> = { "kind", "emulator", "version", "signature", "key", "architectures",
  "more" }

local function word(value)
  return (tostring(value):gsub("[^%w._,+-]", "_"))
end

local function listed(hashes)
  local list = table.move(hashes, 1, math.min(#hashes, M.LISTED), 1, {})
  table.sort(list)
  return table.concat(list, ",")
end

---@param facts {kind: string, emulator: string, version: string, signature: any, key: string,
---  architectures: string[]}
---@return string
function M.format(facts)
  local shown = { kind = facts.kind, emulator = facts.emulator, version = facts.version,
    signature = facts.signature, key = facts.key, architectures = listed(facts.architectures),
    more = #facts.architectures > M.LISTED and #facts.architectures - M.LISTED or nil }
  local parts = { "<!-- lsqm:issue v=2" }
  for _, name in ipairs(FIELDS) do
    if shown[name] and shown[name] ~= "" then
      parts[#parts + 1] = name .. "=" .. word(shown[name])
    end
  end
  return table.concat(parts, " ") .. " -->"
end

---Our text between its two comments.
---@param facts table see format
---@param content string
---@return string
function M.wrap(facts, content)
  return M.format(facts) .. "\n" .. content .. "\n\n" .. END
end

---@param body any an issue's body
---@return table|nil facts as strings; architectures as a list; signature "1" for old comments
function M.parse(body)
  if type(body) ~= "string" then return nil end
  -- At the beginning of a line only: whoever quotes an issue of ours does not make another.
  local version, rest = ("\n" .. body):match("\n<!%-%- lsqm:issue v=(%d+) ([^<>]*)%-%->")
  if not version then return nil end
  local facts = { v = version, kind = "cause", signature = "1", architectures = {} }
  for name, value in rest:gmatch("(%w+)=(%S+)") do
    if name == "architectures" then
      for hash in value:gmatch("%x+") do table.insert(facts.architectures, hash) end
    else
      facts[name] = value
    end
  end
  return facts
end

---A body with our text renewed; what people wrote around it stays.
---@param body string|nil the issue's body
---@param section string from wrap
---@return string
function M.renew(body, section)
  if type(body) ~= "string" then return section end
  local from = body:find("<!-- lsqm:issue v=", 1, true)
  local _, to = body:find(END, from or 1, true)
  -- Before version 2 the whole body was ours.
  if not from or not to then return section end
  return body:sub(1, from - 1) .. section .. body:sub(to + 1)
end

-- The mark of our one comment under an issue.
M.COMMENT = "<!-- lsqm:comment v=1 -->"

---@param body any a comment's body
---@return boolean
function M.is_comment(body)
  return type(body) == "string" and body:find("<!-- lsqm:comment v=", 1, true) == 1
end

return M
