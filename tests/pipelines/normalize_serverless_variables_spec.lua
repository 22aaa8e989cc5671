-- SPDX-License-Identifier: Apache-2.0
-- Variables of serverless.yml.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/serverless_kit.lua")

local HEAD, expand = kit.HEAD, kit.expand

-- The value of custom.v, with the rest of a document and files.
local function value_of(written, rest, files)
  local text = HEAD .. "functions: { f: { handler: a.b, description: d } }\nresources:\n"
    .. "  Metadata: { v: " .. written .. " }\n" .. (rest or "")
  local built, err = expand(text, files)
  if not built then return nil, err end
  if built.unsupported then return nil, built.unsupported[1].reason end
  return built.template.Metadata.v, built
end

describe("normalize serverless variables", function()
  it("reads self, opt, sls, param, strToBool and literals", function()
    local rest = "custom: { a: { b: [x, { c: 5 }] }, s: \"${opt:stage, 'dev'}\", dev: { k: v } }\n"
      .. "params: { default: { p: one }, dev: { q: two } }\n"
    local cases = { { "${self:custom.a.b.1.c}", 5 }, { "${self:custom.${self:custom.s}.k}", "v" },
      { "x-${self:service}-${sls:stage}", "x-my-svc-dev" }, { "${param:p}-${param:q}", "one-two" },
      { "\"${strToBool('true')}\"", true }, { "\"${opt:none, 'a,b'}\"", "a,b" },
      { "\"${self:custom.none, self:custom.a.b.0}\"", "x" }, { "\"${opt:x, 3}\"", 3 },
      { "\"${self:custom.none, ${self:custom.dev}}\"", { k = "v" } },
      { "${opt:region}", "us-east-1" },
      { "${self:custom.a.b.0}${AWS::Region}", "x${AWS::Region}" } }
    for _, case in ipairs(cases) do
      local got, why = value_of(case[1]:find('^"') and case[1] or '"' .. case[1] .. '"', rest)
      assert.same(case[2], got, case[1] .. ": " .. tostring(why))
    end
  end)

  it("reads local files: data, text, constants; nothing outside, nothing that runs", function()
    local files = { ["c.yml"] = "a: { b: \"${self:service}\" }\n", ["t.txt"] = "text",
      ["d.json"] = '{"k": [1, 2]}', ["k.js"] = "module.exports = { a: 'x', b: [1] };\n",
      ["run.js"] = "module.exports = () => ({ a: process.env.A });\n" }
    assert.equal("my-svc", value_of('"${file(./c.yml):a.b}"', nil, files))
    assert.equal("text", value_of('"${file(t.txt)}"', nil, files))
    assert.equal(2, value_of('"${file(d.json):k.1}"', nil, files))
    assert.equal("x", value_of('"${file(k.js):a}"', nil, files))
    assert.equal("none", value_of("\"${file(gone.yml):a, 'none'}\"", nil, files))
    local _, reason = value_of('"${file(gone.yml)}"', nil, files)
    assert.equal("missing file gone.yml", reason)
    _, reason = value_of('"${file(run.js):a}"', nil, files)
    assert.truthy(reason:find("have to be run", 1, true))
    for _, name in ipairs { "../x.yml", "/etc/hostname", "~/.aws/config" } do
      _, reason = value_of('"${file(' .. name .. '), \'n\'}"', nil, files)
      assert.equal("a file outside of the service", reason)
    end
  end)

  it("lists stand-ins, and makes parameters of what is elsewhere", function()
    local got, built = value_of '"${env:MY_TABLE}"'
    assert.equal("lsqm-my-table", got)
    assert.truthy(table.concat(built.assumptions, "\n"):find("environment variable MY_TABLE", 1,
      true))
    got, built = value_of '"${ssm:/a/tableName}"'
    assert.same({ Ref = "SsmATableName" }, got)
    assert.equal("lsqm-table-name", built.template.Parameters.SsmATableName.Default)
    got = value_of '"arn:${aws:partition}:x:${aws:region}:${aws:accountId}:${cf:other.Out}"'
    assert.same({ ["Fn::Sub"] = "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:"
      .. "${CfOtherOut}" }, got)
    got = value_of '!Sub "${Q}-${aws:region}"'
    assert.same({ ["Fn::Sub"] = "${Q}-${AWS::Region}" }, got)
  end)

  it("refuses circles with their place, and what expands without end", function()
    local _, err = value_of('"${self:custom.a}"',
      "custom:\n  a: ${self:custom.b}\n  b: x${self:custom.a}\n")
    assert.truthy(err.message:find("refer to each other", 1, true))
    assert.is_number(err.line)
    local lines = { "custom:\n  l0: " .. ("y"):rep(100) .. "\n" }
    for i = 1, 40 do
      lines[#lines + 1] = ("  l%d: ${self:custom.l%d}${self:custom.l%d}\n"):format(i, i - 1, i - 1)
    end
    _, err = value_of('"${self:custom.l40}"', table.concat(lines))
    assert.is_string(err.message)
    _, err = value_of('"${self:custom}"', "custom: { a: { b: \"${self:custom.a}\" } }\n")
    assert.truthy(err.message:find("refer to each other", 1, true))
  end)

  it("names sources that are not known here", function()
    local _, reason = value_of '"${vault:x}"'
    assert.equal("a source of variables that is not known here", reason)
  end)
end)
