# Read by run.sh and test.sh: says what it does, and installs what is missing.

say() { printf '\n== %s\n' "$*"; }

need_dotnet() {
  if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
    echo "error: found no .NET 10 SDK. Install it (package dotnet-sdk-10.0 of Microsoft's Debian repository), then try again." >&2
    exit 69
  fi
}

# A test kills the program inside of its file operations, by a small library in C.
need_compiler() {
  if ! command -v cc >/dev/null; then
    say "Installing a C compiler (apt)"
    apt-get update -qq && apt-get install -y -qq gcc libc6-dev
  fi
}

# The systems that tests and benchmarks compare with: libraries inside of npm packages, pinned by lock files.
install_peers() {
  npm_packages bench/Comparison "DuckDB"
  npm_packages tests/Interop/Peers "readers and writers of Arrow and Parquet in JavaScript"
}

# ClickHouse and Polars: most of a gigabyte. Tests that need them are skipped where they are absent.
install_heavy_peers() {
  # Not 'npm ci': nodejs-polars names packages of other platforms that not every registry has, and ci wants them in the lock.
  npm_packages tests/Interop/HeavyPeers "ClickHouse and Polars, 0.7 GB" "install --no-save"
}

# PostgreSQL, whose programs `bench compare` starts as a server of its own; the one that Debian would start is told not to.
install_postgres() {
  if [ -x /usr/lib/postgresql/15/bin/initdb ]; then
    return
  fi
  say "Installing PostgreSQL 15 for comparison (apt)"
  apt-get update -qq && apt-get install -y -qq postgresql-common
  sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  apt-get install -y -qq postgresql-15
}

# Everything that `bench compare` compares with.
install_all_peers() {
  install_peers
  install_heavy_peers
  install_postgres
}

# npm_packages FOLDER WHAT [COMMAND]
npm_packages() {
  if [ -e "$1/node_modules/.package-lock.json" ] && [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
    return
  fi
  if ! command -v npm >/dev/null; then
    say "Installing npm (apt)"
    apt-get update -qq && apt-get install -y -qq npm
  fi
  say "Installing $2 for comparison (npm)"
  npm ${3:-ci} --prefix "$1" --no-fund --no-audit --loglevel=error
}

# The browser of tests of the dashboard and of its screenshots.
install_chromium() {
  if [ ! -x /usr/bin/chromium ]; then
    say "Installing Chromium (apt)"
    apt-get update -qq && apt-get install -y -qq chromium
  fi
}
