// Command aws stands in for the AWS CLI where the sandbox needs one: the eks component looks for it, and kubeconfigs get
// their tokens from it. It knows the caller by the sandbox's access key; everything else is refused.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/token"
)

const (
	// version is the first line of a real "aws --version" that the commands below behave like.
	version = "aws-cli/2.31.0 Python/3.13.7 sandbox/1"

	// usageError is the exit code of the AWS CLI for a command that it does not understand.
	// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-returncodes.html
	usageError = 252

	defaultRegion = "us-east-1"
)

func main() {
	err := run(os.Args[1:], os.Getenv, os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "aws (sandbox): %v\n", err)
	if errors.Is(err, errUsage) {
		os.Exit(usageError)
	}
	os.Exit(255)
}

var errUsage = errors.New("the sandbox's aws command knows eks get-token, sts get-caller-identity and --version")

func run(args []string, getenv func(string) string, out io.Writer) error {
	if slices.Contains(args, "--version") {
		_, err := fmt.Fprintln(out, version)
		return err
	}
	words, flags, err := parse(args)
	if err != nil {
		return err
	}
	if format := flags["output"]; format != "" && format != "json" {
		return fmt.Errorf("--output: must be json, got %q: %w", format, errUsage)
	}
	switch strings.Join(words, " ") {
	case "eks get-token":
		return getToken(flags, getenv, out)
	case "sts get-caller-identity":
		return callerIdentity(getenv, out)
	default:
		return fmt.Errorf("%q: %w", strings.Join(words, " "), errUsage)
	}
}

// known are the flags that are understood; true for those with a value.
var known = map[string]bool{"region": true, "cluster-name": true, "output": true, "no-cli-pager": false, "no-cli-auto-prompt": false}

func parse(args []string) (words []string, flags map[string]string, err error) {
	flags = map[string]string{}
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		if !isFlag {
			words = append(words, args[i])
			continue
		}
		name, value, inline := strings.Cut(name, "=")
		hasValue, ok := known[name]
		switch {
		case !ok:
			return nil, nil, fmt.Errorf("--%s: %w", name, errUsage)
		case hasValue && !inline && i+1 < len(args):
			i++
			value = args[i]
		case hasValue && !inline:
			return nil, nil, fmt.Errorf("--%s: needs a value: %w", name, errUsage)
		}
		flags[name] = value
	}
	return words, flags, nil
}

// caller is the identity of the environment's access key.
func caller(getenv func(string) string) (account.Identity, error) {
	id := account.Identity{AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY")}
	if id.AccessKeyID == "" || id.SecretAccessKey == "" {
		return id, errors.New("unable to locate credentials: set the variables that \"sandbox env\" prints")
	}
	return id, nil
}

// getToken prints what "aws eks get-token" prints.
func getToken(flags map[string]string, getenv func(string) string, out io.Writer) error {
	cluster := flags["cluster-name"]
	if cluster == "" {
		return fmt.Errorf("--cluster-name: is required: %w", errUsage)
	}
	id, err := caller(getenv)
	if err != nil {
		return err
	}
	region := defaultRegion
	for _, r := range []string{flags["region"], getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION")} {
		if r != "" {
			region = r
			break
		}
	}
	now := time.Now()
	made, err := token.Make(id, cluster, region, now)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(map[string]any{
		"kind":       "ExecCredential",
		"apiVersion": "client.authentication.k8s.io/v1beta1",
		"spec":       map[string]any{},
		"status": map[string]any{
			// Clients ask again a minute before the token's end, as with the real command.
			"expirationTimestamp": token.Expiry(now).Add(-time.Minute).UTC().Format(time.RFC3339),
			"token":               made,
		},
	})
}

// callerIdentity prints what "aws sts get-caller-identity" prints.
func callerIdentity(getenv func(string) string, out io.Writer) error {
	id, err := caller(getenv)
	if err != nil {
		return err
	}
	root := getenv("SANDBOX_ROOT")
	if root == "" {
		return errors.New("SANDBOX_ROOT is not set: set the variables that \"sandbox env\" prints")
	}
	return account.Open(filepath.Join(root, "account.json")).View(func(s *account.State) error {
		known := s.Identity(id.AccessKeyID)
		if known == nil || known.SecretAccessKey != id.SecretAccessKey {
			return errors.New("InvalidClientTokenId: the security token included in the request is invalid")
		}
		return json.NewEncoder(out).Encode(map[string]string{
			"UserId": known.AccessKeyID, "Account": s.AccountID, "Arn": known.PrincipalARN,
		})
	})
}
