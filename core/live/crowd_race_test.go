//go:build race

package live_test

// crowd is many rows for a run that takes ten times as long for each.
const crowd = 30_000

const spare = 4 << 20
