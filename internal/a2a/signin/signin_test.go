package signin

import "github.com/aofctl/aofctl/internal/a2a/endpoint"

var _ endpoint.Authenticator = (*SignIn)(nil)
