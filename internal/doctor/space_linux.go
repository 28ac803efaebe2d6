package doctor

import "syscall"

// freeSpace asks the file system (statfs(2)).
func freeSpace(dir string) (free uint64, network string, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, "", err
	}
	kinds := map[uint32]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x517b: "SMB"}
	return s.Bavail * uint64(s.Bsize), kinds[uint32(s.Type)], nil
}
