-- SPDX-License-Identifier: Apache-2.0
-- What counts as lacking surroundings, with the stock rows and lines as LocalStack writes them.
local lacks = require "std.emulator.lacks"
local emulators = require("std.resolve").load_rows("weekly", "rules.emulators")
local rows = emulators.localstack.lacks

local function words_of(list, logs, deploy, refused)
  return lacks.words(list, logs, { deploy = deploy, refused = refused })
end

local function line(level, logger, text)
  return ("2026-11-21T14:46:43.703  %s --- [et.reactor-2] %s : %s\n"):format(level, logger, text)
end

local KINESIS <const> = line("ERROR", "l.aws.handlers.logging    ",
  "exception during call chain: Installation of kinesis-local 0.5.2 failed.")
local JAVA <const> = line("WARN", "localstack.utils.archives ",
  "Attempt 1. Failed to download archive from https://example.org/jdk.tar.gz: no route")
local DOCKER <const> = line("WARN", "l.s.l.i.docker_runtime_exe",
  "WARNING: Docker not available in the LocalStack container but required to run Lambda")
local LAMBDA <const> = "Error: waiting for Lambda Function (f) create: unexpected state 'Failed'. "
  .. "last error: InternalError: Error while creating lambda: "
  .. "Installation of lambda-runtime v0.1 failed.\n\n  with aws_lambda_function.f,\n"

local HUNG <const> = { success = false, hung = { operation = "dynamodb CreateTable" } }
local REFUSED <const> = { { operation = "kinesis DescribeLimits", status = 500, count = 12 } }

local function failed(logs, more)
  local deploy = { success = false, logs = "aws_x.y: Creating...\n\n" .. logs }
  for key, value in pairs(more or {}) do deploy[key] = value end
  return deploy
end

describe("emulator.lacks", function()
  it("names what the log complains of, where no answer came or none that decides", function()
    assert.equal("kinesis-local, which it downloads when it is first used",
      words_of(rows, "Ready.\n" .. KINESIS, failed("", { timed_out = true }), {}))
    assert.equal("kinesis-local, which it downloads when it is first used",
      words_of(rows, KINESIS, failed "Error: StatusCode: 500", REFUSED))
    assert.equal("the download https://example.org/jdk.tar.gz", words_of(rows, JAVA, HUNG))
    assert.equal("Docker and lambda-runtime, which functions run with",
      words_of(rows, DOCKER, failed(LAMBDA)))
  end)

  it("is silent where it deployed, and where nothing is complained of", function()
    assert.is_nil(words_of(rows, KINESIS, { success = true }, REFUSED))
    assert.is_nil(words_of(rows, KINESIS, nil))
    assert.is_nil(words_of(rows, "Ready.\n", HUNG))
    assert.is_nil(words_of(nil, KINESIS, HUNG))
  end)

  it("hides no answer of the emulator's: refused as wrong, or as unknown", function()
    for _, code in ipairs { "400", "404", "501" } do
      local deploy = failed("Error: https response error StatusCode: " .. code .. ", RequestID: x",
        { timed_out = true })
      assert.is_nil(words_of(rows, KINESIS .. JAVA, deploy, REFUSED))
    end
    assert.is_nil(words_of(rows, KINESIS, failed "Error: unexpected state",
      { { operation = "sqs CreateQueue", status = 501, count = 1 } }))
    assert.is_nil(words_of(rows, KINESIS, failed "Error: Invalid function argument", {}))
    assert.is_nil(words_of(rows, DOCKER, failed "Error: unexpected state", REFUSED))
  end)

  it("takes no word of a template's author for it", function()
    -- a name or a message of the template, in the plan, in an error, or echoed in the log
    assert.is_nil(words_of(rows, "Ready.\n", failed(LAMBDA), REFUSED))
    assert.is_nil(words_of(rows, "Ready.\n", failed(KINESIS .. JAVA .. DOCKER .. LAMBDA), REFUSED))
    local echoed = line("INFO", "localstack.request.aws", "AWS iam.CreateRole => 200 "
      .. "(Installation of x 1 failed. Attempt 1. Failed to download archive from x: y)")
    assert.is_nil(words_of(rows, echoed, HUNG))
    assert.is_nil(words_of(rows, "Installation of x 1 failed.\nname: " .. KINESIS, HUNG))
    assert.is_nil(words_of(rows, DOCKER, failed("Error: creating Lambda (InternalError: Error "
      .. "while creating lambda: Installation of x 1 failed.): too long\n")))
  end)

  describe("of tests, with MiniStack's row", function()
    local NODE <const> = "[Errno 2] No such file or directory: 'node'"
    local LOG <const> = "2026-11-21 17:13:10 ERROR [lambda] Warm worker execution error for f: "

    local function words(logs, message, outcome)
      local tests = { { outcome = "passed" },
        { outcome = outcome or "failed", message = message } }
      return lacks.words(emulators.ministack.lacks, logs,
        { deploy = { success = true }, tests = { tests = tests } })
    end

    it("names the program that functions run with", function()
      local message = 'AssertionError: function f failed: {"errorMessage": "' .. NODE .. '"}'
      assert.equal("the program node, which functions run with",
        words("Ready.\n" .. LOG .. NODE .. "\n", message))
      assert.equal("the program node, which functions run with",
        words("2026-11-21 17:13:10 ERROR [lambda] Lambda execution error: " .. NODE, message))
    end)

    it("is silent where log and message do not say the same, and where nothing failed", function()
      local other = NODE:gsub("node", "data.json")
      assert.is_nil(words("Ready.\n", NODE))
      assert.is_nil(words(LOG .. NODE .. "\n", other))
      assert.is_nil(words(LOG .. NODE .. "\n", "AssertionError: no message came"))
      assert.is_nil(words(LOG .. NODE .. "\n", NODE, "skipped"))
      assert.is_nil(words("the function printed: " .. LOG .. NODE .. "\n", NODE))
    end)
  end)
end)
