package cluster

import (
	"fmt"
	"hash/fnv"
	"net"
)

// Ports are taken from below the range that Linux gives to outgoing connections (from 32768), so that a stopped cluster's
// port is not taken by chance, and from a different place for every directory, so that clusters made at once seldom meet.
const firstPort, lastPort = 16400, 32000

// freePort returns a port of loopback that nobody listens on.
func freePort(seed string) (int, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(seed))
	const count = lastPort - firstPort
	for i := range count {
		port := firstPort + (int(h.Sum32()%count)+i*7)%count
		if portFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("cluster: no free port between %d and %d", firstPort, lastPort)
}

func portFree(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}
