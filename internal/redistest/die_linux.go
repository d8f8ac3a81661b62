package redistest

import "syscall"

// dieWithParent stops the server when the test binary is killed before it can.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
