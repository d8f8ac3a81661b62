//go:build !race

package live_test

// crowd is many rows.
const crowd = 100_000
