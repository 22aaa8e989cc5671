-- SPDX-License-Identifier: Apache-2.0
-- Signatures against AWS's own library (tests/fakes/sigv4.py).
local aws = require "std.aws"
local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"
local python = require "std.python"

describe("aws", function()
  local server, client

  setup(function()
    server = assert(process.start { argv = { python.find(), program.share
      .. "/tests/fakes/sigv4.py" }, stream = true })
    local _, text = server:read()
    client = aws.client { region = "eu-west-1", endpoint = "http://127.0.0.1:"
      .. assert(text:match "^(%d+)"), credentials = { key = "AKID", secret = "SECRET" } }
  end)
  teardown(function() server:close() end)

  it("signs calls of JSON services as AWS's library does", function()
    local answer = assert(client:json("logs", "PutLogEvents", { message = "ä ~ {}" }))
    assert.same({ service = "logs", region = "eu-west-1" }, answer)
    local elsewhere = aws.client { region = "ap-south-1", endpoint = client.endpoint,
      credentials = client.credentials }
    assert.equal("ap-south-1", assert(elsewhere:json("dynamodb", "GetItem", {})).region)
  end)

  it("signs requests to S3, with bodies, files and parameters", function()
    local dir <close> = assert(fs.tempdir("aws-"))
    local path = dir.path .. "/big"
    assert(fs.write(path, ("0123456789"):rep(100000)))
    for _, request in ipairs {
      { bucket = "b", key = "some folder/kéy+1.txt" },
      { bucket = "b", query = "versioning" },
      { method = "PUT", bucket = "b", key = "k", body = "hello" },
      { method = "PUT", bucket = "b", key = "k", body = "" },
      { method = "PUT", bucket = "b", key = "k", body_file = path },
      { method = "HEAD", bucket = "b", key = "k" },
      { method = "DELETE", bucket = "b", key = "k" },
    } do
      local reply, err = client:s3(request)
      assert(reply, ("%s %s: %s"):format(request.method, request.key, err))
    end
  end)

  it("sends the token of temporary credentials, signed", function()
    local temporary = aws.client { region = "us-east-1", endpoint = client.endpoint,
      credentials = { key = "AKID", secret = "SECRET", token = "a/token+of==mine" } }
    assert.equal("logs", assert(temporary:json("logs", "CreateLogGroup", {})).service)
  end)

  it("is refused with another secret, and says so without it", function()
    local wrong = aws.client { region = "us-east-1", endpoint = client.endpoint,
      credentials = { key = "AKID", secret = "another" } }
    local answer, err = wrong:json("logs", "CreateLogGroup", {})
    assert.is_nil(answer)
    assert.equal(403, err.status)
    assert.not_matches("another", tostring(err))
  end)
end)
