package live

import (
	"bytes"
	"os"
	"strconv"
)

// fewestMemory is what is taken for the machine's memory where it does not tell.
const fewestMemory = 4 << 30

// DefaultMaxMemory is half of the memory that the machine has, or the container that this process runs in, in bytes.
func DefaultMaxMemory() uint64 {
	memory := uint64(fewestMemory)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil { // MemTotal:       24689764 kB
		if fields := bytes.Fields(text); len(fields) > 1 {
			if kb, err := strconv.ParseUint(string(fields[1]), 10, 54); err == nil {
				memory = kb << 10
			}
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil { // "max" without a limit
		if limit, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64); err == nil {
			memory = min(memory, limit)
		}
	}
	return memory / 2
}
