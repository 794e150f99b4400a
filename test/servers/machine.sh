# shellcheck shell=bash
# What the servers of tests, and .ci/run, need of the machine. To be read by them (`. test/servers/machine.sh`).

debian_packages() { # package...
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null
}

# Installs packages of Debian, those whose command is missing, in one go.
debian() { # command package command package...
  local missing=()
  while [ $# -gt 0 ]; do
    command -v "$1" >/dev/null || missing+=("$2")
    shift 2
  done
  [ ${#missing[@]} -eq 0 ] || debian_packages "${missing[@]}"
}

# Makes a virtual environment of Python; Debian has its module in a package of its own.
python_venv() { # folder
  python3 -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3-venv
  python3 -m venv "$1"
}

# Prints so many TCP ports that are free now, in a line.
free_ports() { # how many
  node -e '
    const net = require("net"), servers = Array.from({ length: Number(process.argv[1]) }, () => net.createServer())
    Promise.all(servers.map((s) => new Promise((ok) => s.listen(0, "127.0.0.1", ok)))).then(() => {
      console.log(servers.map((s) => s.address().port).join(" "))
      for (const s of servers) s.close()
    })' "$1"
}

# Whether somebody listens.
answers() { # port
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Waits until the command says that the server is up. Fails, with the end of its log, when it has ended or all tries were in vain.
until_up() { # name, pid, log, tries (five a second), command...
  local name=$1 pid=$2 log=$3 tries=$4
  shift 4
  for _ in $(seq "$tries"); do
    if "$@"; then return 0; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  echo "$name did not start:" >&2
  tail -20 "$log" >&2
  return 1
}

# Downloads jars, and all that they need, into FOLDER/lib: once. Maven is taken from Debian when it is missing.
maven_jars() { # folder, group:artifact:version...
  local folder=$1 coordinate group artifact version
  shift
  if [ -f "$folder/.complete" ]; then return; fi
  debian mvn maven
  mkdir -p "$folder"
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0">'
    echo '  <modelVersion>4.0.0</modelVersion>'
    echo '  <groupId>org.ledgerdesk.test</groupId><artifactId>server</artifactId><version>1</version>'
    echo '  <dependencies>'
    for coordinate; do
      IFS=: read -r group artifact version <<<"$coordinate"
      echo "    <dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
    done
    echo '  </dependencies>'
    echo '</project>'
  } >"$folder/pom.xml"
  mvn -B -q -f "$folder/pom.xml" dependency:copy-dependencies -DoutputDirectory="$folder/lib" >&2
  touch "$folder/.complete"
}
