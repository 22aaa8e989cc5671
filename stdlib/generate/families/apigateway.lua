-- SPDX-License-Identifier: Apache-2.0
-- API Gateway: real HTTP calls through the emulator's own address of an API.

return {
  app = {
    { name = "http_call", code = [==[
class Stay(urllib.request.HTTPRedirectHandler):
    """Take a redirect as the answer: a test never leaves its emulator."""

    def redirect_request(self, *args):
        """Follow nothing."""


def http_call(endpoint, api_id, stage, method, path):
    """Call an API through the emulator and return status and body."""
    url = f"{endpoint}/_aws/execute-api/{api_id}/{stage}{path}"
    body = b"{}" if method in ("PATCH", "POST", "PUT") else None
    request = urllib.request.Request(url, data=body, method=method)
    request.add_header("Content-Type", "application/json")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
]==] },
    { name = "call_route", code = [==[
def call_route(endpoint, api_id, stage, method, path):
    """Call a route; an answer that any unknown API would give is a failure."""
    path = re.sub(r"\{[^}]*\}", "lsqm", path)
    method = "GET" if method == "ANY" else method
    status, body = http_call(endpoint, api_id, stage, method, path)
    unknown = http_call(endpoint, "0a0a0a0a", stage, method, path)
    masked = (unknown[0], unknown[1].replace("0a0a0a0a", api_id))
    assert (status, body) != masked, f"{method} {path}: {status} {body[:500]}"
    assert status < 500, f"{method} {path}: {status} {body[:500]}"
    return status, body
]==] },
    { name = "rest_stages", code = [==[
def rest_stages(deployment, api_id):
    """Return the stage names of a REST API."""
    stages = deployment.find("aws_api_gateway_stage", rest_api_id=api_id)
    names = {stage["stage_name"] for stage in stages}
    for item in deployment.find("aws_api_gateway_deployment", rest_api_id=api_id):
        names |= {item["stage_name"]} if item.get("stage_name") else set()
    return sorted(names)
]==] },
    { name = "rest_path", code = [==[
def rest_path(deployment, method):
    """Return the path of a method's resource."""
    found = deployment.find("aws_api_gateway_resource", id=method["resource_id"])
    return found[0]["path"] if found else "/"
]==] },
    { name = "http_stage", code = [==[
def http_stage(deployment, api_id):
    """Return a stage name of an HTTP API, or None."""
    stages = deployment.find("aws_apigatewayv2_stage", api_id=api_id)
    names = sorted(stage["name"] for stage in stages)
    return names[0] if names else None
]==] },
  },
  checks = {
    ["apigateway.method"] = {
      as = "method", clients = "apigateway", wiring = true, endpoint = true,
      doc = "The method answers over HTTP.",
      body = [==[
api_id = method["rest_api_id"]
found = apigateway.get_method(
    restApiId=api_id,
    resourceId=method["resource_id"],
    httpMethod=method["http_method"],
)
assert found["authorizationType"] == method["authorization"]
stages = app.rest_stages(deployment, api_id)
closed = method["authorization"] != "NONE" or method.get("api_key_required")
if not stages or closed:
    continue
path = app.rest_path(deployment, method)
app.call_route(endpoint, api_id, stages[0], method["http_method"], path)
]==] },
    ["apigateway.route"] = {
      as = "route", clients = "apigatewayv2 logs", wiring = true, endpoint = true,
      doc = "The route answers over HTTP, and its function is called.",
      body = [==[
api_id = route["api_id"]
answer = apigatewayv2.get_routes(ApiId=api_id)
keys = [found["RouteKey"] for found in answer["Items"]]
assert route["route_key"] in keys
stage = app.http_stage(deployment, api_id)
api = deployment.find("aws_apigatewayv2_api", id=api_id)
is_http = bool(api) and api[0]["protocol_type"] == "HTTP"
closed = route.get("authorization_type") not in (None, "", "NONE")
if not stage or not is_http or closed:
    continue
key = route["route_key"]
method, path = key.split(" ", 1) if " " in key else ("GET", "/")
call = (endpoint, api_id, stage, method, path)
arn = app.integration_of(deployment, route)
if not arn:
    app.call_route(*call)
    continue
assert app.calls_function(
    logs, deployment, arn, lambda: app.call_route(*call)
), f"{arn} was not called"
]==] },
  },
}
