package internal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
)

// deployed is the part of a Kubernetes object that the tests look at.
type deployed struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Data       map[string]string
	Spec       struct {
		Replicas int
		Strategy struct{ Type string }
		Template struct {
			Spec struct {
				Containers []struct {
					Ports        []struct{ Name string }
					VolumeMounts []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
					ReadinessProbe struct {
						HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
					} `yaml:"readinessProbe"`
					SecurityContext struct {
						ReadOnlyRootFilesystem bool `yaml:"readOnlyRootFilesystem"`
					} `yaml:"securityContext"`
				}
				Volumes []struct {
					Name      string
					ConfigMap struct{ Name string } `yaml:"configMap"`
					Claim     struct {
						ClaimName string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
				}
			}
		}
	}
}

// deployFile decodes the documents of a file below deploy/.
func deployFile[T any](t *testing.T, name string) []T {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(read(t, filepath.Join(top, "deploy", name))))
	var list []T
	for {
		var one T
		switch err := decoder.Decode(&one); {
		case err == nil:
			list = append(list, one)
		case len(list) > 0 && err.Error() == "EOF":
			return list
		default:
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestDeployYAMLParses(t *testing.T) {
	for _, pattern := range []string{"*.yaml", "kubernetes/*.yaml", "kubernetes-replicas/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(top, "deploy", filepath.FromSlash(pattern)))
		if err != nil || len(found) < 2 {
			t.Fatalf("%s matches %d files: %v", pattern, len(found), err)
		}
		for _, path := range found {
			name, err := filepath.Rel(filepath.Join(top, "deploy"), path)
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range deployFile[map[string]any](t, name) {
				if len(doc) == 0 {
					t.Errorf("%s has an empty document", name)
				}
			}
		}
	}
}

func TestDeployConfigurationIsValid(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "daemon.yaml"), strings.NewReplacer(
		"/etc/aofctl/", "./", "sqlite:/var/lib/aofctl", "sqlite:./data").Replace(read(t, filepath.Join(top, "deploy", "daemon.yaml"))))
	for _, config := range configMaps(t) {
		for file, text := range config.data {
			if config.dir != "" {
				write(t, filepath.Join(dir, config.dir, file), text)
			}
		}
	}
	env := exampleVariables(t)
	for line := range strings.Lines(read(t, filepath.Join(top, "deploy", "aofctl.env.example"))) {
		if name, _, found := strings.Cut(line, "="); found && env[name] == "" {
			env[name] = "set"
		}
	}
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	daemon := loadExample(t, dir, lookup)
	known, err := app.Known(daemon, lookup)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := manifest.Validate(t.Context(), []string{dir}, known)
	if missing := daemon.MissingSecrets(lookup); err != nil || len(problems)+len(missing) > 0 {
		t.Errorf("problems: %v %v %v", problems, missing, err)
	}
}

// configMap is what a ConfigMap holds: files of the repository, and the
// directory that it is mounted as.
type configMap struct {
	name, dir string
	data      map[string]string
}

// configMaps are those of the Kubernetes manifests, made from the files.
func configMaps(t *testing.T) []configMap {
	t.Helper()
	list := []configMap{
		{name: "aofctl-config", data: map[string]string{"daemon.yaml": read(t, filepath.Join(top, "deploy", "daemon.yaml"))}},
		{name: "aofctl-triggers", dir: "triggers", data: map[string]string{}},
		{name: "aofctl-agents", dir: "agents", data: map[string]string{}},
		{name: "aofctl-fleets", dir: "fleets", data: map[string]string{}},
		{name: "aofctl-flows", dir: "flows", data: map[string]string{}},
	}
	for _, config := range list[1:] {
		files, err := filepath.Glob(filepath.Join(top, config.dir, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", config.dir, err)
		}
		for _, path := range files {
			config.data[filepath.Base(path)] = read(t, path)
		}
	}
	return list
}

func TestDocsConfigMapsHoldTheRepositorysFiles(t *testing.T) {
	var want bytes.Buffer
	want.WriteString("# Made from deploy/daemon.yaml and the default set by: go test ./internal -run Docs -update\n")
	encoder := yaml.NewEncoder(&want)
	encoder.SetIndent(2)
	for _, config := range configMaps(t) {
		data := map[string]yaml.Node{}
		for file, text := range config.data {
			data[file] = yaml.Node{Kind: yaml.ScalarNode, Style: yaml.LiteralStyle, Value: withoutSchemaLine(text)}
		}
		err := encoder.Encode(struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   map[string]string
			Data       map[string]yaml.Node
		}{"v1", "ConfigMap", map[string]string{"name": config.name}, data})
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(top, "deploy", "kubernetes", "configmap.yaml")
	if *update {
		write(t, path, want.String())
	}
	if diff := cmp.Diff(want.String(), read(t, path)); diff != "" {
		t.Errorf("%s is out of date, run: go test ./internal -run Docs -update\n(-want +got):\n%s", path, diff)
	}
}

// withoutSchemaLine takes off the line for editors, whose path means nothing
// within a cluster.
func withoutSchemaLine(text string) string {
	if first, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(first, "# yaml-language-server:") {
		return rest
	}
	return text
}

func TestDeployOnKubernetesIsOneReplicaWhoseVolumesExist(t *testing.T) {
	spec := deployFile[deployed](t, "kubernetes/deployment.yaml")[0].Spec
	if spec.Replicas != 1 || spec.Strategy.Type != "Recreate" {
		t.Errorf("%d replicas, strategy %s: a storage directory has one process", spec.Replicas, spec.Strategy.Type)
	}
	there := map[string]bool{}
	for _, name := range []string{"kubernetes/configmap.yaml", "kubernetes/pvc.yaml"} {
		for _, object := range deployFile[deployed](t, name) {
			there[object.Kind+"/"+object.Metadata.Name] = true
		}
	}
	pod := spec.Template.Spec
	var volumes []string
	for _, v := range pod.Volumes {
		volumes = append(volumes, v.Name)
		if v.ConfigMap.Name != "" && !there["ConfigMap/"+v.ConfigMap.Name] || v.Claim.ClaimName != "" && !there["PersistentVolumeClaim/"+v.Claim.ClaimName] {
			t.Errorf("volume %s needs an object that is not there", v.Name)
		}
	}
	container := pod.Containers[0]
	for _, mount := range container.VolumeMounts {
		if !slices.Contains(volumes, mount.Name) {
			t.Errorf("%s mounts the volume %s, which is not there", mount.MountPath, mount.Name)
		}
	}
	if get := container.ReadinessProbe.HTTPGet; get.Path != "/readyz" || get.Port != container.Ports[0].Name {
		t.Errorf("readiness is asked at %s of port %s", get.Path, get.Port)
	}
	if !container.SecurityContext.ReadOnlyRootFilesystem {
		t.Error("the root file system can be written")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a page for everybody to read
		t.Fatal(err)
	}
}
