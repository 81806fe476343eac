// Package token makes and checks the bearer tokens of EKS: a presigned request to STS that proves who the caller is,
// bound to one cluster by a signed header.
//
// The format is the one of "aws eks get-token" and of aws-iam-authenticator, so a real AWS CLI that is given the
// sandbox's access key makes tokens that the sandbox accepts. Nothing is sent to STS: the checker knows the secret keys
// of the sandbox's account and signs the request again.
//
// https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
package token

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	// Prefix is how every token starts; the rest is the presigned URL in unpadded base64url.
	Prefix = "k8s-aws-v1."

	// Lifetime is how long a token is good for, counted from its signing. STS accepts the signature for that long
	// whatever X-Amz-Expires says.
	Lifetime = 15 * time.Minute

	// clusterHeader carries the cluster's name; it must be among the signed headers, else a token of one cluster
	// would open all of them.
	clusterHeader = "x-k8s-aws-id"

	// expires is the value that the AWS CLI writes into X-Amz-Expires, in seconds.
	expires = "60"

	// clockSkew is how far in the future a token may be signed.
	clockSkew = time.Minute

	// emptyHash is the SHA-256 of an empty body.
	emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	amzDateFormat = "20060102T150405Z"
)

// Make returns a token with which the identity can call the cluster.
func Make(identity account.Identity, cluster, region string, now time.Time) (string, error) {
	query := url.Values{
		"Action":        {"GetCallerIdentity"},
		"Version":       {"2011-06-15"},
		"X-Amz-Expires": {expires},
	}
	target := url.URL{Scheme: "https", Host: "sts." + region + ".amazonaws.com", Path: "/", RawQuery: query.Encode()}
	keys := aws.Credentials{AccessKeyID: identity.AccessKeyID, SecretAccessKey: identity.SecretAccessKey}
	signed, err := presign(target, cluster, keys, region, now)
	if err != nil {
		return "", err
	}
	return Prefix + base64.RawURLEncoding.EncodeToString([]byte(signed)), nil
}

// Expiry is when a token made at now stops being good.
func Expiry(now time.Time) time.Time { return now.Add(Lifetime) }

// Verify returns the identity that signed the token for the cluster. The error says why the token is refused; it never
// contains the token or a key.
func Verify(token, cluster string, identity func(accessKeyID string) *account.Identity, now time.Time) (*account.Identity, error) {
	target, err := parse(token)
	if err != nil {
		return nil, err
	}
	query := target.Query()
	if err := checkRequest(query); err != nil {
		return nil, err
	}
	signedAt, err := time.Parse(amzDateFormat, query.Get("X-Amz-Date"))
	if err != nil {
		return nil, fmt.Errorf("token: X-Amz-Date: want a time like 20060102T150405Z, got %q", query.Get("X-Amz-Date"))
	}
	if now.After(signedAt.Add(Lifetime)) {
		return nil, fmt.Errorf("token: expired %s ago", now.Sub(signedAt.Add(Lifetime)).Round(time.Second))
	}
	if signedAt.After(now.Add(clockSkew)) {
		return nil, fmt.Errorf("token: signed in the future, at %s", signedAt.Format(time.RFC3339))
	}

	// Credential: KEY/DATE/REGION/sts/aws4_request
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")
	if len(scope) != 5 || scope[1] != signedAt.Format("20060102") || scope[3] != "sts" || scope[4] != "aws4_request" {
		return nil, fmt.Errorf("token: credential scope is not one of sts: %q", strings.Join(scope[min(1, len(scope)):], "/"))
	}
	caller := identity(scope[0])
	if caller == nil {
		return nil, fmt.Errorf("token: access key %s is unknown to this account", scope[0])
	}

	unsigned := *target
	rest := target.Query()
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token"} {
		rest.Del(name)
	}
	unsigned.RawQuery = rest.Encode()
	keys := aws.Credentials{
		AccessKeyID: caller.AccessKeyID, SecretAccessKey: caller.SecretAccessKey, SessionToken: query.Get("X-Amz-Security-Token"),
	}
	again, err := presign(unsigned, cluster, keys, scope[2], signedAt)
	if err != nil {
		return nil, err
	}
	want, err := url.Parse(again)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if want.Query().Get("X-Amz-Signature") != query.Get("X-Amz-Signature") {
		return nil, fmt.Errorf("token: signature does not match: made for another cluster than %q, changed, or signed with another secret", cluster)
	}
	return caller, nil
}

// parse takes the presigned URL out of the token and checks that it leads to STS.
func parse(token string) (*url.URL, error) {
	encoded, ok := strings.CutPrefix(token, Prefix)
	if !ok {
		return nil, fmt.Errorf("token: must start with %q", Prefix)
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("token: not base64url")
	}
	target, err := url.Parse(string(raw))
	if err != nil {
		return nil, fmt.Errorf("token: holds no URL")
	}
	host := target.Host
	regional := strings.HasPrefix(host, "sts.") && strings.HasSuffix(host, ".amazonaws.com")
	if target.Scheme != "https" || !regional && host != "sts.amazonaws.com" || target.Path != "/" && target.Path != "" {
		return nil, fmt.Errorf("token: must be a request to STS, got one to %q", host)
	}
	return target, nil
}

// checkRequest refuses every request but GetCallerIdentity with the cluster's name among the signed headers. A
// parameter that is not of a presigned URL is refused as well: it could change what the signature stands for.
func checkRequest(query url.Values) error {
	for name, values := range query {
		switch name {
		case "Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
			"X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token":
		default:
			return fmt.Errorf("token: unexpected parameter %q", name)
		}
		if len(values) != 1 {
			return fmt.Errorf("token: parameter %q given %d times", name, len(values))
		}
	}
	if got := query.Get("Action"); got != "GetCallerIdentity" {
		return fmt.Errorf("token: must be signed for GetCallerIdentity, got %q", got)
	}
	if got := query.Get("X-Amz-Algorithm"); got != "AWS4-HMAC-SHA256" {
		return fmt.Errorf("token: must be signed with AWS4-HMAC-SHA256, got %q", got)
	}
	if got := query.Get("X-Amz-SignedHeaders"); got != "host;"+clusterHeader {
		return fmt.Errorf("token: signed headers must be host and %s, got %q", clusterHeader, got)
	}
	return nil
}

func presign(target url.URL, cluster string, keys aws.Credentials, region string, at time.Time) (string, error) {
	request, err := http.NewRequest(http.MethodGet, target.String(), nil)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	request.Header.Set(clusterHeader, cluster)
	signed, _, err := v4.NewSigner().PresignHTTP(context.Background(), keys, request, emptyHash, "sts", region, at)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	return signed, nil
}
