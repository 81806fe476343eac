package aws

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/netip"
)

// newID is an id of EC2's shape: the prefix and 17 hexadecimal digits.
func newID(prefix string) string { return prefix + "-" + hexDigits(17) }

// newUUID is an id of the shape that most other services use.
func newUUID() string {
	h := hexDigits(32)
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
}

func hexDigits(n int) string {
	b := make([]byte, n/2+1)
	if _, err := rand.Read(b); err != nil {
		panic(err) // documented never to fail
	}
	return hex.EncodeToString(b)[:n]
}

// parseCIDR accepts only a network's own address: AWS refuses or rewrites others.
func parseCIDR(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q is not a valid CIDR block", s)
	}
	if p != p.Masked() {
		return p, fmt.Errorf("%q is not a network address, did you mean %q?", s, p.Masked())
	}
	return p, nil
}

// cidrRules refuses a known string that is no CIDR block, or one of another size. low and high bound the prefix length.
func (p *problems) cidr(in props, path, name string, low, high int) {
	s, ok := in[name].(string)
	if !ok {
		return
	}
	prefix, err := parseCIDR(s)
	switch {
	case err != nil:
		p.add(path, "%v", err)
	case prefix.Bits() < low || prefix.Bits() > high:
		p.add(path, "must be between /%d and /%d, got %q", low, high, s)
	}
}
