#!/usr/bin/env bash
# Measures the dashboard as its users meet it: fills a Redis server of its own, runs the built binary in a
# pseudo-terminal, and prints tables in Markdown. See docs/bench/main.go for what is measured.
#
#   docs/bench.sh [-idle 30s] [-load 30s] [-presses 200] [ROWS...]     default: 10000 100000 1000000
#
# Needs Linux, Go and redis-server. Everything it starts or writes is gone when it ends, also after ctrl-c.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/" . ./docs/bench
exec "$work/bench" -work "$work" "$@" # which removes the folder itself
