#!/usr/bin/env bash
# Builds the server, makes a demonstration year if there is no data yet, and serves it.
#   ./run.sh [--data DIR] [--port PORT]
set -euo pipefail
cd "$(dirname "$0")"
data=data
port=5080
while [ $# -gt 0 ]; do
  case "$1" in
    --data | --port)
      [ $# -ge 2 ] || { echo "error: $1 needs a value." >&2; exit 2; }
      if [ "$1" = --data ]; then data=$2; else port=$2; fi
      shift 2 ;;
    -h | --help) sed -n '2,3s/^# *//p' "$0"; exit 0 ;;
    *) echo "error: found '$1', expected --data DIR or --port PORT." >&2; exit 2 ;;
  esac
done
. ./setup.sh
need_dotnet

say "Building (Release)"
for project in server data-gen; do
  dotnet build "$project" -c Release --nologo -v quiet -clp:ErrorsOnly
done

analytics="dotnet artifacts/bin/server/release/analytics.dll"
if [ ! -e "$data/manifest.json" ] || [ -e "$data/demonstration-unfinished" ]; then
  say "Making a demonstration year in $data"
  dotnet artifacts/bin/data-gen/release/Analytics.DataGen.dll demo --data "$data" --until "$(date -u +%Y-%m-%dT%H:00:00Z)"
fi

# Only for the demonstration: its token stays readable for the owner of the folder, so that a second start prints it again.
token_file="$data/demonstration-token"
if [ ! -s "$token_file" ] && $analytics directory export --data "$data" --organization demo 2>/dev/null | grep -q u_ana; then
  (umask 077; $analytics token create --data "$data" --organization demo --user u_ana | awk '{print $NF}' > "$token_file")
fi

url="http://127.0.0.1:$port"
say "Serving on $url"
if [ -s "$token_file" ]; then
  token=$(cat "$token_file")
  echo "  token   $token"
  echo "  try     curl -H 'Authorization: Bearer $token' '$url/analytics/activity?organizationId=demo&groupBy=project'"
fi
exec $analytics serve --data "$data" --urls "$url"
