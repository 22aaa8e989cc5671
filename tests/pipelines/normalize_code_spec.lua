-- SPDX-License-Identifier: Apache-2.0
-- Inline code of functions: its file, what is put beside it, what it may refer to.
local archive = require "std.archive"
local fs = require "std.fs"
local normalize = require "std.normalize"
local process = require "std.process"

local FUNCTION = [==[
Parameters: { Word: { Type: String, Default: hello } }
Resources:
  Q: { Type: AWS::SQS::Queue }
  F:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: %s
      Handler: index.handler
      Role: arn:aws:iam::000000000000:role/x
      Code: { ZipFile: %s }
]==]

-- The files of the package by name, or the reason why there is none.
local function package(runtime, code)
  local dir <close> = fs.tempdir("normalize-code")
  local path, out = fs.join(dir.path, "t.yaml"), fs.join(dir.path, "out")
  fs.write(path, FUNCTION:format(runtime, code))
  local record = normalize.normalize { path = path, format = "cfn", out = out }
  if record.status ~= "normalized" then
    return record.error and record.error.message or record.unsupported[1].reason
  end
  local to, files = fs.join(dir.path, "unpacked"), {}
  assert(archive.extract(fs.join(out, "packages/f.zip"), to))
  for _, name in ipairs(fs.walk(to)) do files[name] = fs.read(fs.join(to, name)) end
  return files, record
end

describe("inline code", function()
  it("stands in a file that the handler finds", function()
    assert.same({ ["index.py"] = "x = 1" }, (package("python3.12", "'x = 1'")))
    assert.same({ ["index.js"] = "exports.handler = 1" },
      (package("nodejs20.x", "'exports.handler = 1'")))
    assert.same({ ["index.mjs"] = "export const handler = 1" },
      (package("nodejs20.x", "'export const handler = 1'")))
    assert.equal("inline code for runtime java21", (package("java21", "x")))
  end)

  it("takes values that are known, and no others", function()
    assert.same({ ["index.py"] = "w = 'hello'" }, (package("python3.12", "!Sub \"w = '${Word}'\"")))
    local files, record = package("python3.12", "!Sub \"r = '${AWS::Region}'\"")
    assert.equal("r = 'us-east-1'", files["index.py"])
    assert.truthy(table.concat(record.assumptions):find("inline code has the region", 1, true))
    assert.equal("inline code with values known at deploy time",
      (package("python3.12", "!Sub \"q = '${Q}'\"")))
  end)

  it("has the response module beside it when it imports that", function()
    local files = package("python3.12", "'import cfnresponse'")
    assert.truthy(files["cfnresponse.py"]:find("def send(event, context", 1, true))
    files = package("nodejs20.x", "\"const r = require('cfn-response')\"")
    assert.truthy(files["node_modules/cfn-response/index.js"]:find("exports.send", 1, true))
  end)

  it("has modules that can be loaded", function()
    local dir <close> = fs.tempdir("normalize-code")
    local files = package("python3.12", "'import cfnresponse'")
    fs.write(fs.join(dir.path, "cfnresponse.py"), files["cfnresponse.py"])
    local result = process.run { argv = { process.which "python3", "-c",
      "import cfnresponse; print(cfnresponse.SUCCESS)" }, cwd = dir.path }
    assert.equal("SUCCESS\n", result.stdout)
    if not process.which "node" then return pending "node is not installed" end
    files = package("nodejs20.x", "\"const r = require('cfn-response')\"")
    fs.write(fs.join(dir.path, "r.js"), files["node_modules/cfn-response/index.js"])
    result = process.run { argv = { process.which "node", "-e",
      "console.log(require('./r.js').FAILED)" }, cwd = dir.path }
    assert.equal("FAILED\n", result.stdout)
  end)
end)
