package rovo

// controlPath is below which people and tests of other processes control the
// platform.
const controlPath = "/__sandbox/rovo/"

func (s *Server) controls() {}
