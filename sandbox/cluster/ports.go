package cluster

import (
	"fmt"
	"hash/fnv"
	"net"
)

// Ports are taken from below the range that Linux gives to outgoing connections (from 32768), so that a stopped cluster's
// port is not taken by chance, and from a different place for every directory, so that clusters made at once seldom meet.
// The API servers have a range of their own: theirs may not be taken while their cluster is stopped.
var (
	apiServerPorts  = portRange{16400, 24000}
	etcdClientPorts = portRange{24000, 28000}
	etcdPeerPorts   = portRange{28000, 32000}
)

type portRange struct{ first, end int }

// free returns a port of the range that nobody listens on, seeking from a place that the seed decides.
func (r portRange) free(seed string) (int, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(seed))
	count := r.end - r.first
	for i := range count {
		port := r.first + (int(h.Sum32())%count+i)%count
		if portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("cluster: no free port between %d and %d", r.first, r.end)
}

func portFree(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}
