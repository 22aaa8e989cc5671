#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing and nothing else; a second run only looks.
#   vendor/setup.sh run     what building and running need
#   vendor/setup.sh test    that and what the tests need
#   vendor/setup.sh dev     that and the formatter and analysers
#   vendor/setup.sh check   list what is missing, change nothing (exit 1 when something is)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=vendor/lib.sh
. "$here/lib.sh"

missing_packages() { # list names
  local list package state
  for list in "$@"; do
    for package in $(lines_of "$here/apt/$list.txt"); do
      state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=none
      [ "$state" = installed ] || printf '%s\n' "$package"
    done
  done
}

require_debian() {
  local ID='' VERSION_ID='' PRETTY_NAME='this system'
  # shellcheck disable=SC1091
  [ ! -r /etc/os-release ] || . /etc/os-release
  { have apt-get && have dpkg-query; } ||
    die "$PRETTY_NAME is not supported: set-up installs Debian packages (Debian 12 or newer)"
  { [ "$ID" != debian ] || [ "${VERSION_ID:-99}" -ge 12 ]; } ||
    die "$PRETTY_NAME is not supported: Debian 12 or newer is needed"
}

apt_get() { # runs quietly; the log's errors are what the user gets on failure
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Update::Error-Mode=any "$@" \
    >"$log" 2>&1
}

log_reason() { # what broke, rather than that something did
  { grep -E '^dpkg: error|installation script subprocess' "$log" ||
    grep -E '^(E|ERROR|error)' "$log" || tail -n 1 "$log"; } | head -n 2 | tr '\n' ' '
}

