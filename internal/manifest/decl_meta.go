package manifest

// header is what every document begins with.
type header struct {
	APIVersion str      `yaml:"apiVersion" jsonschema_description:"aof.dev/v1"`
	Kind       str      `yaml:"kind"`
	Metadata   metaDecl `yaml:"metadata"`
}

type metaDecl struct {
	at
	Name        str          `yaml:"name" jsonschema_description:"Unique among the manifests of its kind"`
	Namespace   data         `yaml:"namespace" ignore:"names are unique per kind"`
	Labels      mapping[str] `yaml:"labels"`
	Annotations mapping[str] `yaml:"annotations"`
	Description str          `yaml:"description"`
}
