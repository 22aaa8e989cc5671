-- SPDX-License-Identifier: Apache-2.0
-- The module that CloudFormation puts beside inline code, so that code which imports it loads: it
-- sends the outcome of a custom resource to the address in the event.
local M = {}

local PYTHON = [==[
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False,
         reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or "see the log stream " + context.log_stream_name,
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event.get("StackId"),
        "RequestId": event.get("RequestId"),
        "LogicalResourceId": event.get("LogicalResourceId"),
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(body).encode(),
                                     headers={"Content-Type": ""}, method="PUT")
    try:
        urllib.request.urlopen(request, timeout=30).close()
    except Exception as error:
        print("the outcome could not be sent:", error)
]==]

local NODE = [==[
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = (event, context, status, data, physicalId, noEcho) => {
  const body = JSON.stringify({
    Status: status,
    Reason: "see the log stream " + context.logStreamName,
    PhysicalResourceId: physicalId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const url = new URL(event.ResponseURL);
  const client = require(url.protocol === "http:" ? "http" : "https");
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  const request = client.request(url, { method: "PUT", headers }, () => context.done());
  request.on("error", (error) => {
    console.log("the outcome could not be sent: " + error);
    context.done();
  });
  request.end(body);
};
]==]

---Adds the module to the files of inline code that imports it.
---@param files table<string, string>
---@param text string the code
---@param extension string "py", "js" or "mjs"
function M.add(files, text, extension)
  if extension == "py" and text:find("cfnresponse", 1, true) then
    files["cfnresponse.py"] = PYTHON
  elseif extension ~= "py" and text:find("cfn-response", 1, true) then
    files["node_modules/cfn-response/index.js"] = NODE
  end
end

return M
