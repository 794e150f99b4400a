#!/usr/bin/env bash
# A real Apache Kafka broker (KRaft, one node) for tests, from Maven Central's jars; needs Java 17 or later and Maven, and takes
# them from Debian when they are missing and it may.
#
#   kafka.sh install               downloads once into $KAFKA_CACHE (default: the user's cache) and prints the version
#   kafka.sh start FOLDER [PORT]   formats FOLDER when it is new, starts on a free port (or PORT, for a restart at the
#                                  same address), waits until it answers; prints `KAFKA_BROKERS=`, `KAFKA_VERSION=`, `KAFKA_PID=`
#   kafka.sh stop FOLDER           orderly, then by force; the data stays
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/servers/machine.sh
version=${KAFKA_VERSION:-4.4.0}
# Outlives the checkout, so that it is downloaded once on a machine
cache=${KAFKA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ledgerdesk/kafka}
jars=$cache/$version

install() {
  debian java default-jre-headless
  maven_jars "$jars" "org.apache.kafka:kafka_2.13:$version" org.slf4j:slf4j-simple:1.7.36
}

# A plain command, so that the process id of one in the background is Java's own.
java=(java -Xms128m -Xmx512m -Dorg.slf4j.simpleLogger.defaultLogLevel="${KAFKA_LOG_LEVEL:-warn}" -cp "$jars/lib/*")

# A fresh broker listens before it coordinates consumer groups; several groups, as they are spread over its offsets' partitions.
coordinates() { # port
  node -e '
    const { Kafka, logLevel } = require("kafkajs")
    const admin = new Kafka({ brokers: [`127.0.0.1:${process.argv[1]}`], logLevel: logLevel.NOTHING }).admin()
    const groups = Array.from({ length: 16 }, (_, n) => `started-${n}`)
    const ask = (left) =>
      admin.describeGroups(groups).catch((error) => {
        if (left === 0) throw error
        return new Promise((resolve) => setTimeout(resolve, 250)).then(() => ask(left - 1))
      })
    admin.connect().then(() => ask(120)).then(() => admin.disconnect()).catch(() => process.exit(1))' "$1"
}

serves() { # port
  answers "$1" && coordinates "$1"
}

start() { # folder, port?
  local folder port controller
  mkdir -p "$1"
  folder=$(cd "$1" && pwd)
  install
  read -r port controller <<<"$(free_ports 2)"
  port=${2:-$port}
  cat >"$folder/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$folder/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# One node waits for nobody.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
PROPERTIES
  if [ ! -d "$folder/data" ]; then
    "${java[@]}" kafka.tools.StorageTool format -c "$folder/server.properties" \
      -t "$("${java[@]}" kafka.tools.StorageTool random-uuid 2>/dev/null | tail -1)" >"$folder/format.log" 2>&1
  fi
  "${java[@]}" kafka.Kafka "$folder/server.properties" >>"$folder/broker.log" 2>&1 </dev/null &
  local pid=$!
  disown "$pid"
  echo "$pid" >"$folder/pid"
  until_up Kafka "$pid" "$folder/broker.log" 300 serves "$port" || return
  printf 'KAFKA_BROKERS=127.0.0.1:%s\nKAFKA_VERSION=%s\nKAFKA_PID=%s\n' "$port" "$version" "$pid"
}

stop() { # folder
  local pid
  pid=$(cat "$1/pid")
  # By then the number may be another's
  grep -qzF "$(cd "$1" && pwd)/server.properties" "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -9 "$pid"
}

case ${1:-} in
  # On its own: before `&&` a failure would not end it
  install)
    install
    echo "KAFKA_VERSION=$version"
    ;;
  start) start "${2:?folder}" "${3:-}" ;;
  stop) stop "${2:?folder}" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
