package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// A process begins as a copy of the one that starts it, and what that had in memory counts. So the program is started by this
// test binary once more, which has next to nothing then.

// reportTo is a variable of the environment: the file to which measure writes.
const reportTo = "TEST_REPORT_RESIDENT_TO"

// measured is a command by way of measure, and what tells then how much memory it had at most, in bytes.
func measured(t *testing.T, program string, args ...string) (cmd *exec.Cmd, resident func() int64) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "resident")
	cmd = exec.Command(os.Args[0], append([]string{program}, args...)...)
	cmd.Env = append(os.Environ(), reportTo+"="+report)
	return cmd, func() int64 {
		text, err := os.ReadFile(report)
		n, bad := strconv.ParseInt(string(text), 10, 64)
		if err := errors.Join(err, bad); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// measure runs a command and reports its memory. It returns how the command ended.
func measure(report string, args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	_ = cmd.Run()
	resident := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if err := os.WriteFile(report, fmt.Append(nil, resident), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	return cmd.ProcessState.ExitCode()
}
