// Package toolchain builds the programs that the sandbox runs, each once.
//
// The engine, the Kubernetes servers and kwok are Go modules of their own under tools/, the eks component provider is an
// npm package; all are pinned there. What is built carries a stamp of its pins, and is built again only when they change.
// The repository's own programs are left to go build, which knows best what has changed.
package toolchain
