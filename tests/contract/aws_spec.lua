-- SPDX-License-Identifier: Apache-2.0
-- Signatures against AWS's own library (tests/fakes/sigv4.py).
local aws = require "std.aws"
local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"
local python = require "std.python"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local new_server = dofile(HERE .. "/../fakes/server.lua")
local time = require "std.time"

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

  it("names regions as AWS's library does", function()
    local ran = assert(process.run { argv = { python.find(), "-c", [[
import botocore.session
session = botocore.session.get_session()
for partition in session.get_available_partitions():
    if "-iso" not in partition:
        regions = session.get_available_regions("sts", partition, allow_non_regional=False)
        print("\n".join(regions))
for region in "eu-west-1", "cn-north-1", "us-gov-west-1":
    print(session.create_client("logs", region).meta.endpoint_url)
]] }, timeout = 60 })
    assert.equal(0, ran.code, ran.stderr)
    local names = {}
    for name in ran.stdout:gmatch "[^\n]+" do names[#names + 1] = name end
    for _, region in ipairs { "us-gov-west-1", "cn-north-1", "eu-west-1" } do
      assert.equal(table.remove(names), aws.address("logs", region))
    end
    table.sort(names)
    assert.same(names, dofile(program.share .. "/pipelines/aphex/rules/regions.lua"))
  end)
end)

describe("AWS's refusals", function()
  local function refused(status, headers, body)
    local server <close> = new_server(function()
      return { status = status, headers = headers, body = body }
    end)
    local client = aws.client { region = "us-east-1", endpoint = server.url,
      credentials = { key = "A", secret = "B" } }
    local _, err = client:s3 { bucket = "b" }
    return err
  end

  it("are told apart: throttled is not wrong, another region is named", function()
    local error_text = "<Error><Code>%s</Code><Message>m</Message></Error>"
    assert.equal("unavailable", refused(400, {}, error_text:format "Throttling").code)
    assert.equal("denied", refused(403, {}, error_text:format "AccessDenied").code)
    local moved = refused(400, { ["x-amz-bucket-region"] = "eu-west-1" },
      error_text:format "AuthorizationHeaderMalformed")
    assert.equal("the bucket is in eu-west-1, this is us-east-1", moved.hint)
    assert.equal("http", refused(400, {}, "<html").code)
  end)
end)

describe("a role's credentials", function()
  local ANSWER <const> = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>"
    .. "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>secret-1</SecretAccessKey>"
    .. "<SessionToken>session-%d</SessionToken><Expiration>%s</Expiration></Credentials>"
    .. "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
  local asked, seconds, refuse

  local function handler(request)
    asked[#asked + 1] = request
    if refuse then
      return { status = 403, body = "<ErrorResponse><Error><Code>ExpiredTokenException</Code>"
        .. "<Message>Token expired</Message></Error></ErrorResponse>" }
    end
    if request.body:find("AssumeRoleWithWebIdentity", 1, true) then
      return { status = 200, body = ANSWER:format(#asked, time.iso(time.now() + seconds)) }
    end
    return { status = 200, body = "{}" }
  end

  local function env_of(dir)
    return { AWS_ROLE_ARN = "arn:aws:iam::1:role/a+b", AWS_WEB_IDENTITY_TOKEN_FILE = dir
      .. "/token" }
  end

  before_each(function() asked, seconds, refuse = {}, 3600, false end)

  it("are asked for without a signature, and sign what follows", function()
    local dir <close> = assert(fs.tempdir "aws-")
    assert(fs.write(dir.path .. "/token", "identity/one\n"))
    local sts <close> = new_server(handler)
    local credentials = assert(aws.credentials { env = env_of(dir.path), endpoint = sts.url })
    assert.is_nil(asked[1].headers.authorization)
    local body = asked[1].body
    assert.is_truthy(body:find("&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%2Bb&", 1, true), body)
    assert.equal("&WebIdentityToken=identity%2Fone", body:sub(-32))
    local client = aws.client { region = "us-east-1", endpoint = sts.url,
      credentials = credentials }
    assert(client:json("logs", "CreateLogGroup", {}))
    assert.equal("session-1", asked[2].headers["x-amz-security-token"])
    assert.equal(2, #asked)
  end)

  it("are renewed before they end, with the file as it is then", function()
    local dir <close> = assert(fs.tempdir "aws-")
    assert(fs.write(dir.path .. "/token", "one"))
    local sts <close> = new_server(handler)
    seconds = 60
    local client = aws.client { region = "us-east-1", endpoint = sts.url,
      credentials = assert(aws.credentials { env = env_of(dir.path), endpoint = sts.url }) }
    assert(fs.write(dir.path .. "/token", "two"))
    assert(client:json("logs", "CreateLogGroup", {}))
    assert.matches("WebIdentityToken=two$", asked[2].body)
    assert.equal("session-2", asked[3].headers["x-amz-security-token"])
    refuse = true
    local ok, err = client:json("logs", "CreateLogGroup", {})
    assert.is_nil(ok)
    assert.equal("denied", err.code)
    assert.is_nil(tostring(err):find("two", 1, true))
  end)

  it("are not had without the token's file", function()
    local ok, err = aws.credentials { env = env_of "/nowhere", endpoint = "http://127.0.0.1:9" }
    assert.is_nil(ok)
    assert.matches("AssumeRoleWithWebIdentity: .*/nowhere/token", tostring(err))
    ok, err = aws.credentials { env = {} }
    assert.is_nil(ok)
    assert.equal("denied", err.code)
  end)
end)
