-- SPDX-License-Identifier: Apache-2.0
-- How test programs say what they ran: {name, find(text) → {passed =, failed =} or nil}. All that
-- are found in an output are added up; JUnit reports (XML files) win over what is printed.

local json = require "std.json"

local function number(text) return math.tointeger(tonumber(text or 0)) or 0 end

-- "3 failed, 22 passed, 1 skipped in 4.5s": the words may come in any order.
local function words(line, passed, failed)
  local counts = { passed = 0, failed = 0 }
  for count, word in line:gmatch "(%d+) ([%a]+)" do
    if passed[word] then counts.passed = counts.passed + number(count) end
    if failed[word] then counts.failed = counts.failed + number(count) end
  end
  return counts
end

local function add(a, b)
  if not a then return b end
  return { passed = a.passed + b.passed, failed = a.failed + b.failed }
end

return {
  { name = "pytest", find = function(text)
    local sum
    for line in text:gmatch "[^\n]+" do
      local tail = line:match "^=*%s*(%d+ [%a].-) in [%d.]+s"
      if tail then
        sum = add(sum, words(tail, { passed = true }, { failed = true, error = true,
          errors = true }))
      end
    end
    return sum
  end },
  { name = "jest", find = function(text)
    local sum
    for tail in ("\n" .. text):gmatch "\nTests:%s+([^\n]*total)" do
      sum = add(sum, words(tail, { passed = true }, { failed = true }))
    end
    return sum
  end },
  { name = "go test", find = function(text)
    local _, passed = text:gsub("%f[^\n\0]%s*%-%-%- PASS: ", "")
    local _, failed = text:gsub("%f[^\n\0]%s*%-%-%- FAIL: ", "")
    return passed + failed > 0 and { passed = passed, failed = failed } or nil
  end },
  -- One object a line; those of a package name no test.
  { name = "go test -json", find = function(text)
    local sum
    for line in text:gmatch "[^\n]+" do
      local event = line:find '^{.*"Test":' and json.decode(line)
      if type(event) == "table" and (event.Action == "pass" or event.Action == "fail") then
        sum = add(sum, { passed = event.Action == "pass" and 1 or 0,
          failed = event.Action == "fail" and 1 or 0 })
      end
    end
    return sum
  end },
}
