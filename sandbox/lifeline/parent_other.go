//go:build !linux

package lifeline

import "syscall"

// dieWithParent is only known to Linux; elsewhere the wrapper's own end of the line has to do.
func dieWithParent() *syscall.SysProcAttr { return nil }
