-- SPDX-License-Identifier: Apache-2.0
-- Compose projects that both std.compose and Docker Compose refuse, and those where they differ,
-- for a reason that stands beside them. Texts are as in compose_cases.lua.

local M = {}

M.both = {
  ["a required variable"] = 'services: {s: {image: "${NOPE:?must set}"}}',
  ["a wrong interpolation"] = 'services: {s: {image: "${A b}"}}',
  ["extends in a circle"] = "services: {a: {image: x, extends: b}, b: {image: y, extends: a}}",
  ["extends of a missing file"] = "services: {a: {extends: {file: nope.yaml, service: b}}}",
  ["extends of a missing service"] = "services: {a: {image: x, extends: nope}}",
  ["include of a missing file"] = "include: [nope.yaml]\nservices: {a: {image: x}}",
  ["include of another definition"] = "include: [o.yaml]\nservices: {a: {image: x}}\n"
    .. "--- o.yaml\nservices: {a: {image: y}}",
  ["depends_on in a circle"] = "services: {a: {image: x, depends_on: [b]}, "
    .. "b: {image: y, depends_on: [a]}}",
  ["depends_on of itself"] = "services: {a: {image: x, depends_on: [a]}}",
  ["depends_on of nothing"] = "services: {a: {image: x, depends_on: [zz]}}",
  ["depends_on of an inactive service"] = "services: {a: {image: x, depends_on: [b]}, "
    .. "b: {image: y, profiles: [p]}}",
  ["includes that are no list"] = "include: o.yaml\nservices: {a: {image: x}}\n"
    .. "--- o.yaml\nservices: {b: {image: x}}",
  ["an include of a number"] = "include: [1]\nservices: {a: {image: x}}",
  ["a number for the project's name"] = "name: 5\nservices: {a: {image: x}}",
  ["a limit of memory without quotes"] = "services: {a: {image: x, deploy: {resources: {limits: "
    .. "{memory: 1024}}}}}",
  ["options of a driver that are a list"] = "services: {a: {image: x, logging: {options: [a=b]}}}",
  ["an unknown order of updates"] = "services: {a: {image: x, deploy: {update_config: "
    .. "{order: random}}}}",
  ["rights that are none"] = "services: {a: {image: x, secrets: [{source: s, mode: rw}]}}\n"
    .. "secrets: {s: {file: ./s}}",
  ["an undefined network"] = "services: {a: {image: x, networks: [zz]}}",
  ["an undefined volume"] = "services: {a: {image: x, volumes: ['zz:/z']}}",
  ["an undefined volume of another folder"] = "services: {a: {extends: {file: d/b.yaml, "
    .. "service: b}}}\n--- d/b.yaml\nservices: {b: {image: x, volumes: ['data:/v']}}\n"
    .. "volumes: {data: }",
  ["an undefined secret"] = "services: {a: {image: x, secrets: [zz]}}",
  ["an undefined config"] = "services: {a: {image: x, configs: [zz]}}",
  ["links to nothing"] = "services: {a: {image: x, links: [zz]}}",
  ["the network of no service"] = "services: {a: {image: x, network_mode: 'service:zz'}}",
  ["network_mode and networks"] = "services: {a: {image: x, network_mode: host, "
    .. "networks: [default]}}",
  ["an unknown key"] = "services: {a: {image: x, imagee: y}}",
  ["an unknown key at the top"] = "services: {a: {image: x}}\nservces: {}",
  ["an unknown nested key"] = "services: {a: {image: x, healthcheck: {tst: a}}}",
  ["a repeated key"] = "services: {a: {image: x, image: y}}",
  ["a wrong service name"] = "services: {'a b': {image: x}}",
  ["no container port"] = "services: {a: {image: x, ports: [{published: 80}]}}",
  ["a port above 65535"] = "services: {a: {image: x, ports: ['80:99999']}}",
  ["a port that is a word"] = "services: {a: {image: x, ports: [abc]}}",
  ["port ranges of different length"] = "services: {a: {image: x, ports: ['80-82:80-81']}}",
  ["a mount without a target"] = "services: {a: {image: x, volumes: [{type: bind, source: ./a}]}}",
  ["a number for a duration"] = "services: {a: {image: x, stop_grace_period: 10}}",
  ["a duration in words"] = "services: {a: {image: x, healthcheck: {test: a, interval: 5 min}}}",
  ["a size in words"] = "services: {a: {image: x, mem_limit: lots}}",
  ["a truth that is none"] = "services: {a: {image: x, privileged: maybe}}",
  ["a check without CMD"] = "services: {a: {image: x, healthcheck: {test: [curl, x]}}}",
  ["scale and replicas that differ"] = "services: {a: {image: x, scale: 2, deploy: {replicas: 3}}}",
  ["one name for two containers"] = "services: {a: {image: x, container_name: c, scale: 2}}",
  ["cpus that differ"] = "services: {a: {image: x, cpus: 1, deploy: {resources: {limits: "
    .. "{cpus: '2'}}}}}",
  ["memory that differs"] = "services: {a: {image: x, mem_limit: 1g, deploy: {resources: "
    .. "{limits: {memory: 2g}}}}}",
  ["a missing env_file"] = "services: {a: {image: x, env_file: nope.env}}",
  ["an external volume with a driver"] = "services: {a: {image: x, volumes: ['n:/n']}}\n"
    .. "volumes: {n: {external: true, driver: local}}",
  ["a secret from nowhere"] = "services: {a: {image: x}}\nsecrets: {n: {}}",
  ["a secret from two places"] = "services: {a: {image: x}}\n"
    .. "secrets: {n: {file: ./a, environment: B}}",
  ["a config from two places"] = "services: {a: {image: x}}\nconfigs: {n: {file: a, content: B}}",
  ["volumes that are a list"] = "services: {a: {image: x}}\nvolumes: [a]",
  ["a number for a user"] = "services: {a: {image: x, user: 1000}}",
  ["a number in a command"] = "services: {a: {image: x, command: [sleep, 5]}}",
  ["a number in a list of variables"] = "services: {a: {image: x, environment: [1]}}",
  ["an unknown pull policy"] = "services: {a: {image: x, pull_policy: often}}",
  ["an empty file"] = "# nothing",
  ["no service at all"] = "services:",
  ["a service without a value"] = "services: {a: }",
  ["ports without a value"] = "services: {a: {image: x, ports: }}",
  ["an interval without a value"] = "services: {a: {image: x, healthcheck: {test: a, interval: }}}",
  ["no value in a later file either"] = "services: {a: {image: x}}\n"
    .. "--- compose.override.yaml\nservices: {a: {environment: }}",
  ["no value over a base without one"] = "services: {b: {image: x}, a: {extends: b, dns: }}",
}

