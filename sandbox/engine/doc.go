// Package engine drives the real Pulumi engine for the sandbox.
//
// Each environment gets a project folder of its own with copies of the checkout's settings, so that the operator's files
// are never written; all environments share one state backend, one account and one PULUMI_HOME, in which the stand-ins
// are laid out as plugins. An update runs like this: build what is missing, take the environment's lock, repair what a
// killed engine left behind, start the control planes, run the engine, report.
package engine
