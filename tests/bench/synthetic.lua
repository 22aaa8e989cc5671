-- SPDX-License-Identifier: Apache-2.0
-- A store of any size for the measurements and browser tests: architectures with Terraform, runs a
-- week apart with logs of all three kinds. The same options give the same store (ids aside).

local fs = require "std.fs"
local store_of = require "std.store"
local time = require "std.time"

local M = {}

local FIRST = "2026-08-29T03:00:00Z"
local WEEK = 7 * 24 * 3600
local SERVICES = { "s3", "sqs", "sns", "lambda", "dynamodb", "iam", "kms", "events", "logs",
  "apigateway", "stepfunctions", "secretsmanager", "ssm", "kinesis", "cloudwatch", "ec2" }
local KINDS = { "queue worker", "static site", "event bus", "data lake", "webhook", "job runner",
  "audit trail", "thumbnailer", "order api", "feature store" }
local REFUSED = {
  { "SQS: CreateQueue", "NotImplemented" }, { "Lambda: CreateEventSourceMapping",
    "InvalidParameterValueException" }, { "KMS: EnableKeyRotation", "UnsupportedOperation" },
  { "API Gateway: PutIntegration", "BadRequestException" }, { "Kinesis: CreateStream",
    "InternalFailure" }, { "SFN: CreateStateMachine", "InvalidDefinition" },
}

-- A small generator of its own, so that the stores do not depend on the machine.
local function dice(seed)
  local state = seed
  return function(n)
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return (state >> 8) % n + 1
  end
end

local function hash_of(i) return ("%016x"):format(i * 2654435761 & 0xffffffffffff | 1 << 60) end

