#!/usr/bin/env bash
# Takes the pictures of the README and writes docs/tour.md: runs the built binary in a pseudo-terminal, presses keys,
# and keeps what the screen then shows. See docs/pictures/main.go.
#
#   docs/pictures.sh
#
# Needs Linux, Go and redis-server. Everything it starts is gone when it ends.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d -t holdfast-XXXXXX)
trap 'rm -rf "$work"' EXIT
go build -o "$work/" . ./docs/pictures
"$work/pictures" -work "$work" -out docs
