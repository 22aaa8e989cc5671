-- SPDX-License-Identifier: Apache-2.0
-- Parity's files against what others publish: the Compose specification's schema and the schema of
-- GitHub's workflow files. compose_spec.lua asks Docker Compose itself.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local compose = require "std.compose"
local error_of = require "std.error"
local fifteen = dofile(here .. "/../pipelines/parity_fifteen.lua")
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lab_of = dofile(here .. "/../pipelines/parity_lab.lua")
local workflows = require "pipelines.parity.ci.workflow"
local yaml = require "std.yaml"

local SHARED <const> = here .. "/../../../shared/contracts/"

local function published(name)
  local path = os.getenv "LSQM_CONTRACTS" or SHARED
  if not fs.exists(fs.join(path, name)) then return nil end
  return assert(jsonschema.compile(assert(json.read(fs.join(path, name)))))
end

local FILES = {
  ["compose.yaml"] = [[
name: contract
include: [part/compose.yaml]
x-common: &common {restart: unless-stopped, logging: {driver: json-file, options: {max-size: 1m}}}
services:
  base: {image: "corp/base:${TAG:-1.0}", environment: [A=1, "B=${B:-two words}"], profiles: [never]}
  api:
    <<: *common
    extends: {service: base}
    profiles: !reset []
    command: serve --port 80 "a b"
    ports: ["8080:80", "127.0.0.1:9000-9001:90-91/udp", {target: 5, published: "6"}]
    volumes: ["data:/data", "./conf:/etc/conf:ro", {type: tmpfs, target: /scratch}]
    depends_on: {db: {condition: service_healthy}}
    deploy: {resources: {limits: {cpus: "0.5", memory: 256M}}}
    env_file: api.env
    labels: [k=v]
    tmpfs: /run
    networks: {back: {aliases: [other]}}
    ulimits: {nofile: 1024}
    extra_hosts: ["host:10.0.0.1"]
volumes: {data: {}}
networks: {back: {internal: true}}
]],
  ["api.env"] = "FROM_FILE=yes\nA=hidden\n",
  ["compose.override.yaml"] = "services: {api: {environment: {C: '3'}, ports: ['7000:70'], "
    .. "cap_add: [NET_ADMIN]}}\n",
  ["part/compose.yaml"] = [[
services:
  db:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: x}
    healthcheck: {test: pg_isready, interval: 10s, timeout: 5s, retries: 3, start_period: 1m30s}
    mem_limit: 1g
    networks: [back]
]],
}
FILES["part/compose.yaml"] = FILES["part/compose.yaml"] .. "networks: {back: {internal: true}}\n"

describe("parity's contracts", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function load()
    lab:write(FILES)
    local project, err = compose.load { dir = lab.dir.path, getenv = function() end }
    assert(project, err and error_of.format(err))
    return project
  end

  it("Compose files of the specs and overrides of fix keep the published schema", function()
    local validate = published "compose-spec.schema.json"
    if not validate then pending("no compose-spec.schema.json in " .. SHARED) return end
    local function check(text, what)
      local value = assert(yaml.decode(text, { tags = "ignore" }))
      local ok, result = validate(value)
      assert(ok, ok or what .. "\n" .. jsonschema.describe(result))
    end
    load()
    check(FILES["part/compose.yaml"], "part")
    check(fifteen.compose { name = "fifteen" }, "fifteen")
    lab:write { ["a/compose.yaml"] = fifteen.compose { name = "fifteen" },
      ["a/drift.yaml"] = fifteen.DRIFT:gsub("!reset null", "'no'") }
    local result = lab:run { "fix", "a/compose.yaml,a/drift.yaml", "a/compose.yaml" }
    assert.equal(0, result.code, result.stdout .. result.stderr)
    check(fs.read(lab:path "a/compose.parity.yaml"), "override")
  end)

  it("workflow files of the specs keep GitHub's schema, broken ones do not", function()
    local validate = published "github-workflow.schema.json"
    if not validate then pending("no github-workflow.schema.json in " .. SHARED) return end
    local cases = {
      { true, "on: push\njobs: {a: {runs-on: x, steps: [{run: y}]}}" },
      { true, "on: [push]\njobs: {a: {runs-on: x, needs: b, strategy: {matrix: {n: [1]}}, "
        .. "services: {r: {image: z}}, steps: [{uses: actions/checkout@v4}]}, "
        .. "b: {runs-on: x, steps: [{run: y, if: always()}]}}" },
      { false, "on: push\njobs: {a: {steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, steps: [{name: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, neds: b, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {}" },
      { true, "on: {push: {branches: [main]}, workflow_dispatch: }\nenv: {A: 1}\n"
        .. "concurrency: {group: g}\njobs: {a: {runs-on: [x, y], timeout-minutes: '${{ 3 }}', "
        .. "container: {image: z, env: {A: b}, ports: [80]}, continue-on-error: true, "
        .. "defaults: {run: {shell: sh}}, outputs: {o: '${{ steps.s.outputs.o }}'}, "
        .. "environment: p, permissions: read-all, strategy: {fail-fast: false, max-parallel: 2, "
        .. "matrix: {n: [1], include: [{n: 2}]}}, steps: [{id: s, run: y, shell: 'perl {0}', "
        .. "working-directory: w, continue-on-error: false, timeout-minutes: 1}]}}" },
      { false, "on: push\njobs: {a: {runs-on: [], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, env: [b], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, env: {A: [b]}, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, environment: [p], steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, services: {d: {ports: [1]}}, "
        .. "steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {runs-on: x, container: {env: {A: b}}, steps: [{run: y}]}}" },
      { false, "on: push\nconcurrency: 5\njobs: {a: {runs-on: x, steps: [{run: y}]}}" },
      { false, "on: push\njobs: {a: {uses: ./x.yml, steps: [{run: y}]}}" },
    }
    for i, case in ipairs(cases) do
      lab:write { ["ci.yml"] = case[2] }
      assert.equal(case[1], (validate(assert(yaml.decode(case[2])))), "schema, case " .. i)
      assert.equal(case[1], workflows.read(lab:path "ci.yml") ~= nil, "reader, case " .. i)
    end
  end)
end)
