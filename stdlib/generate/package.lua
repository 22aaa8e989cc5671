-- SPDX-License-Identifier: Apache-2.0
-- An app of four files as a package with its tests beside it: src/__init__.py, src/clients.py,
-- src/operations.py, tests/conftest.py, tests/test_integration.py. For apps by rules and by Claude:
-- what `app` was is `src.operations`, and the functions that connect to the emulator, where the
-- fixtures bring some, become src/clients.py.

local M = {}

local CLIENTS <const> = { "emulator_endpoint", "connect" }

local STOCK <const> = [==[
def emulator_endpoint():
    """Return the emulator's address without a slash at its end."""
    return os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566").rstrip("/")


def connect(service, region="us-east-1", endpoint=None):
    """Return a client for a service of the emulator."""
    return boto3.client(
        service,
        endpoint_url=endpoint or emulator_endpoint(),
        region_name=region,
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
    )
]==]

local CLIENTS_HEAD <const> = '"""Clients for the emulator that the architecture is deployed to."""'

-- A function at the top of a module without decorators: its text, and the module without it.
local function cut(text, name)
  local from = text:find("\ndef " .. name .. "(", 1, true)
  if not from then return nil, text end
  local to = text:find("\n\n\n", from, true) or #text
  local before = text:sub(1, from):gsub("%s+$", "")
  if before:match("([^\n]*)$"):find "^@" then return nil, text end
  return text:sub(from + 1, to):gsub("%s+$", ""), before .. "\n\n\n"
    .. text:sub(to):gsub("^%s+", "")
end

-- Imports of `app` are of the package now.
local function of_package(text)
  text = ("\n" .. text):gsub("\nimport app%f[\n]", "\nfrom src import operations as app")
  return (text:gsub("\nfrom app import ", "\nfrom src.operations import "):sub(2))
end

-- An import that nothing of the text needs any more.
local function drop_unused(text, line, word)
  local rest = text:gsub("\n" .. line:gsub("%p", "%%%0") .. "%f[\n]", "")
  return rest:find("%f[%w_]" .. word .. "%f[^%w_]") and text or rest
end

local function split_clients(conftest)
  local bodies, rest = {}, conftest
  for i, name in ipairs(CLIENTS) do
    local body
    body, rest = cut(rest, name)
    if not body then return STOCK, "import os\n\nimport boto3\n", conftest end
    bodies[i] = body
  end
  rest = drop_unused(drop_unused(rest, "import boto3", "boto3"),
    "from botocore.config import Config", "Config")
  rest = rest:gsub("\nimport pytest\n",
    "\nimport pytest\nfrom src.clients import connect, emulator_endpoint\n", 1)
  return table.concat(bodies, "\n\n\n") .. "\n",
    "import os\n\nimport boto3\nfrom botocore.config import Config\n", rest
end

--- The files of the package.
---@param files table<string, string> conftest.py, app.py, test_app.py, requirements.txt
---@return table<string, string>
function M.of(files)
  local clients, imports, conftest = split_clients(files["conftest.py"])
  return {
    ["src/__init__.py"] = '"""A small application of the architecture."""\n',
    ["src/clients.py"] = CLIENTS_HEAD .. "\n\n" .. imports .. "\n\n" .. clients,
    ["src/operations.py"] = files["app.py"],
    ["tests/conftest.py"] = of_package(conftest),
    ["tests/test_integration.py"] = of_package(files["test_app.py"]),
    ["requirements.txt"] = files["requirements.txt"],
  }
end

return M
