package cluster

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
)

// childAttributes let a child die with the thread that made it, which is the supervisor's for its whole life.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// startTime is field 22 of /proc/PID/stat, in clock ticks since the machine started; empty when there is no such process
// or it is only waiting to be reaped.
func startTime(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The command, in parentheses, may itself hold blanks and parentheses.
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 20 || string(fields[0]) == "Z" {
		return ""
	}
	return string(fields[19])
}
