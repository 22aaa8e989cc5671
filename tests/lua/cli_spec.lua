-- SPDX-License-Identifier: Apache-2.0
-- The program as its users meet it: exit codes and what stands on stderr first.
local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"
local uv = require "luv"

local lsqm = uv.exepath()

local function run(args, options)
  options = options or {}
  local argv = { lsqm, table.unpack(args) }
  return assert(process.run { argv = argv, cwd = options.cwd or "/tmp", timeout = 60,
    env = options.env or {} })
end

local function script(text, args)
  local dir <close> = assert(fs.tempdir("cli-"))
  local path = dir.path .. "/script.lua"
  assert(fs.write(path, text))
  local result = run { "exec", path, table.unpack(args or {}) }
  return result, path
end

-- Sends SIGINT once the program has said something; the result with all it wrote.
local function interrupt_when_ready(argv)
  local handle <close> = assert(process.start { argv = argv, timeout = 60, stream = true })
  local said = { stdout = "", stderr = "" }
  local stream, text = handle:read()
  uv.kill(handle.pid, "sigint")
  while stream do
    said[stream] = said[stream] .. text
    stream, text = handle:read()
  end
  said.code = assert(handle:wait()).code
  return said
end

local function first_line(text) return text:match("^[^\n]*") end

describe("lsqm", function()
  it("prints help and the version", function()
    assert.equal(0, run({}).code)
    assert.matches("Usage: lsqm", run({ "--help" }).stdout)
    assert.equal("lsqm " .. program.version .. "\n", run({ "--version" }).stdout)
  end)

  it("explains a command by `help COMMAND` as by --help", function()
    assert.equal(run({ "--help" }).stdout, run({ "help" }).stdout)
    local help = run { "help", "run" }
    assert.equal(run({ "run", "--help" }).stdout, help.stdout)
    for _, part in ipairs { "Run the whole weekly flow.", "--shard <i/n>", "lsqm --help" } do
      assert.contains(help.stdout, part)
    end
    assert.matches("^Usage: lsqm parity diff ", run({ "help", "parity", "diff" }).stdout)
    local wrong = run { "help", "vaildate" }
    assert.equal(2, wrong.code)
    assert.matches("Did you mean 'validate'?", wrong.stderr, 1, true)
  end)

  it("says what each further pipeline is for", function()
    local help = run({ "--help" }).stdout:gsub("%s+", " ")
    assert.contains(help, "aphex CDK projects through an Argo workflow")
    assert.is_nil(help:find("A pipeline:", 1, true))
  end)

  it("completes commands, stages of pipelines and options in bash", function()
    local function complete(line)
      local words = {}
      for word in (line .. "|"):gmatch("%S+") do words[#words + 1] = (word:gsub("|$", "")) end
      local argv = { "bash", "-c", 'eval "$("$1" completion bash)"; shift; COMP_WORDS=("$@"); '
        .. 'COMP_CWORD=$(($# - 1)); _lsqm; printf "%s " "${COMPREPLY[@]}"', "bash", lsqm,
        table.unpack(words) }
      return assert(process.run { argv = argv, timeout = 60, env = {} }).stdout
    end
    assert.equal("validate validator ", complete "lsqm val")
    assert.equal("--passes-on ", complete "lsqm reduce --pas")
    assert.equal("diff ", complete "lsqm parity di")
    assert.equal("--fail-on ", complete "lsqm parity diff --fa")
    for _, shell in ipairs { "zsh", "fish" } do
      assert.matches("passes%-on", run({ "completion", shell }).stdout)
    end
  end)

  it("refuses a --pipelines folder that is not there", function()
    local result = run { "--pipelines", "/nonexistent", "which", "rules.status" }
    assert.equal(2, result.code)
    assert.matches("--pipelines: no such folder: /nonexistent", result.stderr, 1, true)
  end)

  it("answers wrong usage with 2", function()
    local result = run { "frobnicate" }
    assert.equal(2, result.code)
    assert.matches("unknown command 'frobnicate'", result.stderr)
    assert.matches("hint: lsqm mine --help says more", run({ "mine", "--nope" }).stderr, 1, true)
    assert.equal(2, run({ "status", "--nope" }).code)
    assert.equal(2, run({ "status", "--parallel", "many" }).code)
  end)

  it("wants the options that a stage says must be given", function()
    local result = run { "normalize", "template.yaml" }
    assert.equal(2, result.code)
    assert.matches("missing option '-o'", result.stderr, 1, true)
  end)

  it("runs expressions and scripts, with their exit code", function()
    assert.equal("2\n", run({ "exec", "-e", "1 + 1" }).stdout)
    assert.equal(1, (script("local a = ...\nassert(a == 'x')\nreturn 1", { "x" })).code)
  end)

  it("ends with 3 where a script returns nil and an error, or the world fails in it", function()
    local result = script("return require('std.fs').read('/nonexistent')")
    assert.equal(3, result.code)
    assert.matches("lsqm: read: /nonexistent: No such file", result.stderr, 1, true)
    assert.equal(0, script("return nil").code)
    local path
    result, path = script("local e = require 'std.error'\n"
      .. "error(e.new { code = 'denied', message = 'read-only' }, 0)")
    assert.equal(3, result.code)
    assert.equal(("lsqm: read-only\n  at %s:2: in local 'chunk'\n"):format(path), result.stderr)
  end)

  it("shows a broken script's own file and line first, and exits 2", function()
    local cases = {
      { "local x = 1\nlocal y = nil\nreturn y.z", 3, "attempt to index a nil value" },
      { "local function f(", 1, "expected near <eof>" },
      { "x = 1", 1, "assignment to undeclared global 'x'" },
      { "return 1, pirnt", 1, "undefined global 'pirnt', did you mean \"print\"?" },
      { "local s = 1\nrequire 'std.sotre'", 2, "module 'std.sotre' not found" },
      { "local s = require 'std.fs'\ns.read(nil)", 2, "" },
    }
    for _, case in ipairs(cases) do
      local result, path = script(case[1])
      assert.equal(2, result.code, result.stderr)
      local head = first_line(result.stderr)
      local place = ("lsqm: %s:%d:"):format(path, case[2])
      assert.equal(place, head:sub(1, #place))
      assert.matches(case[3], head, 1, true)
    end
  end)

  it("shows what a script's own table says", function()
    assert.matches("^lsqm: { why = \"no\" }\n  at .*script%.lua:1:",
      script("error { why = 'no' }").stderr)
    assert.matches("^lsqm: mine\n",
      script("error(setmetatable({}, { __tostring = function() return 'mine' end }))").stderr)
    assert.matches("^lsqm: nil\n", script("error()").stderr)
    assert.equal("lsqm: { why = \"no\" }\n", script("return nil, { why = 'no' }").stderr)
    local wrong = script("error(setmetatable({}, { __tostring = function() error 'no' end }))")
    assert.equal(2, wrong.code)
    assert.matches("^lsqm: an error whose __tostring fails\n", wrong.stderr)
  end)

  it("says which module or function was meant", function()
    assert.matches("hint: std.fs has read\n",
      script("local fs = require 'std.fs'\nfs.raed('x')").stderr, 1, true)
    local lines = select(2, script("require 'std.sotre'").stderr:gsub("\n", ""))
    assert.equal(3, lines)
    assert.matches("did you mean \"store\"?", script("require 'std.sotre'").stderr, 1, true)
  end)

  it("ends an endless loop on Ctrl-C at the loop's line", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    local path = dir.path .. "/loop.lua"
    assert(fs.write(path, "io.stdout:write('ready\\n')\nio.stdout:flush()\nwhile true do end\n"))
    local result = interrupt_when_ready { lsqm, "exec", path }
    assert.equal(130, result.code)
    assert.matches(path .. ":3: interrupted", first_line(result.stderr), 1, true)
  end)

  it("ends on Ctrl-C while it looks at stages, though a broken one is no reason to end", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert(fs.mkdir(dir.path .. "/weekly"))
    assert(fs.write(dir.path .. "/weekly/broken.lua", "error('no')\n"))
    local argv = { lsqm, "--pipelines", dir.path, "help" }
    assert.equal(0, assert(process.run { argv = argv, timeout = 60 }).code)
    assert(fs.write(dir.path .. "/weekly/endless.lua",
      "io.stdout:write('ready\\n')\nio.stdout:flush()\nwhile true do end\n"))
    assert.equal(130, interrupt_when_ready(argv).code)
    -- a command looks at its own stage only
    argv[4], argv[5] = "which", "rules.status"
    assert.equal(0, assert(process.run { argv = argv, timeout = 20 }).code)
  end)

  it("cancels a waiting script on Ctrl-C and lets it clean up", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    local path = dir.path .. "/wait.lua"
    assert(fs.write(path, [[
      local parallel = require "std.parallel"
      local owned <close> = setmetatable({}, { __close = function() print("closed") end })
      -- said by another task, so this one waits by then
      parallel.spawn(function() io.stdout:write("ready\n") io.stdout:flush() end)
      parallel.sleep(60)
    ]]))
    local result = interrupt_when_ready { lsqm, "exec", path }
    assert.equal(130, result.code)
    assert.matches("closed", result.stdout)
  end)

  it("reports a bad configuration with 2 and a hint", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    local path = dir.path .. "/c.lua"
    assert(fs.write(path, "return { paralel = 3 }"))
    local result = run { "--config", path, "status" }
    assert.equal(2, result.code)
    assert.matches("did you mean 'parallel'?", result.stderr, 1, true)
    assert.equal(2, run({ "--config", dir.path .. "/none.lua", "status" }).code)
  end)
end)

describe("stdout", function()
  local function shell(command)
    local argv = { "sh", "-c", command, "sh", lsqm }
    return assert(process.run { argv = argv, cwd = "/tmp", timeout = 60, env = {} })
  end

  it("that is full or closed makes the command fail, whatever else it found", function()
    for _, target in ipairs { ">/dev/full", ">&-" } do
      for _, command in ipairs { "which rules.status", "--help" } do
        local result = shell(('exec "$1" %s %s'):format(command, target))
        assert.equal(3, result.code, command .. target)
        assert.equal("lsqm: stdout: not all of the output could be written\n", result.stderr)
      end
    end
    assert.equal(0, shell('exec "$1" which rules.status <&-').code)
  end)

  it("whose reader went away ends nothing and complains of nothing", function()
    local result = shell('{ "$1" exec -e "(\'x\'):rep(1000000)"; echo "code $?" >&2; } | head -c 1')
    assert.equal("code 0\n", result.stderr)
  end)
end)

describe("a folder of one's own", function()
  it("shadows one stock file and only where lsqm init made it", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    local made = run { "init", dir.path }
    assert.equal(0, made.code, made.stderr)
    local which = run({ "which", "rules.status" }, { cwd = dir.path })
    assert.matches("* project", which.stdout, 1, true)
    assert(fs.remove(dir.path .. "/.lsqm"))
    which = run({ "which", "rules.status" }, { cwd = dir.path })
    assert.not_matches("project", which.stdout, 1, true)
    assert.equal(1, run({ "which", "rules.nothing" }).code)
  end)

  it("brings its configuration, where lsqm init made it and none is named", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert.equal(0, run({ "init", dir.path }).code)
    assert(fs.write(dir.path .. "/lsqm.lua", "return { retries = 7 }"))
    assert(fs.write(dir.path .. "/other.lua", "return { retries = 8 }"))
    local function retries(...)
      local args = { ... }
      table.move({ "exec", "-e", "(...).config.retries" }, 1, 3, #args + 1, args)
      return run(args, { cwd = dir.path }).stdout
    end
    assert.equal("7\n", retries())
    assert.equal("8\n", retries("--config", "other.lua"))
    assert(fs.remove(dir.path .. "/.lsqm"))
    assert.equal("1\n", retries())
  end)

  it("has the types of std.* for editors, and they say what the modules have", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert.equal(0, run({ "init", dir.path }).code)
    assert.contains(assert(fs.read(dir.path .. "/.luarc.json")), '".lsqm-types"')
    local checked = 0
    for _, name in ipairs(program.std_names()) do
      local path = ("%s/.lsqm-types/std/%s.lua"):format(dir.path, name)
      local globals = {}
      local real, types = require("std." .. name), assert(loadfile(path, "t", globals))()
      assert.same({}, globals, name)
      for key, value in pairs(type(real) == "table" and real or {}) do
        if type(value) == "function" then
          assert.equal("function", type(types[key]), name .. " lacks " .. key)
          checked = checked + 1
        end
      end
      for key, value in pairs(types or {}) do
        if type(value) == "function" then assert.is_function(real[key], name .. " has " .. key) end
      end
    end
    assert.is_true(checked > 200, checked)
    local store = assert(fs.read(dir.path .. "/.lsqm-types/std/store.lua"))
    assert.contains(store, "---@param word string\n---@return lsqm.Run|nil\n"
      .. "---@return lsqm.Error|nil\nfunction Store:find_run(word) end\n")
    assert.is_nil(store:find("readonly = (options", 1, true))
    assert.contains(assert(fs.read(dir.path .. "/.lsqm-types/std/store/runs.lua")),
      "---@class lsqm.Run")
  end)

  it("gets further stock files by name, and nothing that was deleted", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert.equal(0, run({ "init", dir.path }).code)
    local prompt = dir.path .. "/pipelines/weekly/prompts/system.lua"
    local status = dir.path .. "/pipelines/weekly/rules/status.lua"
    assert(fs.remove(status))
    assert.is_false(fs.exists(prompt))
    local made = run({ "init", "--copy", "prompts.system" }, { cwd = dir.path })
    assert.equal(0, made.code, made.stderr)
    assert.equal(fs.read(program.share .. "/pipelines/weekly/prompts/system.lua"), fs.read(prompt))
    assert.is_false(fs.exists(status))
    assert(fs.write(prompt, "-- mine\n"))
    assert.equal(0, run({ "init", "--copy", "prompts.system" }, { cwd = dir.path }).code)
    assert.equal("-- mine\n", fs.read(prompt))
    local outside = run({ "init", "--copy", "../../stdlib/boot.lua" }, { cwd = dir.path })
    assert.equal(2, outside.code)
    assert.matches("no stock file", outside.stderr, 1, true)
    local wrong = run({ "init", "--copy", "prompts.sytem" }, { cwd = dir.path })
    assert.equal(2, wrong.code)
    assert.matches("no stock file pipelines/weekly/prompts/sytem.lua", wrong.stderr, 1, true)
  end)

  it("brings stages and pipelines of its own", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert(fs.mkdir(dir.path .. "/demo"))
    assert(fs.write(dir.path .. "/demo/hello.lua", [[
return require "std.stage" {
  api = 1, name = "hello", help = "Greet",
  args = { { name = "who" }, { name = "--times", type = "integer", default = 1 } },
  run = function(ctx, args)
    for _ = 1, args.times do ctx.out("hello " .. args.who) end
    return 1
  end,
}
]]))
    local result = run { "--pipelines", dir.path, "demo", "hello", "you", "--times", "2" }
    assert.equal("hello you\nhello you\n", result.stdout, result.stderr)
    assert.equal(1, result.code)
    assert.matches("hello%s+Greet", run({ "--pipelines", dir.path, "demo", "--help" }).stdout)
    assert.equal(2, run({ "--pipelines", dir.path, "demo" }).code)
    assert.equal(2, run({ "--pipelines", dir.path, "demo", "hello" }).code)
  end)

  it("is checked without being run", function()
    local dir <close> = assert(fs.tempdir("cli-"))
    assert(fs.mkdir(dir.path .. "/weekly"))
    assert(fs.write(dir.path .. "/weekly/extra.lua", "return require 'std.stage' { api = 1 }"))
    local result = run { "--pipelines", dir.path, "check" }
    assert.equal(2, result.code)
    assert.matches("weekly/extra.lua:1", result.stdout, 1, true)
  end)
end)
