-- SPDX-License-Identifier: Apache-2.0
-- What we assume of the CDK: an app of today's aws-cdk-lib synthesises in the sandbox and converts.
-- The packages come from npm once, into the cache; without node or registry the test is skipped.
local fs = require "std.fs"
local normalize = require "std.normalize"
local inputs = require "std.normalize.inputs"
local process = require "std.process"
local python = require "std.python"

local APP = [==[
const cdk = require("aws-cdk-lib");
const lambda = require("aws-cdk-lib/aws-lambda");
const sqs = require("aws-cdk-lib/aws-sqs");
const app = new cdk.App();
const data = new cdk.Stack(app, "Data");
const queue = new sqs.Queue(data, "Queue");
const api = new cdk.Stack(app, "Api");
const fn = new lambda.Function(api, "Fn", { runtime: lambda.Runtime.NODEJS_20_X,
  handler: "index.handler", code: lambda.Code.fromAsset(__dirname + "/fn"),
  environment: { QUEUE: queue.queueUrl } });
queue.grantSendMessages(fn);
new sqs.Queue(new cdk.NestedStack(api, "Inner", {}), "Deep");
]==]

-- The folder with node_modules, or why there is none.
local function packages()
  if not process.which "npm" then return nil, "node is not installed" end
  local dir = fs.join(python.cache_dir(), "cdk")
  if fs.exists(fs.join(dir, "node_modules/.bin/cdk")) then return dir end
  fs.mkdir(dir)
  local result = process.run { argv = { "npm", "install", "--no-audit", "--no-fund",
    "--ignore-scripts", "aws-cdk@2", "aws-cdk-lib@2", "constructs@10" }, cwd = dir,
    timeout = 300, env = { PATH = os.getenv "PATH", HOME = os.getenv "HOME" } }
  if result and result.code == 0 then return dir end
  return nil, "npm's registry does not answer"
end

describe("a CDK app", function()
  it("synthesises in the sandbox and becomes a root of each stack", function()
    local home, why = packages()
    if not home then return pending(why) end
    local app = fs.join(home, "app")
    fs.mkdir(fs.join(app, "fn"))
    fs.write(fs.join(app, "app.js"), APP)
    fs.write(fs.join(app, "cdk.json"), '{"app": "node app.js"}')
    fs.write(fs.join(app, "fn/index.js"), "exports.handler = async () => 1;\n")
    local out = fs.tempdir("cdk-contract")
    local jobs = inputs.jobs({ app }, "auto", out.path)
    if jobs[1].err and jobs[1].err.message:find("sandbox", 1, true) then
      return pending(jobs[1].err.message)
    end
    assert.equal(2, #jobs, jobs[1].err and jobs[1].err.message)
    for _, job in ipairs(jobs) do
      local record = normalize.normalize(job)
      assert.equal("normalized", record.status, record.error and record.error.message)
      assert.truthy(record.input:find("app#", 1, true))
      if job.slug:find("api", 1, true) then
        assert.truthy(record.resources.StackData)
        assert.equal(1, #fs.walk(fs.join(record.out, "packages")))
      end
    end
    jobs[1].keep:close()
    out:close()
  end)
end)
