#!/usr/bin/env bash
# A MongoDB-protocol server for tests: mongo-java-server, in memory, from Maven Central's jars. Much faster than FerretDB, so that
# end-to-end tests run on it, and it changes a document by filter in one step, so that writers may race on it. But it forgets all
# when it ends, and sorts by UTF-16, so the contract suites run on FerretDB. Needs a JDK of 17 or later and Maven, and takes them
# from Debian when they are missing and it may.
#
#   mongo-java-server.sh install        downloads and compiles once into $MONGO_JAVA_CACHE (default: the user's cache)
#   mongo-java-server.sh start FOLDER   starts on a free port, waits until it answers; prints lines to evaluate in a shell:
#                                       MONGODB_PROTOCOL_URL, MONGODB_PROTOCOL_SERVER (name and version), and
#                                       MONGODB_PROTOCOL_ATOMIC, for writers may race on it
#   mongo-java-server.sh stop FOLDER    ends it, and its data with it
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/servers/machine.sh
version=1.47.0
# Outlives the checkout, so that it is downloaded once on a machine
cache=${MONGO_JAVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ledgerdesk/mongo-java-server}
jars=$cache/$version

install() {
  debian javac default-jdk-headless
  maven_jars "$jars" "de.bwaldvogel:mongo-java-server:$version" org.slf4j:slf4j-nop:2.0.17
  [ "$jars/classes/TestServer.class" -nt test/servers/TestServer.java ] ||
    javac -d "$jars/classes" -cp "$jars/lib/*" test/servers/TestServer.java
}

start() { # folder
  local folder port pid
  install
  mkdir -p "$1"
  folder=$(cd "$1" && pwd)
  port=$(free_ports 1)
  java -Xmx1g -XX:+UseSerialGC -cp "$jars/classes:$jars/lib/*" -Dfolder="$folder" TestServer "$port" >"$folder/server.log" 2>&1 </dev/null &
  pid=$!
  disown "$pid"
  echo "$pid" >"$folder/pid"
  until_up mongo-java-server "$pid" "$folder/server.log" 150 answers "$port" || return
  echo "export MONGODB_PROTOCOL_URL='mongodb://127.0.0.1:$port'"
  echo "export MONGODB_PROTOCOL_SERVER='mongo-java-server $version'"
  echo "export MONGODB_PROTOCOL_ATOMIC=1"
}

stop() { # folder
  local pid
  pid=$(cat "$1/pid")
  # By then the number may be another's
  if grep -qzF -- "-Dfolder=$(cd "$1" && pwd)" "/proc/$pid/cmdline" 2>/dev/null; then kill -9 "$pid"; fi
}

case ${1:-} in
  install) install ;;
  start) start "${2:?folder}" ;;
  stop) stop "${2:?folder}" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
