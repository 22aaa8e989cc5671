-- SPDX-License-Identifier: Apache-2.0
-- std.compose: texts: interpolation, .env files, sizes, durations, commands, and YAML as written.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local dotenv = require "std.compose.dotenv"
local emit = require "std.yaml.emit"
local fs = require "std.fs"
local interpolate = require "std.compose.interpolate"
local lab = dofile(here .. "/compose_lab.lua")
local units = require "std.compose.units"
local words = require "std.compose.words"
local yaml = require "std.yaml"

local project, refused = lab.project, lab.refused

describe("std.compose texts", function()
  before_each(lab.open)
  after_each(lab.close)

  describe("interpolation", function()
    local values = { SET = "value", EMPTY = "" }
    local cases = {
      { "$SET", "value" }, { "${SET}", "value" }, { "a${SET}b", "avalueb" }, { "$$SET", "$SET" },
      { "${UNSET}", "" }, { "${UNSET:-d}", "d" }, { "${EMPTY:-d}", "d" }, { "${EMPTY-d}", "" },
      { "${UNSET-d}", "d" }, { "${SET:-d}", "value" }, { "${SET:+o}", "o" }, { "${EMPTY:+o}", "" },
      { "${EMPTY+o}", "o" }, { "${UNSET+o}", "" }, { "${UNSET:-${SET}}", "value" },
      { "${UNSET:-${ALSO:-deep}}", "deep" }, { "${SET:?no}", "value" }, { "${UNSET:-a b:c}",
        "a b:c" }, { "a $ b$1$", "a $ b$1$" },
      { "${SET:-${UNSET:?never}}", "value" }, { "no variable", "no variable" },
    }
    for _, case in ipairs(cases) do
      it(("%s is %q"):format(case[1], case[2]), function()
        assert.equal(case[2], interpolate.text(case[1], {
          get = function(name) return values[name] end }))
      end)
    end

    it("names a required variable, its message and its place", function()
      assert.equal("compose: compose.yaml:3:5: required variable TAG is missing a value: set it",
        refused { ["compose.yaml"] = "services:\n  a:\n    image: x:${TAG:?set it}\n" })
      assert.equal("compose: compose.yaml:3:5: required variable TAG is missing a value",
        refused({ ["compose.yaml"] = "services:\n  a:\n    image: x:${TAG:?}\n" },
          { env = { TAG = "" } }))
    end)

    for _, text in ipairs { "${", "${A", "${A:b}", "${}", "${A:-${B}" } do
      it("refuses " .. text, function()
        local found = refused { ["compose.yaml"] =
          "services:\n  a:\n    image: '" .. text .. "'\n" }
        assert.is_truthy(found:find("compose.yaml:3:5: invalid interpolation format", 1, true))
      end)
    end

    it("lists variables that are used and those that are missing", function()
      local p = project { ["compose.yaml"] = "services:\n  a:\n    image: x:$A$B\n",
        [".env"] = "A=1\nC=3\n" }
      assert.equal("x:1", p.services.a.image)
      assert.equal("B", p.missing[1].name)
      assert.equal(3, p.missing[1].place.line)
      assert.is_truthy(p.used.A)
      assert.is_nil(p.used.C)
    end)
  end)

  describe(".env", function()
    it("knows quotes, comments, export and variables", function()
      local text = "# c\nA=1 # c\nexport B='$A x'\nC=\"l1\\nl2 $A\"\nD=${A:-z}#no\nE=\nF\n" ..
        "G='two\nlines'\nH=\"\\$A\"\nI: yaml\n"
      local got = {}
      local entries = dotenv.parse(text, { file = ".env" })
      for _, entry in ipairs(entries) do got[entry.key] = entry.value or false end
      assert.same({ A = "1", B = "$A x", C = "l1\nl2 1", D = "1#no", E = "", F = false,
        G = "two\nlines", H = "$A", I = "yaml" }, got)
      assert.equal(10, entries[8].place.line)
    end)

    it("is beneath the process's variables; another file can be named", function()
      local files = { ["compose.yaml"] = "services: {a: {image: 'x:$T'}}", [".env"] = "T=file\n",
        ["other.env"] = "T=other\n" }
      assert.equal("x:file", project(files).services.a.image)
      assert.equal("x:shell", project(files, { env = { T = "shell" } }).services.a.image)
      assert.equal("x:other", project(files, { env_files = { fs.join(lab.dir.path, "other.env") } })
        .services.a.image)
    end)

    it("refuses what is no assignment, with its line", function()
      assert.equal("compose: .env:2:1: expected NAME=value", refused {
        ["compose.yaml"] = "services: {}", [".env"] = "A=1\n!x\n" })
      assert.equal("compose: .env:1:1: the quote is not closed", refused {
        ["compose.yaml"] = "services: {}", [".env"] = "A=\"1\n" })
      assert.equal("compose: .env:1:1: unexpected text after the value", refused {
        ["compose.yaml"] = "services: {}", [".env"] = "PASSWORD=\"half\"other\n" })
    end)
  end)

  describe("units", function()
    it("reads sizes and durations", function()
      for text, want in pairs { ["1G"] = 2 ^ 30, ["1024M"] = 2 ^ 30, ["1gb"] = 2 ^ 30,
        ["512k"] = 524288, ["1.5g"] = 1610612736, ["100"] = 100, ["2GiB"] = 2 ^ 31,
        ["7b"] = 7 } do
        assert.equal(want, units.bytes(text), text)
      end
      for text, want in pairs { ["10s"] = 10, ["1m30s"] = 90, ["500ms"] = 0.5, ["1h"] = 3600,
        ["0"] = 0, ["1.5s"] = 1.5 } do
        assert.equal(want, units.duration(text), text)
      end
      for _, text in ipairs { "", "x", "1x", "-1s", "10" } do
        assert.is_nil(units.duration(text), text)
      end
      assert.is_nil(units.bytes("1z"))
    end)

    it("writes them", function()
      assert.equal("1G", units.show_bytes(2 ^ 30))
      assert.equal("1536M", units.show_bytes(1536 * 2 ^ 20))
      assert.equal("1m30s", units.show_duration(90))
      assert.equal("500ms", units.show_duration(0.5))
      assert.equal("0s", units.show_duration(0))
    end)

    it("splits commands as a shell does", function()
      assert.same({ "sh", "-c", "echo 'a b' $X", "c d", "" },
        words.split [[sh -c "echo 'a b' $X" c\ d '']])
      assert.is_nil(words.split "a 'b")
    end)
  end)
end)

