package rovo

import (
	"encoding/json"
	"net/http"
)

// controlLife installs, upgrades or uninstalls, as the path says.
func (s *Server) controlLife(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Tenant  string `json:"tenant"`
		Version string `json:"version"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	t, err := s.tenantOf(in.Tenant)
	if err != nil {
		return err
	}
	var d Delivery
	switch r.URL.Path {
	case controlPath + "install":
		d, err = t.Install(r.Context())
	case controlPath + "uninstall":
		d, err = t.Uninstall(r.Context())
	default:
		if in.Version == "" {
			return &wrongError{http.StatusBadRequest, `upgrade app: "version" is missing`}
		}
		d, err = t.Upgrade(r.Context(), in.Version)
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, d)
	return nil
}

func (s *Server) controlConsent(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Tenant string   `json:"tenant"`
		Scopes []string `json:"scopes"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	t, err := s.tenantOf(in.Tenant)
	if err != nil {
		return err
	}
	t.Consent(in.Scopes...)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// controlSetup installs and configures the app on a tenant, whose daemon may be
// named as well.
func (s *Server) controlSetup(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Tenant string `json:"tenant"`
		Remote string `json:"remote"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	t, err := s.tenantOf(in.Tenant)
	if err != nil {
		return err
	}
	if in.Remote != "" {
		s.SetRemote(in.Remote)
	}
	if err := t.Setup(r.Context()); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, s.describe())
	return nil
}

// controlConfigure saves the administrators' page.
func (s *Server) controlConfigure(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Tenant   string          `json:"tenant"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	t, err := s.tenantOf(in.Tenant)
	if err != nil {
		return err
	}
	var settings any
	if in.Settings != nil {
		settings = in.Settings
	}
	if err := t.Configure(r.Context(), settings); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// controlConnect saves somebody's personal page.
func (s *Server) controlConnect(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		who

		Name string `json:"name"`
	}
	if err := body(w, r, &in); err != nil {
		return err
	}
	u, err := s.userOf(in.who)
	if err != nil {
		return err
	}
	if err := u.Connect(r.Context(), in.Name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
