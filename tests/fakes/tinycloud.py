#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An emulator that no table of ours knows: SSM parameters and whose account it is, and nothing
else. tinycloud.py PORT"""
import http.server
import json
import sys

PARAMETERS = {}


def put(ask):
    found = PARAMETERS.get(ask["Name"])
    version = found["Version"] + 1 if found else 1
    PARAMETERS[ask["Name"]] = {
        "Name": ask["Name"], "Type": ask.get("Type", "String"), "Value": ask["Value"],
        "Version": version, "DataType": "text", "Tier": "Standard", "LastModifiedDate": 0,
        "ARN": "arn:aws:ssm:us-east-1:000000000000:parameter" + ask["Name"]}
    return {"Version": version, "Tier": "Standard"}


def get(ask):
    return {"Parameter": PARAMETERS[ask["Name"]]}


def describe(ask):
    names = [v for f in ask.get("ParameterFilters", []) for v in f["Values"]]
    return {"Parameters": [p for p in PARAMETERS.values() if p["Name"] in names]}


def delete(ask):
    del PARAMETERS[ask["Name"]]
    return {}


OPERATIONS = {"PutParameter": put, "GetParameter": get, "DescribeParameters": describe,
              "DeleteParameter": delete, "ListTagsForResource": lambda ask: {"TagList": []}}


# What the provider asks for its account id.
ACCOUNT = """<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult><User>
<Path>/</Path><UserName>t</UserName><UserId>t</UserId><CreateDate>2026-01-01T00:00:00Z</CreateDate>
<Arn>arn:aws:iam::000000000000:user/t</Arn></User></GetUserResult></GetUserResponse>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        self.send(status, "application/x-amz-json-1.1", json.dumps(value).encode())

    def send(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200 if self.path == "/up" else 404, {"release": "0.3.1"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"Action=GetUser" in body:
            return self.send(200, "text/xml", ACCOUNT.encode())
        ask = json.loads(body or "{}")
        name = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if name not in OPERATIONS:
            return self.answer(501, {"__type": "NotImplemented", "message": name})
        try:
            return self.answer(200, OPERATIONS[name](ask))
        except KeyError:
            return self.answer(400, {"__type": "ParameterNotFound", "message": ask["Name"]})


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
