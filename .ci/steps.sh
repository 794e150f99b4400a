# shellcheck shell=bash
# Steps and tests of a run, and what is counted of them. To be read by .ci/run (`. .ci/steps.sh`); what they leave lies in $results.
results=$(mktemp -d)
mkdir "$results/again"
touch "$results/told" "$results/counts"

step() { # name, command...
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    echo 1 0 >>"$results/counts"
    echo "== $name: passed ($((SECONDS - began)) s)"
  else
    echo 0 1 >>"$results/counts"
    echo "== $name: FAILED ($((SECONDS - began)) s)"
  fi
}

# Jest, ended when its tests are over, whatever they have left open, and when it takes longer than any did on a busy machine:
# one that hangs must not hold up the run for ever.
run_jest() { # jest arguments...
  timeout --foreground --kill-after=30 "${CI_LANE_MINUTES:-60}m" npx jest "$@" --forceExit
}

# Runs tests, and leaves for `settle` how it went: it may be in the background, beside others.
begin() { # name, jest arguments...
  local name=$1 began=$SECONDS
  shift
  echo "== $name"
  export -p >"$results/$name.exports"
  printf '%s\0' "$@" >"$results/$name.arguments"
  run_jest "$@" --json --outputFile="$results/$name.json" >"$results/$name.log" 2>&1
  echo "$? $((SECONDS - began))" >"$results/$name.status"
}

# Runs the files again in which something failed, as they ran. Jest remembers what failed as well, but of one run only, and there
# may be several side by side.
again() { # name
  local arguments kept=() files i
  mapfile -d '' arguments <"$results/$1.arguments" || return
  for ((i = 0; i < ${#arguments[@]}; i++)); do
    case ${arguments[i]} in --config | -t) kept+=("${arguments[i]}" "${arguments[i + 1]}") ;; esac
  done
  mapfile -t files < <(node .ci/outcome.mjs failed "$results/$1.json")
  [ "${#files[@]}" -gt 0 ] || return
  (
    # shellcheck source=/dev/null
    . "$results/$1.exports"
    run_jest "${kept[@]}" --maxWorkers=1 --json --outputFile="$results/again/$1.json" --runTestsByPath "${files[@]}" >"$results/again/$1.log" 2>&1
  )
}

# Files that failed run once more, with the machine to themselves. What passes then is named at the end all the same.
settle() { # name
  local name=$1 began=$SECONDS good bad status seconds
  # One that was ended on the way left no status
  read -r status seconds < <(cat "$results/$name.status" 2>/dev/null || echo 1 0)
  if [ "$status" -ne 0 ]; then
    again "$name" 2>/dev/null
    status=$?
  fi
  read -r good bad < <(node .ci/outcome.mjs "$results/$name.json" "$results/again/$name.json" 2>>"$results/told" || echo 0 1)
  [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  echo "$good $bad" >>"$results/counts"
  [ "$bad" -gt 0 ] && grep -E -A40 '●|FAIL' "$results/again/$name.log" | head -100
  echo "== $name: $good passed, $bad failed ($((seconds + SECONDS - began)) s)"
}

tests() { # name, jest arguments...
  begin "$@"
  settle "$1"
}

# Prints what failed, once or for good, and in the last line `N passed, N failed`. Fails when anything did.
total() {
  local passed=0 failed=0 good bad
  while read -r good bad; do
    passed=$((passed + good))
    failed=$((failed + bad))
  done <"$results/counts"
  cat "$results/told"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