-- `theirs`, `ours`: who accepts. Where both do, they read different values.
M.differ = {
  { "`up` says it; a file that is laid over others can still be compared alone",
    "services: {a: {command: x}}", ours = true },
  { "keys of the specification that are newer than this Compose",
    "services: {a: {image: x, use_api_socket: true}}", ours = true },
  { "the engine refuses it only when the container is made",
    "services: {a: {image: x, restart: sometimes}}", theirs = true },
  { "a fraction of a byte or of a process is a mistake",
    "services: {a: {image: x, mem_limit: 1.5}}", theirs = true },
  { "an item has no name by which another file could mean it: `!override` says what is meant",
    "services: {a: {image: x, ports: [!reset '80:80']}}", theirs = true },
  { "YAML 1.2: a leading zero is no octal number, and a mask 022 stays what was written",
    "services: {a: {image: x, environment: {UMASK: 022}}}", theirs = true, ours = true },
  { "YAML 1.2: a date is a text",
    "services: {a: {image: x, environment: {DAY: 2020-01-02}}}", theirs = true, ours = true },
  { "rights in quotes are octal, as for chmod; Docker Compose takes 440 for a decimal number",
    "services: {a: {image: x, configs: [{source: c, mode: '0440'}]}}\nconfigs: {c: {content: d}}",
    theirs = true, ours = true },
}

return M
