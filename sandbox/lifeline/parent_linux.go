package lifeline

import "syscall"

// dieWithParent has the kernel kill the program when its wrapper dies.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
