//go:build !linux

package doctor

import "errors"

// freeSpace cannot be told here.
func freeSpace(string) (free uint64, network string, err error) {
	return 0, "", errors.New("not known on this system")
}
