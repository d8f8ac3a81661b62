#!/bin/sh
# Prints what each operation of core costs against the same bare commands in one run, with contexts that can be cancelled.
# docs/benchmarks.md says what the baselines are. About three minutes; needs redis-server.
cd "$(dirname "$0")/.." || exit 1
{
	go test -run xxx -bench 'Push|Prepare' -benchtime "${1:-10000x}" ./core/buffer
	go test -run xxx -bench 'Bump|Snapshot$' -benchtime "${1:-10000x}" ./core/genstore
	go test -run xxx -bench 'SnapshotMany' -benchtime 500x ./core/genstore
	go test -run xxx -bench 'Update|Lock' -benchtime "${1:-10000x}" ./core/actorstore
	go test -run xxx -bench 'Create|Cas|Get' -benchtime "${1:-10000x}" ./core/record
	go test -run xxx -bench 'Put|Get|CompareAndSet' -benchtime "${1:-10000x}" ./core/kvstore/redisdb
	go test -run xxx -bench 'Cancellable' -benchtime "${1:-10000x}" ./core/conn
} | awk '/^FAIL|panic/ { print; bad = 1 }
	/ratio/ { for (i = 2; i < NF; i++) if ($(i+1) == "ratio") printf "%-45s %s\n", $1, $i }
	END { exit bad }'
