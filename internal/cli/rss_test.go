package cli

import (
	"os"
	"syscall"
)

// maxResident is the most memory that a process has had, in bytes.
func maxResident(s *os.ProcessState) int64 { return s.SysUsage().(*syscall.Rusage).Maxrss << 10 }
