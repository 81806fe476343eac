// Command extract writes ../schema.json from the source of the AWS SDK that go.mod pins.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

const sdkModule = "github.com/pulumi/pulumi-aws/sdk/v6"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "extract:", err)
		os.Exit(1)
	}
}

func run() error {
	_, here, _, _ := runtime.Caller(0)
	out := filepath.Join(filepath.Dir(filepath.Dir(here)), "schema.json")
	s, err := Extract(schema.Tokens())
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(raw, '\n'), 0o644)
}

// Extract reads what the tokens need from the SDK's source.
func Extract(tokens []string) (*schema.Schema, error) {
	dir, err := goList("-f", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	version, err := goList("-f", "{{.Version}}")
	if err != nil {
		return nil, err
	}
	sdk := &source{root: filepath.Join(dir, "go", "aws"), packages: map[string]*sourcePackage{}}
	s := &schema.Schema{
		Version:   strings.TrimPrefix(version, "v"),
		Resources: map[string]schema.Resource{},
		Functions: map[string]schema.Resource{},
		Types:     map[string]schema.Object{},
	}
	x := &extractor{sdk: sdk, types: s.Types}
	for _, token := range tokens {
		parts := strings.Split(token, ":")
		pkg, file, ok := strings.Cut(parts[1], "/")
		if len(parts) != 3 || !ok {
			return nil, fmt.Errorf("%q is not a token", token)
		}
		if pkg == "index" {
			pkg = ""
		}
		if strings.HasPrefix(parts[2], "get") {
			s.Functions[token], err = x.function(pkg, file, parts[2])
		} else {
			s.Resources[token], err = x.resource(pkg, file, parts[2])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", token, err)
		}
	}
	if s.Provider, err = x.object("", "provider", "providerArgs", nil); err != nil {
		return nil, err
	}
	return s, nil
}

func goList(args ...string) (string, error) {
	out, err := exec.Command("go", append([]string{"list", "-m"}, append(args, sdkModule)...)...).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", sdkModule, err)
	}
	return strings.TrimSpace(string(out)), nil
}
