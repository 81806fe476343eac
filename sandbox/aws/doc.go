// Package aws stands in for the Pulumi AWS provider plugin in the sandbox.
//
// It speaks the provider protocol to the real engine and keeps what is made in an account file (package account), so that
// a second run, a refresh, a drift and a destroy are real. It is strict on purpose: a type, property or function that it
// does not know is an error, and so is what AWS itself would refuse: wrong enums and ranges, references to what is not
// there, conflicts, deletes of what is still in use. Each rule names its source beside it.
//
// Types are described by package schema; what AWS does with each of them stands in a kind, one file per AWS service.
package aws
