package forge

import "slices"

// Modules are the keys of the parts of the Forge app that may use a route: of the
// endpoint, and of the page or trigger that names it, since tokens have either. A
// page that all users have must not do what is an administrator's, nor delete a
// site: all that a user's browser may have Forge call is that user's own.
type Modules struct {
	Installed, Upgraded, Uninstalled, Config, Account []string
}

// AppModules are the keys in the manifest that "aofctl forge manifest" prints.
func AppModules() Modules {
	return Modules{
		Installed:   []string{"aof-installed", "aof-installed-endpoint"},
		Upgraded:    []string{"aof-upgraded", "aof-upgraded-endpoint"},
		Uninstalled: []string{"aof-uninstall", "aof-uninstall-endpoint"},
		Config:      []string{"aof-admin", "aof-config"},
		Account:     []string{"aof-personal", "aof-account"},
	}
}

// Keys are all of them.
func (m Modules) Keys() []string {
	return slices.Concat(m.Installed, m.Upgraded, m.Uninstalled, m.Config, m.Account)
}

// orOurs fills in what is not given: no keys would let all of them in.
func (m Modules) orOurs() Modules {
	ours := AppModules()
	for _, f := range []struct{ given, ours *[]string }{
		{&m.Installed, &ours.Installed}, {&m.Upgraded, &ours.Upgraded}, {&m.Uninstalled, &ours.Uninstalled},
		{&m.Config, &ours.Config}, {&m.Account, &ours.Account},
	} {
		if len(*f.given) == 0 {
			*f.given = *f.ours
		}
	}
	return m
}
