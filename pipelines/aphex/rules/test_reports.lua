-- SPDX-License-Identifier: Apache-2.0
-- How test programs say what they ran: {name, find(text) → {passed =, failed =} or nil}. All that
-- are found in an output are added up; JUnit reports (XML files) win over what is printed.

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

local function last_match(text, pattern)
  local found
  for line in text:gmatch "[^\n]+" do found = line:match(pattern) or found end
  return found
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
    local tail = last_match(text, "^Tests:%s+(.*total.*)$")
    return tail and words(tail, { passed = true }, { failed = true })
  end },
  { name = "go test", find = function(text)
    local _, passed = text:gsub("%f[^\n\0]%s*%-%-%- PASS: ", "")
    local _, failed = text:gsub("%f[^\n\0]%s*%-%-%- FAIL: ", "")
    return passed + failed > 0 and { passed = passed, failed = failed } or nil
  end },
}
