#!/usr/bin/python3 -SE
# SPDX-License-Identifier: Apache-2.0
"""A Python environment without packages: `-m ministack` answers health checks, `-m pytest`
reports what the first line of the tests' file says (# fake: PASSED FAILED SKIPPED | hang | silent)."""
import http.server
import json
import os
import sys
import time


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": os.environ.get("FAKE_VERSION", "9.9.9")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if os.environ.get("FAKE_EMULATOR") == "once":
            self.wfile.flush()
            os._exit(9)

    def do_POST(self):
        if self.headers["X-Amz-Target"].endswith(".CreateQueue"):
            time.sleep(3600)
        self.send_response(501)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def emulator():
    print("fake emulator begins", flush=True)
    if os.environ.get("FAKE_EMULATOR") == "die":
        print("fake emulator: cannot find its license", flush=True)
        return 7
    address = (os.environ["BIND_HOST"], int(os.environ["GATEWAY_PORT"]))
    http.server.ThreadingHTTPServer(address, Health).serve_forever()
    return 0


def pytest():
    with open(sys.argv[-1], encoding="utf-8") as file:
        line = file.readline()
    words = line.split()[2:] if line.startswith("# fake:") else ["1", "0", "0"]
    if words == ["hang"]:
        print("test_app.py .", flush=True)
        time.sleep(3600)
    if words == ["silent"]:
        print("INTERNALERROR> conftest.py is broken")
        return 3
    counts = dict(zip(("passed", "failed", "skipped"), map(int, words)))
    tests = [{"nodeid": "test_app.py::test_%s_%d" % (kind, i), "outcome": kind,
              "call": {"duration": 0.1}}
             for kind, count in counts.items() for i in range(count)]
    path = next(a for a in sys.argv if a.startswith("--json-report-file=")).split("=", 1)[1]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"summary": counts, "tests": tests, "collectors": []}, file)
    print(counts)
    return 1 if counts["failed"] else 0


def check():
    """The question which requirements are missing."""
    missing = [line.strip() for line in sys.stdin if line.startswith("unknown")]
    print(json.dumps(missing))
    return 0


def main():
    if sys.argv[1] == "-c":
        return check() if "metadata" in sys.argv[2] else 0
    module = sys.argv[2]
    if module == "ministack":
        return emulator()
    if module == "pytest":
        return pytest()
    print("no module named " + module, file=sys.stderr)
    return 1


sys.exit(main())