install_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$@")
  if [ ${#packages[@]} = 0 ]; then say "packages: all there"; return; fi
  require_debian
  say "packages: installing ${packages[*]}"
  apt_get update || die "the package lists cannot be fetched to install ${packages[*]}: $(log_reason)"
  apt_get install --yes --no-install-recommends "${packages[@]}" ||
    die "these packages cannot be installed: ${packages[*]}: $(log_reason)"
}

# The folder of the locked environment; Debian's own Python, not one a version manager put first.
python_dir() { printf '%s\n' "$cache/python-$(hash_of "$here"/python/{build,requirements}.txt)"; }

python_is_ready() {
  local dir=$1
  [ "$(cat "$dir/.complete" 2>/dev/null)" = "$(/usr/bin/python3 --version 2>&1)" ] &&
    [ -x "$dir/bin/python3" ]
}

# Some packages come as source only: with the locked build tools in place and no isolation,
# nothing without a hash is fetched to build them.
pip_install() { # lock file, further options
  "$dir/bin/pip" install --quiet --disable-pip-version-check --require-hashes "${@:2}" \
    -r "$here/python/$1" >"$log" 2>&1 ||
    die "the Python packages of vendor/python/$1 cannot be installed: $(log_reason)"
}

install_python() {
  local dir
  dir=$(python_dir)
  if python_is_ready "$dir"; then
    say "python: $dir is there"
  else
    say "python: making $dir"
    rm -rf "$dir"
    /usr/bin/python3 -m venv "$dir" >"$log" 2>&1 ||
      die "a Python environment cannot be made in $dir: $(log_reason)"
    pip_install build.txt --only-binary :all:
    pip_install requirements.txt --no-build-isolation
    /usr/bin/python3 --version >"$dir/.complete"
  fi
  ln -sfn "$(basename "$dir")" "$cache/python"
}

# The official JSON Schema test suite, in every draft: a folder of a Python package's source. Debian's
# package of it is older than draft 2020-12.
suite_dir() { printf '%s\n' "$cache/jsonschema-suite-$(hash_of "$here"/python/suite{,-build}.txt)"; }

install_suite() {
  local dir venv=$work/suite
  dir=$(suite_dir)
  if [ -d "$dir" ]; then
    say "JSON Schema suite: $dir is there"
  else
    say "JSON Schema suite: making $dir"
    { /usr/bin/python3 -m venv "$venv" &&
      "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
        --only-binary :all: -r "$here/python/suite-build.txt" &&
      "$venv/bin/pip" download --quiet --disable-pip-version-check --require-hashes --no-deps \
        --no-binary :all: --no-build-isolation -d "$venv" -r "$here/python/suite.txt" &&
      tar -xzf "$venv"/jsonschema-*.tar.gz -C "$venv"; } >"$log" 2>&1 ||
      die "the JSON Schema test suite cannot be fetched: $(log_reason)"
    mv "$venv"/jsonschema-*/json "$dir"
  fi
  ln -sfn "$(basename "$dir")" "$cache/jsonschema-suite"
}

tofu_field() { lines_of "$here/opentofu.txt" | awk -v key="$1" '$1 == key { print $2 }'; }

fetch_tofu() { # target folder; fails with a reason on stdout
  local dir=$1 version arch url sum zip=$work/tofu.zip
  version=$(tofu_field version)
  arch=$(debian_arch)
  sum=$(tofu_field "sha256-$arch")
  [ -n "$sum" ] || { echo "no OpenTofu release is pinned for $arch"; return 1; }
  url=$(tofu_field url)
  url=${url//\{version\}/$version}
  url=${url//\{arch\}/$arch}
  curl --silent --show-error --fail --location --connect-timeout 15 --max-time 300 \
    --output "$zip" "$url" 2>"$log" ||
    { echo "OpenTofu $version cannot be downloaded from $url ($(tail -n 1 "$log"))"; return 1; }
  echo "$sum  $zip" | sha256sum --check --status ||
    { echo "the OpenTofu $version archive does not have the pinned SHA-256"; return 1; }
  mkdir -p "$dir"
  unzip -q -o "$zip" tofu -d "$dir" || { echo "the OpenTofu archive cannot be unpacked"; return 1; }
}

install_tofu() { # "required" makes a failure final
  local dir reason
  if have terraform || have tofu; then
    say "deployer: $(command -v terraform || command -v tofu)"
    return
  fi
  dir=$cache/opentofu-$(tofu_field version)
  if [ ! -x "$dir/tofu" ]; then
    say "deployer: fetching OpenTofu $(tofu_field version)"
    if ! reason=$(fetch_tofu "$dir"); then
      reason="neither terraform nor tofu is installed and $reason; put one of them on PATH"
      [ "$1" != required ] || die "$reason"
      say "$reason"
      return
    fi
  fi
  ln -sfn "$(basename "$dir")" "$cache/tofu"
  say "deployer: $cache/tofu/tofu"
}

# The Go that is there, else Debian's. The tests that want one of its programs say so where it is not.
need_go() { # name of the program
  have go || apt_get install --yes --no-install-recommends golang-go ||
    { say "$1 cannot be built without Go: $(log_reason)"; return 1; }
}

install_actionlint() {
  local dir module version
  module=$(lines_of "$here/actionlint.txt" | awk '$1 == "module" { print $2 }')
  version=$(lines_of "$here/actionlint.txt" | awk '$1 == "version" { print $2 }')
  dir=$cache/actionlint-$version
  if [ ! -x "$dir/actionlint" ]; then
    need_go actionlint || return 0
    say "actionlint: building $version"
    GOBIN=$dir go install "$module@$version" >"$log" 2>&1 ||
      { say "actionlint $version cannot be built: $(log_reason)"; return; }
  fi
  ln -sfn "actionlint-$version" "$cache/actionlint"
  say "actionlint: $dir/actionlint"
}

compose_field() { lines_of "$here/compose.txt" | awk -v key="$1" '$1 == key { print $2 }'; }

# apt with lists and settings of its own: this machine's sources stay as they are. Root's downloads
# are not handed to apt's own user, who may not enter the folder.
compose_apt() {
  apt-get -qq -o APT::Update::Error-Mode=any -o APT::Sandbox::User=root \
    -o Dir::Etc::SourceList="$work/compose/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/compose/lists" -o Dir::Cache="$work/compose" "$@" >"$log" 2>&1
}

fetch_compose() { # target folder; fails with a reason on stdout
  local dir=$1 mirror sum deb package version program
  package=$(compose_field package)
  version=$(compose_field version)
  sum=$(compose_field "sha256-$(debian_arch)")
  [ -n "$sum" ] || { echo "none is pinned for $(debian_arch)"; return 1; }
  mirror=$(apt_mirror)
  [ -n "$mirror" ] || { echo "apt names no mirror"; return 1; }
  mkdir -p "$work"/compose/{lists,archives}/partial
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$mirror" "$(compose_field suite)" >"$work/compose/sources.list"
  { compose_apt update && (cd "$work/compose" && compose_apt download "$package=$version"); } ||
    { log_reason; return 1; }
  deb=$(find "$work/compose" -maxdepth 1 -name '*.deb')
  echo "$sum  $deb" | sha256sum --check --status ||
    { echo "the package does not have the pinned SHA-256"; return 1; }
  dpkg-deb -x "$deb" "$work/compose/root" >"$log" 2>&1 || { log_reason; return 1; }
  program=$(find "$work/compose/root/usr" -name docker-compose -type f -perm -u+x)
  "$program" version >"$log" 2>&1 || { log_reason; return 1; }
  { mkdir -p "$dir" && mv "$program" "$dir/.part" && mv "$dir/.part" "$dir/docker-compose"; } \
    >"$log" 2>&1 || { log_reason; return 1; }
}

# The tests that compare with it say so where it is not.
install_compose() {
  local dir reason
  dir=$cache/compose-$(compose_field version)
  if [ ! -x "$dir/docker-compose" ]; then
    say "Docker Compose: fetching $(compose_field version)"
    reason=$(fetch_compose "$dir") || { say "Docker Compose cannot be fetched: $reason"; return; }
  fi
  ln -sfn "$(basename "$dir")" "$cache/compose"
  say "Docker Compose: $dir/docker-compose"
}

install_kube_read() {
  local dir source=$here/../tests/tools/kube_read
  dir=$cache/kube_read-$(hash_of "$source"/*)
  if [ ! -x "$dir/kube_read" ]; then
    need_go kube_read || return 0
    say "kube_read: building"
    (cd "$source" && go build -trimpath -buildvcs=false -o "$dir/kube_read" .) >"$log" 2>&1 ||
      { say "kube_read cannot be built: $(log_reason)"; return; }
  fi
  ln -sfn "$(basename "$dir")" "$cache/kube_read"
  say "kube_read: $dir/kube_read"
}

# Each folder of vendor/npm is one locked set of packages. No package's own script is run; setup.js
# of the folder, where there is one, is ours.
npm_dir() { printf '%s\n' "$cache/npm-$1-$(hash_of "$here/npm/$1"/*)"; }

npm_names() { local dir; for dir in "$here"/npm/*/; do basename "$dir"; done; }

npm_is_ready() { [ -e "$(npm_dir "$1")/.complete" ]; }

install_npm_set() { # name; fails with a reason on stdout
  local name=$1 dir
  dir=$(npm_dir "$name")
  rm -rf "$dir"
  mkdir -p "$dir"
  cp "$here/npm/$name"/package*.json "$dir"
  (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$log" 2>&1 ||
    { echo "the npm packages of vendor/npm/$name cannot be installed: $(log_reason)"; return 1; }
  if [ -e "$here/npm/$name/setup.js" ]; then
    node "$here/npm/$name/setup.js" "$dir" >"$log" 2>&1 ||
      { echo "vendor/npm/$name/setup.js failed: $(log_reason)"; return 1; }
  fi
  touch "$dir/.complete"
}

# A node that is not Debian's brings its own npm, which Debian's package would conflict with.
install_npm() {
  local name reason
  have npm || install_packages node
  for name in $(npm_names); do
    if npm_is_ready "$name"; then
      say "npm: $(npm_dir "$name") is there"
    else
      say "npm: making $(npm_dir "$name")"
      reason=$(install_npm_set "$name") || die "$reason"
    fi
    ln -sfn "$(basename "$(npm_dir "$name")")" "$cache/npm-$name"
  done
}

check() {
  local name packages status=0
  mapfile -t packages < <(missing_packages run test)
  if [ ${#packages[@]} -gt 0 ]; then say "packages missing: ${packages[*]}"; status=1; fi
  if ! python_is_ready "$(python_dir)"; then say "the Python environment is missing"; status=1; fi
  [ -d "$(suite_dir)" ] || { say "the JSON Schema test suite is missing"; status=1; }
  for name in $(npm_names); do
    npm_is_ready "$name" || { say "the npm packages of vendor/npm/$name are missing"; status=1; }
  done
  if ! have terraform && ! have tofu && [ ! -x "$cache/tofu/tofu" ]; then
    say "terraform or tofu is missing"
    status=1
  fi
  [ $status = 1 ] || say "nothing is missing"
  return $status
}

mode=${1:-}
case $mode in
  run | test | dev | check) ;;
  *) echo "usage: $0 run|test|dev|check" >&2; exit 2 ;;
esac
cache=$(cache_dir)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log
case $mode in
  check) check || exit 1 ;;
  run) install_packages run; install_python; install_tofu required ;;
  test) install_packages run test ;;
  dev) install_packages run test dev ;;
esac
case $mode in
  test | dev)
    install_python; install_suite; install_npm; install_actionlint; install_kube_read
    install_compose; install_tofu optional
    ;;
esac