local function services_of(roll)
  local list, seen = {}, {}
  for _ = 1, 1 + roll(4) do
    local name = SERVICES[roll(#SERVICES)]
    if not seen[name] then list[#list + 1] = name end
    seen[name] = true
  end
  table.sort(list)
  return list
end

local function terraform_of(i, services, roll)
  local out = { ('variable "stage" {\n  type    = string\n  default = "test-%d"\n}\n'):format(i) }
  for n, name in ipairs(services) do
    out[#out + 1] = ('resource "aws_%s_thing" "part_%d" {\n  name = "arch-%d-%s-${var.stage}"\n'
      .. '  tags = {\n    owner = "team-%d"\n    part  = "%d"\n  }\n'):format(name, n, i, name,
      roll(20), n)
    for line = 1, roll(12) do
      out[#out + 1] = ('  setting_%d = "%x-%x"\n'):format(line, roll(65535), roll(65535))
    end
    out[#out + 1] = "}\n\n"
  end
  return table.concat(out)
end

local function apply_log(i, roll, refused, lines)
  local out = { "\27[0m\27[1mInitializing provider plugins...\27[0m" }
  for n = 1, lines do
    out[#out + 1] = ("\27[0m\27[1maws_thing.part_%d: Creation complete after %ds [id=%x-%d]\27[0m")
      :format(n, roll(9), roll(1 << 20), i)
  end
  if refused then
    out[#out + 1] = ("\27[31m╷\27[0m\n\27[31m│\27[0m \27[1m\27[31mError: \27[0m\27[1mcreating part "
      .. "(arch-%d): operation error %s, https response error StatusCode: 501, RequestID: %x, "
      .. "api error %s: not here\27[0m\n\27[31m│\27[0m   with aws_thing.part_%d,\n"
      .. "\27[31m│\27[0m   on main.tf line %d, in resource \"aws_thing\" \"part\":\n\27[31m╵\27[0m")
      :format(i, refused[1], roll(1 << 30), refused[2], roll(5), roll(90))
  else
    out[#out + 1] = "\27[32m\27[1mApply complete! Resources: " .. lines .. " added.\27[0m"
  end
  return table.concat(out, "\n")
end

local function test_log(roll, failed)
  local out = {}
  for n = 1, 20 do out[#out + 1] = ("test_app.py::test_part_%d \27[32mPASSED\27[0m"):format(n) end
  if failed then
    out[#out + 1] = ("test_app.py::test_last \27[31mFAILED\27[0m\n>   assert got == want\n"
      .. "E   AssertionError: message %08x never arrived"):format(roll(1 << 30))
  end
  return table.concat(out, "\n")
end

local function emulator_log(roll, lines)
  local out = {}
  for n = 1, lines do
    out[n] = ("2026-11-14T03:%02d:%02d.%03dZ INFO request POST / AWS.Action%d => 200 (%d ms) id=%x")
      :format(n % 60, roll(60) - 1, roll(1000) - 1, roll(80), roll(300), roll(1 << 30))
  end
  return table.concat(out, "\n")
end

-- Most pass, a known tenth fails for good, a few come and go, the last run breaks some.
local function status_of(i, run, runs, roll)
  if i % 10 == 3 then return "FAILED" end
  if i % 37 == 5 and run == runs then return "FAILED" end
  if i % 41 == 7 then return run == runs and "PASSED" or "FAILED" end
  if i % 50 == 9 then return "PARTIAL" end
  if i % 97 == 11 then return "TIMEOUT" end
  if roll(400) == 1 then return "ERROR" end
  return "PASSED"
end

local function result_of(i, status, roll, options)
  local refused = status == "FAILED" and REFUSED[i % #REFUSED + 1] or nil
  local deployed = status ~= "FAILED"
  local failed = status == "PARTIAL" and 1 or 0
  return {
    arch_hash = hash_of(i), status = status, duration_seconds = 2 + roll(400) / 10,
    started_at = FIRST, completed_at = FIRST,
    terraform_apply = { success = deployed, resources_created = deployed and 4 or 0,
      outputs = { queue_url = "http://localhost:4566/" .. i, empty = {} },
      logs = apply_log(i, roll, refused, options.log_lines) },
    pytest_results = { total = deployed and 21 or 0, passed = deployed and 21 - failed or 0,
      failed = failed, skipped = 0, output = deployed and test_log(roll, failed > 0) or nil },
    container_logs = emulator_log(roll, options.log_lines),
    error_message = status == "ERROR" and "container exited with code 137" or nil,
    reason = status == "FAILED" and ("terraform apply: %s: %s"):format(refused[1], refused[2])
      or status == "PARTIAL" and "1 of 21 tests failed" or status == "TIMEOUT"
      and "apply exceeded 300 s" or status == "ERROR" and "container exited with code 137" or nil,
  }
end

local function put_architectures(store, count, roll)
  for i = 1, count do
    local services = services_of(roll)
    assert(store:put_architecture({
      hash = hash_of(i), name = ("%s %d"):format(KINDS[i % #KINDS + 1], i),
      source_url = ("https://github.com/example/templates/tree/main/arch-%d"):format(i),
      source_type = "github", discovered_at = "2026-08-01T00:00:00Z", services = services,
      resource_count = #services * 2,
    }, { ["main.tf"] = terraform_of(i, services, roll) }))
  end
  assert(store:save_index())
end

local function put_run(store, number, options, roll)
  time.now = function() return time.parse(FIRST) + (number - 1) * WEEK end
  local run = assert(store:new_run({ parallel = 4, lsqm_version = "0.1.0",
    terraform_version = number < options.runs and "terraform 1.10.5" or "terraform 1.11.4" },
    { name = "ministack", version = ("1.5.%d"):format(20 + number) }))
  for i = 1, options.architectures do
    assert(run:put_result(result_of(i, status_of(i, number, options.runs, roll), roll, options)))
  end
  assert(run:finish { duration_seconds = 3600, new_architectures = 4 })
  return run.run_id
end

-- A hundred thousand times waiting for the disk would only measure the disk.
local function unsynced(path, text)
  local file <close> = assert(io.open(path, "wb"))
  return file:write(text) and true
end

---Makes a store below `dir`.
---@param dir string
---@param options {architectures: integer, runs: integer, log_lines: integer}
---@return lsqm.Store
function M.make(dir, options)
  local write, now, roll = fs.write, time.now, dice(7)
  fs.write = unsynced
  local store = assert(store_of.open(dir))
  put_architectures(store, options.architectures, roll)
  for number = 1, options.runs do
    local id = put_run(store, number, options, roll)
    assert(store:update_trends(assert(store:open_run(id))))
    collectgarbage()
  end
  fs.write, time.now = write, now
  return store
end

return M
