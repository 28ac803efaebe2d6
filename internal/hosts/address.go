package hosts

import (
	"net/netip"
	"slices"
)

// CheckAddress reports whether a connection may be made to an IP address that the
// name of the entry leads to. The error is a *RefusedError.
func (h Host) CheckAddress(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	switch {
	case !addr.IsValid():
		return refuse("%s leads to no address", h.Name)
	case never(addr):
		return refuse("%s leads to %s, which no request may be made to", h.Name, addr)
	case !h.Private && !public(addr):
		return refuse("%s leads to the internal address %s; an entry for an internal host says private: true", h.Name, addr)
	}
	return nil
}

// never are the addresses that not even an internal host has: those of a cloud's
// metadata service, which hand out credentials, and those that are no host's.
func never(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return false // an internal host may be this one
	}
	if addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() {
		return true
	}
	return within(addr, "0.0.0.0/8", "240.0.0.0/4", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "100::/64")
}

// public reports whether an address is one of the internet's. IPv4:
// https://www.iana.org/assignments/iana-ipv4-special-registry; IPv6: global
// unicast alone, without what
// https://www.iana.org/assignments/iana-ipv6-special-registry takes out of it.
func public(addr netip.Addr) bool {
	if addr.Is4() {
		return !within(addr, "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
			"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
			"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32")
	}
	return within(addr, "2000::/3") && !within(addr, "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
}

func within(addr netip.Addr, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return netip.MustParsePrefix(p).Contains(addr) })
}
