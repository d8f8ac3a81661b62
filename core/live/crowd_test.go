//go:build !race

package live_test

// crowd is many rows.
const crowd = 100_000

// spare is what little else may take of the memory that many rows give back, such as the buffers of connections.
const spare = 2 << 20
