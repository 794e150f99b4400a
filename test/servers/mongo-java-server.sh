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
version=1.47.0
# Outlives the checkout, so that it is downloaded once on a machine
cache=${MONGO_JAVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ledgerdesk/mongo-java-server}
jars=$cache/$version

debian() { # command, package
  command -v "$1" >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null
}

install() {
  if [ ! -f "$jars/.complete" ]; then
    debian javac default-jdk-headless
    debian mvn maven
    mkdir -p "$jars"
    cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.ledgerdesk.test</groupId><artifactId>mongo-server</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.17</version></dependency>
  </dependencies>
</project>
POM
    mvn -B -q -f "$jars/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars/lib" >&2
    touch "$jars/.complete"
  fi
  [ "$jars/classes/TestServer.class" -nt test/servers/TestServer.java ] ||
    javac -d "$jars/classes" -cp "$jars/lib/*" test/servers/TestServer.java
}

free_port() {
  node -e '
    const server = require("net").createServer().listen(0, "127.0.0.1", () => {
      console.log(server.address().port)
      server.close()
    })'
}

start() { # folder
  local folder port pid
  install
  mkdir -p "$1"
  folder=$(cd "$1" && pwd)
  port=$(free_port)
  java -Xmx1g -XX:+UseSerialGC -cp "$jars/classes:$jars/lib/*" -Dfolder="$folder" TestServer "$port" >"$folder/server.log" 2>&1 </dev/null &
  pid=$!
  disown "$pid"
  echo "$pid" >"$folder/pid"
  for _ in $(seq 150); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "export MONGODB_PROTOCOL_URL='mongodb://127.0.0.1:$port'"
      echo "export MONGODB_PROTOCOL_SERVER='mongo-java-server $version'"
      echo "export MONGODB_PROTOCOL_ATOMIC=1"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  echo "mongo-java-server did not start:" >&2
  tail -20 "$folder/server.log" >&2
  return 1
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
