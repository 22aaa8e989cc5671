-- SPDX-License-Identifier: Apache-2.0
-- Compose projects that std.compose and Docker Compose must read alike. A text is compose.yaml,
-- then "--- NAME" before each further file. `dir`: the folder; `files`: -f; `profiles`; `env`: the
-- shell's variables.

return {
  { "merge", [[
services: {s: {image: x:1, command: a b, dns: [1.1.1.1], labels: {k: v}, environment: {A: 1, B: 2},
  ports: ['80:80'], volumes: ['./x:/x'], cap_add: [A]}}
--- compose.override.yaml
services: {s: {image: x:2, command: [c], dns: 8.8.8.8, labels: [k=w, n=o], environment: [B=3, C],
  ports: ['80:80', '81:81'], volumes: ['./y:/x:ro'], cap_add: [B]}}
]] },
  { "merge of everything else", [[
services:
  s: {image: x, volumes: ["./a:/a"], healthcheck: {test: [CMD, x], retries: 2}, networks: [n1],
    env_file: x.env, tmpfs: /run, expose: ["80"], logging: {driver: syslog, options: {a: b}},
    sysctls: {net.core.somaxconn: 1024}, ulimits: {nproc: 5}, extra_hosts: ["a:1.2.3.4"],
    depends_on: [t], secrets: [k], devices: ["/dev/a:/dev/b"], build: {context: ., args: [A=1]},
    deploy: {replicas: 2, labels: {a: b}}, entrypoint: [e], security_opt: [a], group_add: [g]}
  t: {image: t}
networks: {n1: {}, n2: {}}
secrets: {k: {file: ./k}}
--- compose.override.yaml
services:
  s: {volumes: ["./b:/b"], healthcheck: {test: x y, interval: 5s}, networks: {n2: {aliases: [q]}},
    env_file: [y.env], tmpfs: [/tmp], expose: [81], logging: {options: {c: d}},
    sysctls: [net.ipv4.ip_forward=1], ulimits: {nofile: {soft: 1, hard: 2}},
    extra_hosts: {b: 5.6.7.8}, depends_on: {t: {condition: service_started, restart: true}},
    secrets: [{source: k, target: l}], devices: ["/dev/c:/dev/b"], build: {args: {A: 2, B: 3}},
    deploy: {resources: {limits: {memory: 1g}}, labels: [c=d]}, entrypoint: f, security_opt: [b],
    group_add: [5]}
--- x.env
Q=1
--- y.env
Q=2
]] },
  { "override and reset", [[
services: {s: {image: x, ports: ['1:1'], command: a, environment: {A: 1, B: 2}, cap_add: [A],
  labels: {k: v}, healthcheck: {test: a}, networks: [n1, n2], volumes: ["./a:/a"],
  depends_on: [t]}, t: {image: t}}
networks: {n1: , n2: }
--- compose.override.yaml
services:
  s:
    ports: !override ['2:2']
    environment: {A: !reset null}
    cap_add: !reset []
    labels: !override {z: y}
    command: !reset null
    healthcheck: !reset null
    networks: !override [n2]
    volumes: !override ["./c:/c"]
    depends_on: !reset {}
]] },
  { "a key without a value over one that has some", [[
services:
  s: {image: x, ports: ["80:80"], environment: {A: 1, B: 2}, healthcheck: {test: a, interval: 5s},
    command: [a], entrypoint: b, restart: always, deploy: {replicas: 3}, labels: {l: m}}
--- compose.override.yaml
services:
  s: {ports: , environment: {A: }, restart: , healthcheck: {interval: }, command: , entrypoint: ,
    deploy: , labels: {l: }}
]] },
  { "interpolation", [[
services:
  s:
    image: "${REG:-docker.io}/${IMG:-${DEF:-app}}:${TAG-latest}"
    environment: {A: "${A:-${B:-${C:-deep}}}", B: "${SET:+yes ${SET}}", C: "${UNSET+no}",
      D: "${SET?must}", E: "$${lit} $SET-x ${SET}x", F: "${EMPTY-a}${EMPTY:-b}", G: "${A:-a b c}",
      H: "${A:-http://x:80/?q=1}", I: "${A:-{}}", J: "${A:-$SET}", K: "a$", L: "$ x $1 $.x 5$%"}
    ports: ["${PORT:-8080}:80"]
    mem_limit: "${MEM:-512m}"
    cpus: "${CPUS:-0.5}"
    privileged: "${PRIV:-true}"
    scale: "${N:-2}"
    stop_grace_period: "${G:-1m}"
]], env = { SET = "set", EMPTY = "" } },
  { ".env and the shell over it", [[
services: {s: {image: 'i:${A}', environment: {B: $B, C: '${C}', D: '${D:-dd}', D2: '${D-dd}',
  E: '${E}', F: '${F:-${A:-no}}', G: '${A:+set}', H: '$$A', I: '${N-}', S: '${S}', T: '${T}'}}}
--- .env
A=one
B='single $A'
C="double ${A}"
D=
E=x#y # z
S=file
T=${S}
]], env = { S = "shell" } },
  { "extends", [[
services: {base: {image: b, environment: {A: 1}, ports: ['1:1'], healthcheck: {test: [CMD, t],
  interval: 1m}, command: c}, s: {extends: base, environment: {A: 2, B: 1}, ports: ['2:2'],
  healthcheck: {interval: 2m}, command: }}
]] },
  { "extends from another folder", [[
services:
  a: {extends: {file: common/base.yaml, service: web}, environment: [B=3], ports: ["90:90"]}
--- common/base.yaml
services:
  root: {image: base, env_file: e.env, volumes: [./d:/d], build: {context: ., args: {A: 1}}}
  web: {extends: root, command: [a, b], environment: {A: 1, B: 2}, ports: ["80:80"]}
--- common/e.env
FROM=common
]] },
  { "include", [[
include:
  - {path: sub/compose.yaml, env_file: sub/x.env, project_directory: .}
  - path: [sub2/a.yaml, sub2/b.yaml]
services: {s: {image: x, depends_on: [inner]}}
--- sub/compose.yaml
services: {inner: {image: "i:${TAG}", volumes: ["./v:/v"], environment: [TAG]}}
--- sub/x.env
TAG=fromx
--- .env
TAG=outer
--- sub2/a.yaml
services: {two: {image: "t:${TAG}", build: .}}
--- sub2/b.yaml
services: {two: {environment: {X: "${TAG}"}}}
--- compose.override.yaml
services: {two: {command: changed}}
]] },
  { "include, override file, env_file", [[
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
    networks: {back: {aliases: [other]}}
volumes: {data: {}}
networks: {back: {internal: true}}
--- api.env
FROM_FILE=yes
A=hidden
--- compose.override.yaml
services: {api: {environment: {C: '3'}, ports: ['7000:70'], cap_add: [NET_ADMIN]}}
--- part/compose.yaml
services:
  db: {image: postgres:15, environment: {POSTGRES_PASSWORD: x}, mem_limit: 1g, networks: [back],
    healthcheck: {test: pg_isready, interval: 10s, timeout: 5s, retries: 3, start_period: 1m30s}}
networks: {back: {internal: true}}
]] },
  { "profiles", [[
services: {a: {image: a}, b: {image: b, profiles: [p1, p3], depends_on: [a]},
  c: {image: c, profiles: [p2]}, d: {image: d, profiles: [p1, p2]}}
]], profiles = { "p1" } },
  { "COMPOSE_PROFILES", "services: {a: {image: a, profiles: [x]}, b: {image: b, profiles: [y]}}\n"
    .. "--- .env\nCOMPOSE_PROFILES=x,z\n" },
  { "anchors and merge keys", [[
x-base: &base
  restart: always
  environment: &env {A: 1, B: two}
  labels: [x=y]
x-more: &more {init: true, restart: "no"}
services:
  s: {<<: [*base, *more], image: x, environment: {<<: *env, B: three}}
  t:
    <<: *base
    image: y
    labels: {z: 1}
]] },
  { "env_file", [[
services:
  s:
    image: x
    env_file: [{path: a.env, required: true}, {path: nope.env, required: false}, b.env]
    environment: {OWN: own, PASS: , EMPTY: "", ONE: 1, DB: "${B}"}
--- .env
A=1
B=${A}
SEEN=dot
--- a.env
A=a1
X=${A}
C='sq $A'
export D=4
E=a#b # c
F=${NOPE:-def}
MULTI="line1
line2"
OWN=file
G: yaml
H=a=b=c
I="esc \" \n x"
K=
L=$$x
PASS=frm
SEEN
--- b.env
Y=${D}
A=b1
Z=${A}
R=${S}
]], env = { S = "sh" } },
  { "label_file", "services: {s: {image: x, label_file: [l.env], labels: {own: 1, com.x: y}}}\n"
    .. "--- l.env\ncom.x=fromfile\ncom.z=\"z z\"\n" },
  { "ports", [[
services:
  s:
    image: x
    expose: ["1", "2-3", "4/udp", 5]
    ports: [3000, "3001-3003", "8000:80", "9090-9091:8080-8081", "127.0.0.1:8001:8001",
      "127.0.0.1::5000", "6060:6060/udp", "127.0.0.1:5010-5012:5010-5012", "[::1]:6001:6001",
      "7000-7010:70", "8000:80", {target: 80, host_ip: 0.0.0.0, published: "8080-8090",
        protocol: tcp, mode: host, name: web, app_protocol: http}, {target: 443, published: 8443},
      {target: 99}]
]] },
  { "volumes", [[
services:
  s:
    image: x
    volumes: [/anon, "data:/d", "data2:/d2:ro", "./rel:/rel", "../up:/up:ro,z", "~/h:/h",
      "/abs:/abs/", {type: volume, source: data, target: /lv, volume: {nocopy: true, subpath: s}},
      {type: bind, source: ./b, target: /lb, bind: {create_host_path: false, propagation: rshared}},
      {type: tmpfs, target: /lt, tmpfs: {size: 64m, mode: 1777}}, "./one:/twice", "./two:/twice",
      {type: bind, source: ., target: /dot, read_only: true}, ".:/code", "data:/nc:nocopy",
      "/var/run/docker.sock:/var/run/docker.sock:rw", "ext:/e", "ext2:/e2", "named:/n"]
volumes:
  data:
  data2: {driver: local, driver_opts: {type: none, o: bind, device: ./dev}, labels: [a=b]}
  ext: {external: true}
  ext2: {external: true, name: real}
  named: {name: "n-${X:-y}"}
]] },
  { "networks", [[
services:
  s: {image: x, networks: {front: {aliases: [a, b], ipv4_address: 10.1.0.5, priority: 10}, back: }}
  t: {image: x, network_mode: host}
  u: {image: x, network_mode: "service:s"}
  v: {image: x, networks: [default, back, ext], mac_address: "02:42:ac:11:65:43", hostname: h,
    domainname: d.e}
networks:
  front: {driver: bridge, ipam: {driver: default, config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1,
      ip_range: 10.1.0.0/25, aux_addresses: {h: 10.1.0.9}}]}, driver_opts: {com.x: 1},
    enable_ipv6: true, labels: {a: 1}, attachable: true}
  back: {internal: true}
  default: {name: mydefault}
  ext: {external: true, name: outside}
]] },
  { "secrets and configs", [[
services:
  s: {image: x, secrets: [a, {source: b, target: /x/b, uid: "1", gid: "2", mode: 0440}, c],
    configs: [k, {source: l, target: /etc/l, mode: 0o444}, m]}
secrets: {a: {file: ./a.txt}, b: {environment: SEC}, c: {external: true}}
configs: {k: {content: "hello ${NAME:-world}\nnext"}, l: {file: ./l.conf}, m: {environment: NAME}}
]], env = { SEC = "topsecret", NAME = "joe" } },
  { "scale, replicas, restart", [[
services:
  s: {image: x, scale: 3, restart: on-failure:3}
  t: {image: x, deploy: {replicas: 2, mode: replicated, restart_policy: {condition: on-failure,
    delay: 5s, max_attempts: 3, window: 2m}, labels: {a: b}, resources: {limits: {cpus: "0.50",
    memory: 1024m, pids: 5}, reservations: {memory: 20M}}}, cpus: 0.5, mem_limit: 1g, pids_limit: 5}
]] },
  { "numbers, truths, durations, sizes", [[
services:
  s: {image: x, environment: {T: true, F: false, N: 10, FL: 1.50, NEG: -1, STR: "true", E: '',
      YES: "yes", NO: no, ON: on, HEX: 0x1F, OCT: 0o17, F2: 1.0, F3: 0.1, NUL: null, V: v1.0},
    labels: {a: true, b: 1.5, d: "", n: 1}, read_only: true, tty: "true", stdin_open: true,
    stop_grace_period: 1m30s, stop_signal: SIGINT, shm_size: 64M, mem_limit: 1.5g,
    memswap_limit: 2gb, mem_reservation: 512m, mem_swappiness: 10, oom_score_adj: -500,
    pids_limit: 100, cpu_shares: 73, cpuset: "0,1", cpus: 1.5, user: "1000", init: true,
    healthcheck: {test: "curl -f x || exit 1", interval: 1h1m30s, timeout: 10s, retries: 3,
      start_period: 40s, start_interval: 500ms}, ulimits: {nproc: 65535,
      nofile: {soft: 20000, hard: 40000}}, platform: linux/amd64, pull_policy: always}
  off: {image: x, healthcheck: {disable: true}, privileged: false}
]] },
  { "commands, devices, links", [[
services:
  s: {image: x, entrypoint: /code/e.sh -p 3000, command: 'sh -c "a  b" c\ d', tmpfs: [/a, /b],
    security_opt: ["no-new-privileges:true"], devices: ["/dev/ttyUSB0:/dev/ttyUSB0",
      "/dev/sda:/dev/xvda:rw"], group_add: [mail, "5"], userns_mode: host, ipc: host, pid: host,
    cgroup_parent: m, dns_search: [a.b], dns_opt: [use-vc], annotations: [a=b], runtime: runc,
    volumes_from: ["t:ro"], links: ["t:alias"], external_links: [redis], working_dir: /w,
    storage_opt: {size: 1G}, cap_drop: [ALL], cap_add: [A, A], container_name: c}
  t: {image: y, build: {context: ./t, dockerfile: D, target: prod, args: {A: 1, B: }, tags: [z],
    cache_from: [q]}, depends_on: {u: {condition: service_completed_successfully,
    required: false}}}
  u: {image: z, build: .}
]] },
  { "COMPOSE_FILE and COMPOSE_PROJECT_NAME", [[
services: {wrong: {image: w}}
--- one.yaml
services: {a: {image: x, build: ./ctx}}
--- sub/two.yaml
services: {a: {volumes: ["./v:/v"]}, b: {image: "${COMPOSE_PROJECT_NAME}"}}
--- .env
COMPOSE_FILE=one.yaml:sub/two.yaml
COMPOSE_PROJECT_NAME=my_proj
]] },
  { "a name out of the folder's", "services: {a: {image: x}}", dir = "_My.Proj X-1" },
  { "name:", "name: ${WHO:-app}-1\nservices: {a: {image: '${COMPOSE_PROJECT_NAME}'}}" },
  { "files in an order", "services: {a: {image: x}}\n--- b.yaml\nservices: {a: {image: y}}\n"
    .. "--- sub/c.yaml\nname: third\nservices: {a: {volumes: ['./v:/v'], env_file: e.env}}\n"
    .. "--- e.env\nE=1\n", files = { "b.yaml", "compose.yaml", "sub/c.yaml" } },
}
