package forgeapp

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// Keys of what every manifest has. Keys are unique within a manifest, so an agent
// must not have one of these names.
const (
	remoteKey      = "aofctl"
	iconsKey       = "agent-icons"
	adminKey       = "aof-admin"
	personalKey    = "aof-personal"
	installed      = "aof-installed"
	upgraded       = "aof-upgraded"
	uninstalled    = "aof-uninstall"
	configKey      = "aof-config"
	accountKey     = "aof-account"
	endpointSuffix = "-endpoint"
)

// maxShortKey is how long the key of an endpoint may be,
// https://developer.atlassian.com/platform/forge/manifest-reference/endpoint/.
const maxShortKey = 23

// keyPattern is what a key is made of. Agents keep their names as keys, since
// Atlassian's tokens name the agent that is called by its key.
var keyPattern = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

// endpointKey is the key of an agent's endpoint. A name that is too long is
// shortened and told apart by its hash, so that it stays the same key whatever
// other agents there are.
func endpointKey(agent string) string {
	const prefix, hashed = "a2a-", 6
	if len(prefix)+len(agent) <= maxShortKey {
		return prefix + agent
	}
	sum := sha256.Sum256([]byte(agent))
	return prefix + agent[:maxShortKey-len(prefix)-1-hashed] + "-" + hex.EncodeToString(sum[:])[:hashed]
}
