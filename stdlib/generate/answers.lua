-- SPDX-License-Identifier: Apache-2.0
-- What Claude answered, taken apart: four files, no more, with packages that apps may use, that
-- compile, and whose tests pytest can set up. The answer is as little trusted as the template that
-- it grew out of.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local python_of = require "std.python"

local M = {}

-- A schema's members cannot be named like files everywhere; these can.
local FIELDS <const> = { conftest_py = "conftest.py", app_py = "app.py",
  test_app_py = "test_app.py", requirements_txt = "requirements.txt" }
local ORDER <const> = { "conftest_py", "app_py", "test_app_py", "requirements_txt" }

local NEEDED <const> = { "boto3", "pytest", "pytest-json-report", "pytest-timeout" }
local PACKAGES <const> = { boto3 = true, botocore = true, pytest = true,
  ["pytest-json-report"] = true, ["pytest-timeout"] = true }
local MAX_FILE <const> = 200000
local MAX_OUTPUT <const> = 4000
local PYTEST_TIMEOUT <const> = 60

--- The form of an answer, as a JSON schema of the kind that the API can hold a model to.
function M.schema()
  local properties = {}
  for _, field in ipairs(ORDER) do
    properties[field] = { type = "string", description = "the content of " .. FIELDS[field] }
  end
  return { type = "object", properties = properties, required = json.array { table.unpack(ORDER) },
    additionalProperties = false }
end

local function bad(text, ...)
  return nil, error_of.new { op = "claude", code = "invalid", message = text:format(...) }
end

-- Packages by name only: no options, no addresses. What runs the tests is added where it is not
-- named, because they run in an environment that is made from this file.
local function complete_requirements(text)
  local have, lines = {}, {}
  for line in text:gmatch "[^\r\n]+" do
    local entry = line:gsub("#.*$", ""):match "^%s*(.-)%s*$"
    local name, rest = entry:match "^([%w._-]+)%s*(.*)$"
    name = name and name:lower():gsub("[._]", "-")
    if entry ~= "" and not (name and PACKAGES[name] and rest:match "^[%s%d.,<>=!~*]*$") then
      return bad("requirements.txt: '%s' is not one of the packages that apps may use",
        line:sub(1, 60))
    end
    if entry ~= "" then
      have[name] = true
      lines[#lines + 1] = entry
    end
  end
  for _, name in ipairs(NEEDED) do
    if not have[name] then lines[#lines + 1] = name end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function check_content(files)
  for _, field in ipairs(ORDER) do
    local name = FIELDS[field]
    local text = files[name]
    if type(text) ~= "string" then return bad("no %s", name) end
    if #text > MAX_FILE then return bad("%s has %d bytes", name, #text) end
  end
  if not ("\n" .. files["test_app.py"]):find "\n%s*def test_" then
    return bad "test_app.py has no test function"
  end
  local code = files["conftest.py"] .. files["app.py"]
  if not code:find("AWS_ENDPOINT_URL", 1, true) and not code:find("LOCALSTACK_ENDPOINT", 1, true)
  then
    return bad "conftest.py does not take the endpoint from AWS_ENDPOINT_URL"
  end
  return true
end

--- The four files of an answer, or what is wrong with it.
---@param text string
---@param python string|nil the interpreter that compiles them
---@return table<string, string>|nil files
---@return lsqm.Error|nil
function M.read(text, python)
  local answer, err = json.decode(text, { file = "answer" })
  if type(answer) ~= "table" then
    return bad("the answer is not a JSON object: %s", tostring(err))
  end
  local files = {}
  for field, content in pairs(answer) do
    if not FIELDS[field] then return bad("unknown file '%s'", tostring(field):sub(1, 60)) end
    files[FIELDS[field]] = content
  end
  local ok
  ok, err = check_content(files)
  if not ok then return nil, err end
  files["requirements.txt"], err = complete_requirements(files["requirements.txt"])
  if not err then ok, err = python_of.check_syntax(python, files) end
  if err or not ok then return nil, err end
  return files
end

--- How many test functions a file has.
function M.count_tests(text)
  local count = 0
  for _ in ("\n" .. text):gmatch "\n[ \t]*def test_" do count = count + 1 end
  return count
end

-- What pytest says where tests cannot be set up: imports that fail, fixtures that do not exist.
local function complaint(result, dir)
  if result.timed_out then return "pytest: collecting the tests takes too long" end
  if result.failed == 0 and (result.collection_errors or 0) == 0 and result.total > 0 then
    return nil
  end
  if result.total == 0 and (result.collection_errors or 0) == 0 then
    return "pytest finds no test"
  end
  local output = result.output:gsub(dir:gsub("%p", "%%%0"), "."):sub(-MAX_OUTPUT)
  return "pytest cannot set the tests up:\n" .. output
end

--- Lets pytest collect the tests and plan their fixtures, as a guest without network and without
--- running any of them.
---@param files table<string, string>
---@param python string
---@return boolean|nil ok
---@return lsqm.Error|nil code "invalid": pytest's complaint; any other: it could not be asked
function M.plan(files, python)
  local environment, err = python_of.environment(python, files["requirements.txt"])
  if not environment then return nil, err end
  local dir <close>, why = fs.tempdir "app-"
  if not dir then return nil, why end
  local ok
  ok, err = fs.write_all(dir.path, files)
  if ok then ok, err = fs.write(dir.path .. "/state.json", "[]") end
  if not ok then return nil, err end
  local result
  result, err = python_of.pytest { python = environment, dir = dir.path, plan = true,
    test_timeout = PYTEST_TIMEOUT, timeout = PYTEST_TIMEOUT,
    env = { LSQM_STATE = dir.path .. "/state.json", AWS_ENDPOINT_URL = "http://127.0.0.1:9",
      LOCALSTACK_ENDPOINT = "http://127.0.0.1:9" } }
  if not result then return nil, err end
  local text = complaint(result, dir.path)
  if text then return bad("%s", text) end
  return true
end

return M
