-- SPDX-License-Identifier: Apache-2.0
local progress = require "std.progress"

-- A terminal that keeps its screen: text, line breaks, and the two sequences that are used.
local function terminal()
  local self = { rows = { "" }, at = 1 }
  local function sequence(count, letter)
    if letter == "A" then
      self.at = self.at - tonumber(count)
      assert(self.at >= 1, "above the screen")
    else
      assert(letter == "J", "unknown sequence " .. letter)
      for i = self.at + 1, #self.rows do self.rows[i] = nil end
      self.rows[self.at] = ""
    end
  end
  local function put(char)
    if char == "\n" then
      self.at = self.at + 1
      self.rows[self.at] = self.rows[self.at] or ""
    elseif char ~= "\r" then
      self.rows[self.at] = self.rows[self.at] .. char
    end
  end
  function self.write(text)
    while text ~= "" do
      local count, letter, rest = text:match("^\27%[(%d*)(%a)(.*)$")
      if letter then
        sequence(count, letter)
      else
        put(text:sub(1, 1))
      end
      text = rest or text:sub(2)
    end
  end
  return self
end

describe("progress", function()
  local now, screen, bars

  before_each(function()
    now, screen = 0, terminal()
    bars = progress.new { terminal = true, write = screen.write, clock = function() return now end,
      columns = function() return 70 end }
  end)

  it("shows what runs and how long on a terminal", function()
    local task <close> = bars:task("validate", 3)
    local a = task:begin("order-intake")
    now = 5
    task:begin("thumbnail-job")
    now = 65
    task:draw()
    assert.same({ "      1:05  order-intake", "      1:00  thumbnail-job",
      "validate [" .. (" "):rep(24) .. "] 0/3  1:05" }, screen.rows)
    task:step("PASSED order-intake", a)
    assert.same({ "  PASSED order-intake", "      1:00  thumbnail-job",
      "validate [########                ] 1/3  1:05" }, screen.rows)
  end)

  it("tells what is left by what the steps behind it took", function()
    local task <close> = bars:task("validate", 2, 40)
    local a, b = task:begin("a", 10), task:begin("b", 30)
    now = 20
    task:draw()
    assert.not_matches("left", screen.rows[3])
    task:step(nil, a) -- behind: 10 of a, 20 of b; 10 of 40 are left
    assert.matches("0:20, about 0:07 left", screen.rows[2])
    now = 60 -- b takes longer than thought: what is left is never less than nothing
    task:draw()
    assert.matches("1:00, about 0:00 left", screen.rows[2])
    task:step(nil, b)
    assert.matches("2/2", screen.rows[1])
  end)

  it("leaves only lines when it is done, also those of others", function()
    local log = progress.above { write = function(_, text)
      screen.write(text)
      return true
    end }
    do
      local task <close> = bars:task("validate", 1)
      local item = task:begin("a")
      log:write("a warning\n")
      task:draw()
      bars:line("a line")
      task:draw()
      task:step("PASSED a", item)
    end
    assert.same({ "a warning", "a line", "  PASSED a", "" }, screen.rows)
  end)

  it("shows no more than ten that run, and no row that wraps", function()
    local task <close> = bars:task("validate", 12)
    for i = 1, 12 do task:begin(("long name %d "):format(i) .. ("\u{fc}"):rep(80)) end
    assert.equal(12, #screen.rows)
    assert.equal("  and 2 more", screen.rows[11])
    for _, row in ipairs(screen.rows) do assert.is_true(utf8.len(row) < 70) end
    assert.equal(69, utf8.len(screen.rows[1]))
  end)

  it("lets no control character of a name or a reason through", function()
    local task <close> = bars:task("validate", 1)
    local item = task:begin("evil\27[2Jname")
    assert.matches("evil %[2Jname", screen.rows[1])
    task:step("FAILED \27]0;title\7", item)
    assert.matches("FAILED  %]0;title ", screen.rows[1])
  end)

  it("draws again while nothing happens, until it is done", function()
    local parallel = require "std.parallel"
    local drawn = parallel.event()
    local task = bars:task("validate", 1)
    task:begin("a")
    bars.write = function(text)
      screen.write(text)
      drawn:set()
    end
    assert.is_true(parallel.timeout(20, function()
      drawn:wait()
      return true
    end))
    task:done()
    assert.is_nil(task.ticker)
    assert.same({ "" }, screen.rows)
  end)

  it("writes plain lines elsewhere, and nothing when it is to be quiet", function()
    local text = {}
    local plain = progress.new { terminal = false, write = function(part)
      text[#text + 1] = part
    end }
    do
      local task <close> = plain:task("validate", 2)
      local item = task:begin("a")
      task:draw()
      task:step("PASSED a", item)
      task:step()
    end
    assert.same({ "validate 1/2: PASSED a\n", "validate 2/2\n" }, text)
    local quiet = progress.new { terminal = true, quiet = true, write = error }
    local task <close> = quiet:task("validate", 1)
    task:step("PASSED a", task:begin("a"))
  end)
end)
