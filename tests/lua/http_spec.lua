-- SPDX-License-Identifier: Apache-2.0
local http = require "std.http"
local luv = require "luv"
local parallel = require "std.parallel"

-- A server that answers with what handler(request, n) returns: bytes, and true to keep it open.
local function serve(handler)
  local server = { requests = {}, peers = {} }
  local listener = luv.new_tcp()
  listener:bind("127.0.0.1", 0)
  listener:listen(16, function()
    local peer, text = luv.new_tcp(), ""
    server.peers[peer] = true
    listener:accept(peer)
    peer:read_start(function(_, chunk)
      text = text .. (chunk or "")
      local head_end = select(2, text:find("\r\n\r\n", 1, true))
      local length = tonumber(text:match("Content%-Length: (%d+)")) or 0
      if chunk and head_end and #text >= head_end + length then
        server.requests[#server.requests + 1] = text
        local bytes, keep = handler(text, #server.requests)
        text = ""
        peer:write(bytes, function()
          if not keep and not peer:is_closing() then peer:close() end
        end)
      elseif not chunk and not peer:is_closing() then
        peer:close()
      end
    end)
  end)
  server.url = "http://127.0.0.1:" .. listener:getsockname().port
  return setmetatable(server, { __close = function()
    listener:close()
    for peer in pairs(server.peers) do if not peer:is_closing() then peer:close() end end
  end })
end

local function answer(status, body, headers)
  return ("HTTP/1.1 %s\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s"):format(status,
    headers or "", #body, body)
end

-- An address that nobody uses right now.
local function free_port()
  local probe = luv.new_tcp()
  probe:bind("127.0.0.1", 0)
  local port = probe:getsockname().port
  probe:close()
  return port
end

-- A TLS server with a certificate that nobody signed; nil where openssl is missing.
local function serve_tls(dir)
  local made = os.execute(("openssl req -x509 -newkey rsa:2048 -nodes -keyout %s/key -out %s/cert"
    .. " -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 2>/dev/null"):format(dir, dir))
  if not made then return nil end
  local port = free_port()
  local child = luv.spawn("openssl", { args = { "s_server", "-www", "-quiet", "-accept",
    "127.0.0.1:" .. port, "-key", dir .. "/key", "-cert", dir .. "/cert" } }, function() end)
  return setmetatable({ url = "https://127.0.0.1:" .. port }, { __close = function()
    child:kill("sigkill")
    child:close()
  end })
end

local function recorder()
  local pauses = {}
  return pauses, function(seconds) pauses[#pauses + 1] = seconds end
end

describe("std.http", function()
  it("returns status, headers and body", function()
    local server <close> = serve(function()
      return answer("200 OK", "hi", "X-Two: a\r\nx-two: b\r\n")
    end)
    local response = assert(http.get(server.url .. "/x?y=1", { headers = { ["X-Me"] = "me" } }))
    assert.are.equal(200, response.status)
    assert.are.equal("hi", response.body)
    assert.are.equal("a, b", response.headers["x-two"])
    assert.are.equal(server.url .. "/x?y=1", response.url)
    assert.matches("GET /x?y=1 HTTP/1.1", server.requests[1], 1, true)
    assert.matches("X-Me: me\r\n", server.requests[1], 1, true)
  end)

  it("tries again after 503 and tells how often", function()
    local server <close> = serve(function(_, n)
      return n < 3 and answer("503 Busy", "") or answer("200 OK", "now")
    end)
    local pauses, sleep = recorder()
    local response = assert(http.get(server.url, { sleep = sleep }))
    assert.are.same({ "now", 3, 2 }, { response.body, response.attempts, #pauses })
  end)

  it("keeps the pause of Retry-After", function()
    local server <close> = serve(function(_, n)
      return n == 1 and answer("429 Slow", "", "Retry-After: 9\r\n") or answer("200 OK", "")
    end)
    local pauses, sleep = recorder()
    assert.are.equal(200, http.get(server.url, { sleep = sleep }).status)
    assert.are.same({ 9.0 }, pauses)
  end)

  it("does not wait longer than max_wait", function()
    local server <close> = serve(function()
      return answer("429 Slow", "no", "Retry-After: 3600\r\n")
    end)
    local response = http.get(server.url, { sleep = function() error("must not pause") end })
    assert.are.same({ 429, 1 }, { response.status, response.attempts })
  end)

  it("reads Retry-After as seconds and as a date", function()
    local function after(text, now)
      return http.retry_after({ headers = { ["retry-after"] = text } }, now)
    end
    assert.are.equal(120.0, after("120"))
    assert.are.equal(23, after("Sun, 06 Nov 1994 08:50:00 GMT", 784111777))
    assert.are.equal(0, after("Sun, 06 Nov 1994 08:49:37 GMT", 784111800))
    assert.is_nil(after("soon"))
  end)

  it("does not repeat a POST unless it is asked to", function()
    local server <close> = serve(function() return answer("500 Broken", "x") end)
    local _, sleep = recorder()
    local options = { url = server.url, method = "POST", body = "b", sleep = sleep }
    assert.are.equal(1, http.request(options).attempts)
    options.retry_unsafe = true
    assert.are.equal(3, http.request(options).attempts)
  end)

  it("repeats after a connection that broke", function()
    local server <close> = serve(function(_, n)
      return n == 1 and "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut" or answer("200 OK", "ok")
    end)
    local _, sleep = recorder()
    assert.are.equal("ok", http.get(server.url, { sleep = sleep }).body)
  end)

  it("sends and reads JSON", function()
    local server <close> = serve(function()
      return answer("201 Created", '{"id":7}', "Content-Type: application/json\r\n")
    end)
    local response = assert(http.post_json(server.url, { name = "x" }))
    assert.are.equal(7, response.json.id)
    assert.matches("Content-Type: application/json", server.requests[1], 1, true)
    assert.matches('{"name":"x"}', server.requests[1], 1, true)
  end)

  it("hands the body over in parts and waits for the reader", function()
    local body = ("0123456789"):rep(300000)
    local server <close> = serve(function() return answer("200 OK", body) end)
    local parts, size = 0, 0
    local response = assert(http.get(server.url, { on_data = function(data)
      parts, size = parts + 1, size + #data
      if parts == 1 then parallel.sleep(0.05) end
    end }))
    assert.are.equal(#body, size)
    assert.are.same({ 200, "" }, { response.status, response.body })
    assert.is_true(parts > 1)
  end)

  it("ends the transfer when on_data raises", function()
    local server <close> = serve(function() return answer("200 OK", ("x"):rep(100)) end)
    local ok, err = pcall(http.get, server.url, { on_data = function() error("mine", 0) end })
    assert.are.same({ false, "mine" }, { ok, err })
  end)

  it("times out and can be cancelled", function()
    local server <close> = serve(function() return "HTTP/1.1 200 OK\r\n", true end)
    local response, err = http.get(server.url, { timeout = 0.1 })
    assert.is_nil(response)
    assert.are.equal("timeout", err.code)
    local value, why = parallel.timeout(0.1, function() return http.get(server.url) end)
    assert.is_nil(value)
    assert.are.equal("timeout", why.code)
    value, why = parallel.timeout(0.1, function()
      return http.get(server.url, { on_data = function() end })
    end)
    assert.is_nil(value)
    assert.are.equal("timeout", why.code)
  end)

  it("runs many at once", function()
    local server <close> = serve(function(text) return answer("200 OK", text:match("/(%d+) ")) end)
    local items = {}
    for i = 1, 40 do items[i] = i end
    local bodies = parallel.map(items, function(i)
      return assert(http.get(server.url .. "/" .. i)).body
    end, { limit = 10 })
    for i = 1, 40 do assert.are.equal(tostring(i), bodies[i]) end
  end)

  it("trusts only certificates that it was told to trust", function()
    local dir = assert(luv.fs_mkdtemp("/tmp/lsqm-tls-XXXXXX"))
    local before = luv.os_getenv("CURL_CA_BUNDLE")
    do
      local server <close> = serve_tls(dir)
      if not server then pending("no openssl program") return end
      local _, err = http.get(server.url, { retries = 8, retry_base = 0.05, timeout = 5 })
      assert.are.equal("unsafe", err.code)
      assert.matches("certificate", err.message, 1, true)
      assert.matches("CURL_CA_BUNDLE", err.hint, 1, true)
      luv.os_setenv("CURL_CA_BUNDLE", dir .. "/cert")
      assert.are.equal(200, assert(http.get(server.url)).status)
    end
    if before then luv.os_setenv("CURL_CA_BUNDLE", before)
    else luv.os_unsetenv("CURL_CA_BUNDLE") end
    for _, name in ipairs { "key", "cert" } do os.remove(dir .. "/" .. name) end
    luv.fs_rmdir(dir)
  end)

  it("turns an unwanted status into an error", function()
    local unwanted = { status = 404, body = "no  such\nthing" }
    local response, err = http.expect(unwanted, nil, "github issue")
    assert.is_nil(response)
    assert.are.equal("not_found", err.code)
    assert.are.equal("github issue: status 404: no such thing", tostring(err))
  end)

  it("says which option is wrong", function()
    local ok, err = pcall(http.get, "http://x", { retires = 1 })
    assert.is_false(ok)
    assert.matches("unknown option 'retires'", tostring(err), 1, true)
  end)
end)
