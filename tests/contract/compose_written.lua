-- SPDX-License-Identifier: Apache-2.0
-- Compose projects as people write them, in the form of compose_cases.lua.

return {
  { "a blog with its database", [[
version: "3.8"
services:
  db:
    image: mysql:8.0
    command: --default-authentication-plugin=mysql_native_password
    restart: always
    volumes: [db_data:/var/lib/mysql]
    environment:
      MYSQL_ROOT_PASSWORD: ${DB_ROOT:?set the root password}
      MYSQL_DATABASE: blog
  blog:
    depends_on:
      db: {condition: service_healthy}
    image: blog:${BLOG_VERSION:-6}-apache
    ports: ["${HTTP_PORT:-8000}:80"]
    restart: unless-stopped
    environment: ["DB_HOST=db:3306", "DB_USER", DEBUG=]
    volumes:
      - ./content:/var/www/html/content
      - type: bind
        source: ./php.ini
        target: /usr/local/etc/php/conf.d/local.ini
        read_only: true
volumes:
  db_data: {}
--- .env
DB_ROOT="p@ss w$$rd#1"
DB_USER=writer
]] },
  { "workers that share their settings", [[
x-app: &app
  build: {context: ./app, args: {PY: "3.12"}}
  image: shop/app:${TAG:-dev}
  env_file: [.env, {path: local.env, required: false}]
  environment: &env
    REDIS_URL: redis://cache:6379/0
    DATABASE_URL: postgres://shop:${PG_PASS}@db:5432/shop
  depends_on:
    db: {condition: service_healthy, restart: true}
    cache: {condition: service_started}
  logging: &log
    driver: json-file
    options: {max-size: "10m", max-file: "3"}
services:
  web: {<<: *app, command: gunicorn shop.wsgi -b 0.0.0.0:8000, ports: ["127.0.0.1:8000:8000"]}
  worker:
    <<: *app
    command: ["celery", "-A", "shop", "worker", "--concurrency=${WORKERS:-4}"]
    environment: {<<: *env, QUEUE: "low,high"}
    deploy: {replicas: 2, resources: {limits: {cpus: "0.75", memory: 512M}}}
    stop_grace_period: 30s
  beat: {<<: *app, command: celery -A shop beat, profiles: [cron]}
  cache: {image: "redis:7-alpine", logging: *log, command: redis-server --save "" --appendonly no}
  db:
    image: postgres:16-alpine
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: "${PG_PASS}", PGDATA: /data/pg}
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U $${POSTGRES_USER} -d shop"]
      interval: 5s
      timeout: 3s
      retries: 10
      start_period: 1m
    volumes: [pg:/data]
    shm_size: 128mb
volumes: {pg: }
--- .env
PG_PASS=s3cret
TAG=1.2
]], profiles = { "cron" } },
  { "a proxy with rules in labels", [[
services:
  proxy:
    image: proxy:v3
    command: ["--entrypoints.web.address=:80", "--providers.docker=true"]
    ports: ["80:80", "443:443", "443:443/udp"]
    networks: [edge]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "certs:/certs"]
    security_opt: ["no-new-privileges:true"]
  app:
    image: app
    networks: {edge: {aliases: [app.local]}, default: }
    labels:
      proxy.http.routers.app.rule: "Host(`app.${DOMAIN:-localhost}`) && PathPrefix(`/`)"
      proxy.http.middlewares.auth.basicauth.users: "u:$$apr1$$x/y$$z"
      proxy.enable: true
      proxy.port: 8080
networks: {edge: {name: edge, driver_opts: {com.docker.network.bridge.name: br-edge}}}
volumes: {certs: {labels: {keep: "yes"}}}
]] },
  { "metrics with inline configs", [[
services:
  metrics:
    image: metrics
    configs: [{source: scrape, target: /etc/metrics.yml}]
    command: --config.file=/etc/metrics.yml --storage.tsdb.retention.time=15d
    user: "65534:65534"
    tmpfs: ["/tmp:size=64m,mode=1777"]
    ulimits: {nofile: {soft: 65536, hard: 65536}}
    extra_hosts: ["host.docker.internal:host-gateway"]
  board:
    image: board
    environment: {GF_PASSWORD__FILE: /run/secrets/board, GF_ANONYMOUS: "true"}
    secrets: [board]
    depends_on: [metrics]
configs: {scrape: {content: "scrape_configs:\n- job_name: ${JOB:-self}\n  x: $${kept}\n"}}
secrets: {board: {file: ./secrets/board.txt}}
]] },
}
