-- SPDX-License-Identifier: Apache-2.0
-- The expressions of workflow files: ${{ }} and conditions.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local hash_files = require "pipelines.parity.ci.hash_files"
local json = require "std.json"

describe("parity ci expressions", function()
  local scope = { status = "success", hash_files = function(glob) return "hash of " .. glob end,
    contexts = { matrix = { os = "Linux", n = 3 }, env = { EMPTY = "", A = "x" },
      needs = { build = { result = "success", outputs = { version = "1.2" } },
        ["build-it"] = { result = "failure" } },
      github = { labels = { "Bug", "ui" }, list = { { name = "a" }, { name = "b" } },
        map = { y = 2, x = 1 } },
      steps = {}, secrets = {} } }
  local cases = {
    { "1 == 1", true }, { "'a' == 'A'", true }, { "'1' == 1", true }, { "null == ''", true },
    { "true == 1", true }, { "1 < 2 && 2 < 3", true }, { "!(1 > 2)", true }, { "'b' > 'A'", true },
    { "matrix.os", "Linux" }, { "matrix['os']", "Linux" }, { "matrix.missing", json.null },
    { "matrix.missing || 'd'", "d" }, { "env.EMPTY && 'x' || 'y'", "y" },
    { "needs.build.outputs.version", "1.2" }, { "needs.build-it.result == 'failure'", true },
    { "contains(github.labels, 'bug')", true }, { "contains('Hello', 'ell')", true },
    { "startsWith('Abc', 'aB')", true }, { "endsWith('Abc', 'BC')", true },
    { "format('{0}-{1} {{x}}', 'a', 2)", "a-2 {x}" }, { "join(github.labels, '+')", "Bug+ui" },
    { "join(github.list.*.name)", "a,b" }, { "fromJSON('[1, 2]')[1]", 2 },
    { "fromJSON('{\"80\": \"x\"}')[80]", "x" },
    { "toJSON(matrix.n)", "3" }, { "hashFiles('x')", "hash of x" }, { "success()", true },
    { "failure() || always()", true }, { "0x10", 16 }, { "'it''s'", "it's" },
    { "MATRIX.OS", "Linux" }, { "-1.5 < 0", true }, { "true && false", false },
    { "1 == 1 && 1 == 2 || 'none'", "none" }, { "!(true && false)", true },
    { "case(1 == 2, 'a', true, 'b', 'c')", "b" }, { "case(false, 'a', 'c')", "c" },
    { "github.map.*", "(1)(2)" }, { "'a' < 'B'", true }, { "'x' < 1", false },
    { "' ' == 0", true },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local value = expression.value(case[1], scope)
      if type(value) == "table" then value = "(" .. table.concat(value, ")(") .. ")" end
      assert.equal(case[2], value)
    end)
  end

  it("fill texts and keep the kind of a lone expression", function()
    assert.equal("n=3 os=Linux", expression.fill("n=${{ matrix.n }} os=${{matrix.os}}", scope))
    assert.equal(3, expression.fill("${{ matrix.n }}", scope))
    assert.equal("", expression.text(expression.fill("${{ matrix.no }}", scope)))
    assert.equal("{a}!", expression.fill("${{ format('{{{0}}}', 'a') }}!", scope))
    assert.same({ "x", { n = 3 } }, expression.fill_all({ "x", { n = "${{ matrix.n }}" } }, scope))
  end)

  it("need success unless they ask for a status", function()
    local failed = { status = "failure", contexts = scope.contexts }
    assert.is_false(expression.condition(nil, failed))
    assert.is_false(expression.condition("matrix.n == 3", failed))
    assert.is_true(expression.condition("always()", failed))
    assert.is_true(expression.condition("${{ failure() && matrix.n == 3 }}", failed))
    assert.is_true(expression.condition(nil, scope))
    assert.is_false(expression.condition(false, scope))
    assert.is_false(expression.condition("contains('failure()', 'x') || true", failed))
    assert.is_true(expression.condition("${{ false }} && ${{ false }}", scope))
  end)

  for _, text in ipairs { "1 ==", "nope.x", "lost()", "'open", "a b", "(1", "#",
    "contains('a')", "format('{1}', 'a')", ("("):rep(51) .. "1" .. (")"):rep(51),
    ("!"):rep(60) .. "true" } do
    it("refuse " .. text, function()
      local ok, err = pcall(expression.value, text, scope)
      assert.is_false(ok)
      assert.is_true(error_of.is(err), tostring(err))
    end)
  end

  it("hash files as GitHub does, the digests of those that fit in order", function()
    local dir <close> = assert(fs.tempdir())
    for name, text in pairs { ["a.lock"] = "1", ["b.lock"] = "2", ["sub/c.lock"] = "3" } do
      fs.mkdir(fs.dirname(fs.join(dir.path, name)))
      assert(fs.write(fs.join(dir.path, name), text))
    end
    local hash = hash_files.of(dir.path)
    assert.equal("85867ced7acb67d034aa84dd332bbaa3f01b4f1f973027052267629d88a4b3a8",
      hash("**/*.lock", "!b.lock"))
    assert.equal(hash("/a.lock", "/sub/*.lock"), hash("**/*.lock", "!b.lock"))
    assert.equal("", hash "*.none")
  end)

  it("are checked without being run", function()
    local allowed = { github = true, matrix = true }
    expression.check("a ${{ github.ref }} b ${{ matrix.os }}", allowed)
    assert.is_false(expression.check_condition("github.ref == 'x'", allowed))
    assert.is_true(expression.check_condition("${{ matrix.os }} == 'x'", allowed))
    for text, what in pairs { ["${{ secrets.A }}"] = "there is no secrets here",
      ["${{ githb.ref }}"] = "there is no githb here, did you mean \"github\"?",
      ["${{ github.ref"] = "the ${{ is not closed", ["${{ containz(1, 2) }}"] = "contains" } do
      local ok, err = pcall(expression.check, text, allowed)
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(what, 1, true), tostring(err))
    end
  end)
end)