describe("std.yaml.encode", function()
  it("writes what std.yaml reads back", function()
    local value = { a = "text with: colon", b = { "1", 1, true, "true", "", "no", "a b" },
      c = { d = {}, e = yaml.null }, ["key: odd"] = "2026-01-01", f = "line\nbreak", g = "1:30",
      h = "- x", i = "#c", j = "a #c", k = "!x", l = "0x1f", m = "*a", n = "$HOME/x" }
    assert.same(value, yaml.decode(yaml.encode(value)))
  end)

  it("quotes what YAML 1.1 readers take for numbers", function()
    for _, text in ipairs { ".inf", ".Inf", ".NAN", "-.inf", ".5", "1e3", "1:20", "0x1f" } do
      assert.equal(('"%s"\n'):format(text), emit.text(text))
    end
  end)

  it("escapes what YAML 1.1 readers fold as the end of a line or refuse", function()
    assert.equal([["a\u0085b \u2028 \u2029\u009f\u007f\ufeff\uffff ü"]] .. "\n",
      emit.text "a\u{85}b \u{2028} \u{2029}\u{9f}\u{7f}\u{feff}\u{ffff} ü")
  end)

  it("puts tags before values", function()
    assert.equal("a: !override\n  - x\nb: !reset null\n", yaml.encode {
      a = emit.tagged("!override", { "x" }), b = emit.tagged("!reset", yaml.null) })
  end)
end)
