package nodes

import _ "embed"

// Stages is the configuration of kwok: how the managed nodes report and what becomes of pods once they are prepared.
//
//go:embed stages.yaml
var Stages []byte
