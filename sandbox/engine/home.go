package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/cloudinsight/platform/sandbox/language"
	"github.com/cloudinsight/platform/sandbox/toolchain"
)

// Versions of the plugins: those of the SDKs in go.mod and of tools/eks.
const (
	awsVersion        = "6.83.2"
	kubernetesVersion = "4.30.0"
	eksVersion        = "2.8.1"
)

// layHome lays the plugins out where the engine looks for them: PULUMI_HOME/plugins/KIND-NAME-vVERSION/pulumi-KIND-NAME.
// Each is a small script that starts the sandbox itself.
func (e *Engine) layHome(tools toolchain.Tools) error {
	sandbox := tools.Sandbox
	plugins := map[string][]string{
		"resource-aws-v" + awsVersion:               {sandbox, "plugin", "aws"},
		"resource-eks-v" + eksVersion:               {sandbox, "plugin", "run", tools.Node, tools.EKS},
		"resource-kubernetes-v" + kubernetesVersion: {sandbox, "plugin", "kubernetes"},
		"language-go-v" + language.Version:          {sandbox, "plugin", "language"},
	}
	if official := officialKubernetes(); official != "" {
		plugins["resource-kubernetes-v"+kubernetesVersion] = []string{sandbox, "plugin", "run", official}
	}
	for name, command := range plugins {
		dir := filepath.Join(e.homeDir(), "plugins", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		base := name[:strings.LastIndex(name, "-v")]
		if err := writeFile(filepath.Join(dir, "pulumi-"+base), []byte(script(command)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// script is a shell script that becomes the command.
func script(command []string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\nexec")
	for _, word := range command {
		fmt.Fprintf(&b, " '%s'", strings.ReplaceAll(word, "'", `'\''`))
	}
	b.WriteString(" \"$@\"\n")
	return b.String()
}

// officialKubernetes finds the official Kubernetes plugin: in the operator's own plugin folder, else on PATH.
func officialKubernetes() string {
	home := os.Getenv("PULUMI_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		home = filepath.Join(user, ".pulumi")
	}
	installed := filepath.Join(home, "plugins", "resource-kubernetes-v"+kubernetesVersion, "pulumi-resource-kubernetes")
	if content, err := os.ReadFile(installed); err == nil && !strings.HasPrefix(string(content[:min(len(content), 2)]), "#!") {
		return installed
	}
	if path, err := exec.LookPath("pulumi-resource-kubernetes"); err == nil {
		return path
	}
	return ""
}
