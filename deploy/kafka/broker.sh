#!/usr/bin/env bash
# One Apache Kafka broker on 127.0.0.1, for a laptop and for tests:   broker.sh start | stop | status
#
#   PORT             where clients connect                        default 9092
#   DIR              data, server.properties, log and pid         default .kafka in the repository's root
#   CONTROLLER_PORT  Kafka talking to itself                      default the first free one after PORT
#   WAIT             seconds that a start, or a stop, may take    default 60
#   JVM              Java's options: the default starts fastest; for throughput JVM=-XX:+UseSerialGC
#
# `start` prints kafka://127.0.0.1:PORT once the broker answers. Needs Java 17 or newer; Maven only to download
# Kafka, once. Rules: binds to loopback only; ends no process but the one whose pid it wrote; deletes no data.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PORT=${PORT:-9092} WAIT=${WAIT:-60} DIR=${DIR:-$here/../../.kafka}
JVM=${JVM:--XX:+UseSerialGC -XX:TieredStopAtLevel=1}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# What the first start leaves for all others, which are twice as fast: an empty data folder, and classes as Java holds them.
formatted=$here/target/formatted classes=$here/target/kafka.jsa

say() { echo "kafka: $*" >&2; }
die() { say "$*"; exit 1; }
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }       # does anything listen on this port?

pid() {  # our broker's pid if it is alive; a recycled pid, or a dead process nobody reaped, is not ours
  local id args
  id=$(cat "$DIR/broker.pid" 2>/dev/null) && [[ $id =~ ^[0-9]+$ ]] || return 1
  if [ -d /proc/self ]; then args=$(tr '\0' ' ' 2>/dev/null <"/proc/$id/cmdline"); else args=$(ps -p "$id" -o args=); fi
  [[ $args == *"kafka.Kafka $DIR/server.properties"* ]] && echo "$id"
}

running_port() { sed -n 's/^advertised.listeners=.*:\([0-9]*\)$/\1/p' "$DIR/server.properties"; }

download() {  # into target/lib, unless it holds exactly what pom.xml asks for
  cmp -s "$here/pom.xml" "$here/target/pom.xml" && return
  command -v mvn >/dev/null || die "Maven is missing -> apt-get install maven"
  say "downloading Apache Kafka with Maven (44 MB, once) ..."
  local new="$here/target/new.$$" out
  out=$(mvn -B -q -f "$here/pom.xml" "-Dlib=$new" package 2>&1) || { rm -rf "$new"; die "Maven could not download it: $out"; }
  rm -rf "$here/target/lib" "$formatted" "$classes"
  mv "$new" "$here/target/lib" && cp "$here/pom.xml" "$here/target/pom.xml"
}

run_java() {  # exec, so that $! is Java's own pid; JVM is several words on purpose
  # shellcheck disable=SC2086
  exec "$java" -Xmx512m $JVM -XX:-UsePerfData -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$here/target/lib/*" "$@"
}

configure() {  # ../compose/compose.yml says the same in Docker's words: change both
  cat >"$DIR/server.properties" <<EOF
process.roles=broker,controller
node.id=1
listeners=CLIENT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$CONTROLLER_PORT
advertised.listeners=CLIENT://127.0.0.1:$PORT
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$CONTROLLER_PORT
log.dirs=$DIR/data
# Topics are created on purpose, with their own retention and compaction; a misspelt name must fail.
auto.create.topics.enable=false
# One node: nothing can have three replicas. Few partitions, so that the first group starts at once.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
# After SIGKILL the node may only come back once its own dead session is over: 3 s, not 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Kafka's own default, written down because batches are sized by it: 1 MiB and the 12 bytes of a batch's header.
message.max.bytes=1048588
# Small: a laptop has two cores, and the cleaner would take 128 MiB of the 512 MiB heap.
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=8388608
EOF
}

random_id() { head -c 16 /dev/urandom | base64 | tr -d '=\n' | tr '+/' 'pq'; }  # 16 bytes in base64; + and / are not allowed

format() {  # Kafka's own tool takes a second to write two small files, which differ in their two ids only
  if [ ! -e "$formatted/meta.properties" ]; then
    (run_java kafka.tools.StorageTool format --cluster-id "$(random_id)" --config "$DIR/server.properties") \
      >"$DIR/broker.log" 2>&1 || failed "the data folder could not be formatted"
    publish_as "$formatted" cp -R "$DIR/data"
  else
    mkdir -p "$DIR/data" && cp "$formatted/bootstrap.checkpoint" "$DIR/data"
    sed -e "s/^cluster\.id=.*/cluster.id=$(random_id)/" -e "s/^directory\.id=.*/directory.id=$(random_id)/" \
      "$formatted/meta.properties" >"$DIR/data/meta.properties"
  fi
}

