-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local http = require "std.http"
local process = require "std.process"
local relays = require "std.relay"

local SERVER = [[
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(501 if self.path == "/no" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
]]

-- An emulator that hangs up in the middle of every request, and a program that asks it: arguments
-- are lsqm and a socket's path.
local HANGS_UP = [[
import socket, subprocess, sys, threading
CLIENT = """
import socket
for _ in range(20):
    with socket.create_connection(("127.0.0.1", int("%d"))) as s:
        try:
            for _ in range(64): s.sendall(b"x" * 65536)
        except OSError: pass
print("outlived")
"""
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[2])
server.listen()
def serve():
    while True:
        one, _ = server.accept()
        one.recv(1)
        one.close()
threading.Thread(target=serve, daemon=True).start()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
sys.exit(subprocess.run([sys.argv[1], "--relay", sys.argv[2], str(port), sys.executable, "-c",
                         CLIENT % port]).returncode)
]]

describe("relay", function()
  local server, port, dir

  setup(function()
    dir = assert(fs.tempdir("relay-"))
    server = assert(process.start { argv = { "python3", "-c", SERVER }, stream = true })
    local _, line = server:read()
    port = math.tointeger(tonumber(line))
  end)
  teardown(function()
    server:close()
    dir:close()
  end)

  it("passes requests on and says what was refused", function()
    local outer <close> = assert(relays.open { from = { path = dir.path .. "/a.sock" },
      to = { port = port } })
    local inner <close> = assert(relays.open { from = { port = 0 },
      to = { path = dir.path .. "/a.sock" } })
    local base = "http://127.0.0.1:" .. inner:port()
    assert.equal("ok", assert(http.get(base .. "/x")).body)
    assert.equal(501, assert(http.get(base .. "/no", { retries = 0 })).status)
    local refused, answered = outer:refused()
    assert.same({ { operation = "GET /no", status = 501, count = 1 } }, refused)
    assert.equal(2, answered)
    assert.same({}, (outer:pending()))
  end)

  it("is gone when it is closed, its socket too", function()
    local relay = assert(relays.open { from = { path = dir.path .. "/b.sock" },
      to = { port = port } })
    assert.is_true(fs.exists(dir.path .. "/b.sock"))
    relay:close()
    relay:close()
    assert.has_error(function() relay:pending() end, "the relay is closed")
    local again <close> = assert(relays.open { from = { path = dir.path .. "/b.sock" },
      to = { port = port } })
    assert.equal(0, again:port())
  end)

  it("is the one way out of a sandbox", function()
    local relay <close> = assert(relays.open { from = { path = dir.path .. "/c.sock" },
      to = { port = port } }) -- luacheck: ignore relay
    local script = [[
      exec 3<>/dev/tcp/127.0.0.1/4566
      printf 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3
      head -c 15 <&3
      (exec 4<>/dev/tcp/127.0.0.1/$1) 2>/dev/null && echo leak
      exit 7]]
    local argv, reason = process.sandbox { argv = { "bash", "-c", script, "x", tostring(port) },
      network = { socket = dir.path .. "/c.sock", port = 4566 } }
    if reason then return pending(reason) end
    local result = assert(process.run { argv = argv, timeout = 30 })
    assert.same({ 7, "HTTP/1.1 200 OK" }, { result.code, result.stdout:sub(1, 15) })
    assert.is_nil(result.stdout:find("leak"))
    local asked = select(2, relay:refused())
    assert.equal(1, asked)
  end)

  it("is not ended by an emulator that hangs up, nor is the program", function()
    local result = assert(process.run { argv = { "python3", "-c", HANGS_UP,
      require("luv").exepath(), dir.path .. "/hangs.sock" }, timeout = 60 })
    assert.same({ 0, "outlived\n" }, { result.code, result.stdout }, result.stderr)
  end)

  it("refuses misuse and reports what cannot be had", function()
    assert.has_error(function() relays.open {} end, "from must be a table")
    assert.has_error(function() relays.open { from = { port = 70000 }, to = {} } end)
    local relay, err = relays.open { from = { path = dir.path .. "/no/such/dir.sock" },
      to = { port = port } }
    assert.is_nil(relay)
    assert.equal("io", err.code)
  end)
end)
