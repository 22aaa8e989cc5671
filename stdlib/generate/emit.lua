-- SPDX-License-Identifier: Apache-2.0
-- Writes the four files of an app from a plan: the checks in order, each with its addresses.

local python = require "std.generate.python"

local M = {}

-- Fixture names whose boto3 service has another name (`lambda` is a word of the language).
local SERVICES = { lambda_client = "lambda", sfn = "stepfunctions",
  cognito_idp = "cognito-idp" }

local REQUIREMENTS = "boto3>=1.34\npytest>=8.0\npytest-json-report>=1.5\npytest-timeout>=2.2\n"

local CONFTEST = [==[
"""Fixtures: clients for the emulator and the state of the deployed architecture."""

import json
import os

import app
import boto3
import pytest
from botocore.config import Config


def load_resources(path):
    """Return the deployed resources from a list or from `terraform show -json`."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    if isinstance(data, list):
        return data
    found, modules = [], [data["values"]["root_module"]]
    while modules:
        module = modules.pop()
        items = module.get("resources", [])
        found += [item for item in items if item["mode"] == "managed"]
        modules += module.get("child_modules", [])
    return found


def emulator_endpoint():
    """Return the emulator's address without a slash at its end."""
    for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_ENDPOINT"):
        if os.environ.get(name):
            return os.environ[name].rstrip("/")
    return "http://127.0.0.1:4566"


def connect(service, region, endpoint):
    """Return a client that neither retries nor waits for long."""
    config = Config(
        retries={"max_attempts": 0},
        connect_timeout=5,
        read_timeout=30,
        inject_host_prefix=False,
        s3={"addressing_style": "path"},
    )
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        config=config,
    )


@pytest.fixture(scope="session")
def endpoint():
    """Return the emulator's address."""
    return emulator_endpoint()


@pytest.fixture(scope="session")
def deployment():
    """Return the deployed architecture; without it no test can pass."""
    path = os.environ.get("LSQM_STATE")
    assert path, "LSQM_STATE names no file with the deployed resources"
    return app.Deployment(load_resources(path))


@pytest.fixture(scope="session")
def region(deployment):
    """Return the region that the architecture was deployed to."""
    return deployment.region() or os.environ.get("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(scope="session")
def deployed(deployment):
    """Return a function that gives the instances of an address, five at most."""

    def instances(address):
        found = deployment.instances(address)[:5]
        if not found and address in app.CONDITIONAL:
            pytest.skip(f"{address} has no instances in this configuration")
        assert found, f"{address} was not deployed"
        return found

    return instances
]==]

local CLIENT = [==[


@pytest.fixture(scope="session")
def %s(region, endpoint):
    """Return a client for %s."""
    return connect(%s, region, endpoint)
]==]

local function conftest(plan)
  local out = { CONFTEST }
  for _, name in ipairs(plan.clients) do
    local service = SERVICES[name] or name
    out[#out + 1] = CLIENT:format(name, service, python.string(service))
  end
  return table.concat(out)
end

local function address_list(addresses, indent)
  local lines = { "[" }
  for _, address in ipairs(addresses) do
    lines[#lines + 1] = indent .. "    " .. python.string(address) .. ","
  end
  lines[#lines + 1] = indent .. "]"
  return table.concat(lines, "\n")
end

local IMPORTS = {
  { "base64", "base64." }, { "functools", "functools." }, { "hashlib", "hashlib." },
  { "json", "json." }, { "re", "re." }, { "time", "time." },
  { "urllib.error", "urllib.error" }, { "urllib.request", "urllib.request" },
  { "uuid", "uuid." },
}

local function imports(text)
  local out = {}
  for _, entry in ipairs(IMPORTS) do
    if text:find("%f[%w_]" .. entry[2]:gsub("%.", "%%.")) then
      out[#out + 1] = "import " .. entry[1]
    end
  end
  return table.concat(out, "\n")
end

local function application(plan)
  local blocks = {}
  for _, code in ipairs(plan.functions) do blocks[#blocks + 1] = (code:gsub("%s+$", "")) end
  local text = table.concat(blocks, "\n\n\n")
  local conditional = "frozenset()"
  if #plan.conditional > 0 then
    conditional = "frozenset(\n    " .. address_list(plan.conditional, "    ") .. "\n)"
  end
  return table.concat {
    '"""Application code: the calls that the tests make to the architecture."""\n\n',
    imports(text),
    "\n\n# Addresses that count or for_each may leave without an instance.\n",
    "CONDITIONAL = ", conditional, "\n\n\n", text, "\n",
  }
end

local TEST = [==[


@pytest.mark.parametrize(
    "address",
    %s,
    ids=str,
)
%s
    """%s"""
    for %s in deployed(address):
%s
]==]

local function test_function(check)
  local fixtures = { "address", "deployed" }
  if check.wiring then fixtures[#fixtures + 1] = "deployment" end
  if check.endpoint then fixtures[#fixtures + 1] = "endpoint" end
  for name in check.clients:gmatch("%S+") do fixtures[#fixtures + 1] = name end
  local head = python.call("", "def test_" .. check.test, fixtures, ":")
  local values = {
    address_list(check.addresses, "    "), table.concat(head, "\n"), check.doc, check.as,
    python.indent(check.body, "        "),
  }
  return (TEST:gsub("%%s", function() return table.remove(values, 1) end))
end

local function tests(plan)
  local out, bodies = {}, {}
  for index, check in ipairs(plan.checks) do
    out[index], bodies[index] = test_function(check), check.body
  end
  local head = { '"""Behaviour tests of the deployed architecture."""\n\n' }
  local code = table.concat(bodies, "\n")
  local standard = imports(code)
  if standard ~= "" then head[#head + 1] = standard .. "\n\n" end
  if code:find("%f[%w_]app%.") then head[#head + 1] = "import app\n" end
  head[#head + 1] = "import pytest\n"
  return table.concat(head) .. table.concat(out)
end

--- The files of an app.
---@param plan { checks: table[], functions: string[], clients: string[], conditional: string[] }
---@return table<string, string> files
function M.files(plan)
  return {
    ["conftest.py"] = conftest(plan),
    ["app.py"] = application(plan),
    ["test_app.py"] = tests(plan),
    ["requirements.txt"] = REQUIREMENTS,
  }
end

return M
