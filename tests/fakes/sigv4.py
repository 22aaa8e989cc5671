#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Answers 200 to a request whose Signature Version 4 is the one that AWS's own library makes of it,
403 with both canonical forms otherwise. Prints its port."""
import http.server
import sys

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def parts_of(header):
    words = dict(word.split("=", 1) for word in header.split(" ", 1)[1].replace(" ", "").split(","))
    key, _, region, service, _ = words["Credential"].split("/")
    return key, region, service, words["SignedHeaders"].split(";"), words["Signature"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def check(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        key, region, service, names, signature = parts_of(self.headers["Authorization"])
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        auth = kind(Credentials(key, "SECRET"), service, region)
        request = AWSRequest(self.command, f"http://{self.headers['Host']}{self.path}", data=body,
                             headers={name: self.headers[name] for name in names})
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        canonical = auth.canonical_request(request)
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        if expected == signature and "host" in names and "x-amz-date" in names:
            return 200, b'{"service": "%s", "region": "%s"}' % (service.encode(), region.encode())
        return 403, canonical.encode() + f"\n--\n{expected}\n{signature}".encode()

    def answer(self):
        status, body = self.check()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
sys.stdout.close()
server.serve_forever()
