#!/usr/bin/env bash
# Checks format, builds, and runs all tests. The last line says how many passed.
#   ./test.sh [FILTER]     a filter as in dotnet test --filter
set -euo pipefail
cd "$(dirname "$0")"
. ./setup.sh
need_dotnet
need_compiler
install_peers
install_chromium

say "Building"
dotnet restore --nologo -v quiet
dotnet build --no-restore --nologo -v quiet -clp:ErrorsOnly

say "Format"
dotnet format --no-restore --verify-no-changes

say "Tests"
results=artifacts/test-results
rm -rf "$results"
status=0
dotnet test tests --no-build --nologo --results-directory "$results" --logger "trx;LogFileName=tests.trx" --logger "console;verbosity=minimal" ${1:+--filter "$1"} || status=$?

# The counters of the result file are the truth; the runner's own words change with its version.
counters=$(grep -o '<Counters [^>]*>' "$results/tests.trx")
count() { echo "$counters" | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*'; }
passed=$(count passed); total=$(count total); executed=$(count executed)
failed=$((executed - passed)); skipped=$((total - executed))
if [ "$skipped" -gt 0 ]; then
  say "$skipped skipped"
  grep -o 'outcome="NotExecuted"' "$results/tests.trx" >/dev/null && grep -A6 'outcome="NotExecuted"' "$results/tests.trx" | grep -o '<Message>[^<]*' | sed 's/<Message>/  /' | sort | uniq -c
fi
if [ "$executed" -eq 0 ] && [ "$status" -eq 0 ]; then status=1; fi

# A browser, two servers and the other tests share the machine: a page may miss its moment. What fails there is tried once
# more by itself, and named either way. Nothing else is tried twice.
names=$(sed -n '/<UnitTestResult [^>]*outcome="Failed"/s/.* testName="\([^"(]*\).*/\1/p' "$results/tests.trx" | sort -u)
if [ "$failed" -gt 0 ] && [ "$failed" -le 3 ] && [ "$(echo "$names" | grep -vc '^Analytics\.Tests\.Browser\.')" -eq 0 ]; then
  say "Again, by themselves:" $names
  if dotnet test tests --no-build --nologo --results-directory "$results" --logger "trx;LogFileName=again.trx" --logger "console;verbosity=minimal" --filter "FullyQualifiedName=$(echo $names | sed 's/ /|FullyQualifiedName=/g')" \
    && grep -q '<Counters [^>]* passed="[1-9]' "$results/again.trx"; then
    passed=$((passed + failed)); failed=0; status=0
  fi
fi

# Tests of the dashboard's own calculations; its pages are tested in a browser, above. A filter is for those alone.
if [ $# -eq 0 ]; then
  say "Tests of the dashboard (npm)"
  npm test --prefix server/dashboard --silent > "$results/dashboard.txt" 2>&1 || status=1
  scripted() { grep -oE "^[^ ]+ $1 [0-9]+" "$results/dashboard.txt" | tail -n 1 | grep -oE '[0-9]+' || echo 0; }
  ran=$(scripted tests)
  if [ "$ran" -eq 0 ]; then status=1; fi
  if [ "$ran" -eq 0 ] || [ "$(scripted pass)" -ne "$ran" ]; then cat "$results/dashboard.txt"; else echo "$ran passed"; fi
  passed=$((passed + $(scripted pass))); failed=$((failed + ran - $(scripted pass)))
fi
echo
echo "$passed passed, $failed failed$([ "$skipped" -gt 0 ] && echo ", $skipped skipped")"
exit "$status"