publish_as() {  # $1 is whole or not there, whoever else starts at the same moment; $2... and a name make it
  local there=$1 new="$1.$$"
  shift
  "$@" "$new" && { [ -e "$there" ] || mv "$new" "$there"; }
  rm -rf "$new"
}

start() {
  local id how
  if id=$(pid); then say "already running (pid $id)"; echo "kafka://127.0.0.1:$(running_port)"; return; fi
  command -v "$java" >/dev/null || die "Java is missing -> apt-get install openjdk-17-jre-headless"
  download
  answers "$PORT" && die "port $PORT is in use by something else -> PORT=<another> $0 start"
  if [ -n "${CONTROLLER_PORT:-}" ]; then
    answers "$CONTROLLER_PORT" && die "port $CONTROLLER_PORT is in use by something else -> CONTROLLER_PORT=<another> $0 start"
  else
    CONTROLLER_PORT=$((PORT + 1))
    while answers "$CONTROLLER_PORT"; do CONTROLLER_PORT=$((CONTROLLER_PORT + 1)); done
  fi
  configure
  [ -e "$DIR/data/meta.properties" ] || format
  if [ -e "$classes" ]; then how=-XX:SharedArchiveFile=$classes; else how=-XX:ArchiveClassesAtExit=$DIR/kafka.jsa; fi
  [ ! -e "$DIR/broker.log" ] || mv "$DIR/broker.log" "$DIR/broker.log.1"
  (run_java "$how" -XX:+ExitOnOutOfMemoryError kafka.Kafka "$DIR/server.properties") </dev/null >"$DIR/broker.log" 2>&1 &
  id=$!
  echo "$id" >"$DIR/broker.pid"
  SECONDS=0
  until grep -qs "Kafka Server started" "$DIR/broker.log" && answers "$PORT"; do
    kill -0 "$id" 2>/dev/null || failed "the broker stopped while starting"
    [ "$SECONDS" -lt "$WAIT" ] || { kill -9 "$id"; failed "the broker was not ready in $WAIT s"; }
    sleep 0.1
  done
  echo "kafka://127.0.0.1:$PORT"
}

failed() {
  tail -n 25 "$DIR/broker.log" >&2
  grep -qs UnsupportedClassVersionError "$DIR/broker.log" && say "Kafka 4 needs Java 17 or newer -> apt-get install openjdk-17-jre-headless"
  rm -f "$DIR/broker.pid" "$classes"  # classes that were cut short (a full disk) are a reason; they are made again
  die "$1 (the log's end is above; all of it: $DIR/broker.log)"
}

gone() {  # within $1 seconds? A killed process loses its command line some time before it lets go of its port
  SECONDS=0
  while pid >/dev/null || answers "$(running_port)"; do [ "$SECONDS" -lt "$1" ] || return 1; sleep 0.1; done
}

stop() {
  local id how=TERM
  if ! id=$(pid); then rm -f "$DIR/broker.pid"; say "not running"; return; fi
  kill "$id"
  gone "$WAIT" || { how=KILL; kill -9 "$id" || true; gone 10 || die "pid $id does not end, not even by SIGKILL"; }
  [ ! -e "$DIR/kafka.jsa" ] || publish_as "$classes" mv "$DIR/kafka.jsa"
  rm -f "$DIR/broker.pid"
  say "stopped (pid $id, by SIG$how); the data stays in $DIR"
}

status() {
  local id
  if id=$(pid); then echo "running: kafka://127.0.0.1:$(running_port) pid $id"; else echo "not running"; return 3; fi
}

case ${1:-} in
  start | stop | status) mkdir -p "$DIR" && DIR=$(cd "$DIR" && pwd -P) && "$1" ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0" >&2; exit 2 ;;
esac
