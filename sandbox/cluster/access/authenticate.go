// Package access lets IAM principals into a cluster the way EKS does: it answers the API server's questions about bearer
// tokens from the account's identities and access entries, and turns access policies into RBAC bindings, so that the API
// server's own authorizer decides what a principal may do.
package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/cluster/desired"
	"github.com/cloudinsight/platform/sandbox/cluster/token"
)

// Authenticator is the API server's token webhook of one cluster.
type Authenticator struct {
	Account *account.Account
	Cluster string
	Log     *slog.Logger
}

// ServeHTTP answers a TokenReview. A token that is refused gets no reason beyond "unauthorized" from the API server; the
// log has it.
func (a *Authenticator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review authenticationv1.TokenReview
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&review); err != nil {
		http.Error(w, "want a TokenReview", http.StatusBadRequest)
		return
	}
	user, err := a.Authenticate(review.Spec.Token, time.Now())
	review.Spec = authenticationv1.TokenReviewSpec{}
	review.Status = authenticationv1.TokenReviewStatus{}
	if err != nil {
		// Service account tokens come by too when the API server itself cannot place them.
		a.Log.Info("token refused", "reason", err)
		review.Status.Error = err.Error()
	} else {
		review.Status.Authenticated = true
		review.Status.User = *user
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(&review); err != nil {
		a.Log.Warn("token review not answered", "error", err)
	}
}

// Authenticate returns the Kubernetes user of the principal that signed the token.
func (a *Authenticator) Authenticate(bearer string, now time.Time) (*authenticationv1.UserInfo, error) {
	var user *authenticationv1.UserInfo
	err := a.Account.View(func(s *account.State) error {
		caller, err := token.Verify(bearer, a.Cluster, s.Identity, now)
		if err != nil {
			return err
		}
		user, err = userOf(desired.Read(s, a.Cluster), caller)
		return err
	})
	return user, err
}

// userOf maps the caller to the user of its access entry.
func userOf(c *desired.Cluster, caller *account.Identity) (*authenticationv1.UserInfo, error) {
	principal, session := principalOf(caller.PrincipalARN)
	i := slices.IndexFunc(c.Entries, func(e desired.AccessEntry) bool { return samePrincipal(e.PrincipalARN, principal) })
	if i < 0 {
		return nil, fmt.Errorf("access: cluster %q has no access entry for %s", c.Name, principal)
	}
	entry := c.Entries[i]
	if entry.Type != "" && entry.Type != "STANDARD" {
		return nil, fmt.Errorf("access: the access entry of %s is of type %s, which is for nodes", principal, entry.Type)
	}
	name := entry.UserName
	if name == "" {
		name = defaultUserName(principal)
	}
	number, _ := accountOf(principal)
	name = strings.NewReplacer(
		"{{SessionName}}", strings.ReplaceAll(session, "@", "-"), "{{SessionNameRaw}}", session, "{{AccountID}}", number,
	).Replace(name)
	return &authenticationv1.UserInfo{
		Username: name,
		UID:      "aws-iam-authenticator:" + number + ":" + caller.AccessKeyID,
		Groups:   append([]string{entryGroup(entry.PrincipalARN)}, entry.Groups...),
		Extra: map[string]authenticationv1.ExtraValue{
			"arn": {caller.PrincipalARN}, "canonicalArn": {principal}, "accessKeyId": {caller.AccessKeyID}, "sessionName": {session},
		},
	}, nil
}

var assumedRole = regexp.MustCompile(`^arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/(.+)$`)

// sessionOfRole is the session of an identity that is given as the role itself.
const sessionOfRole = "sandbox"

// principalOf returns the IAM principal behind an ARN and the name of its session: an assumed role's ARN names the role
// without its path.
func principalOf(arn string) (principal, session string) {
	if m := assumedRole.FindStringSubmatch(arn); m != nil {
		return fmt.Sprintf("arn:%s:iam::%s:role/%s", m[1], m[2], m[3]), m[4]
	}
	if strings.Contains(arn, ":role/") {
		return arn, sessionOfRole
	}
	return arn, ""
}

// samePrincipal compares an access entry's ARN with a caller's. A caller's role has lost its path on the way through STS.
func samePrincipal(entry, caller string) bool {
	return entry == caller || strings.Contains(entry, ":role/") && withoutPath(entry) == withoutPath(caller)
}

func withoutPath(arn string) string {
	head, tail, ok := strings.Cut(arn, ":role/")
	if !ok {
		return arn
	}
	return head + ":role/" + tail[strings.LastIndex(tail, "/")+1:]
}

// defaultUserName is the user name that EKS derives from a principal.
// https://docs.aws.amazon.com/eks/latest/userguide/set-custom-username.html
func defaultUserName(principal string) string {
	number, err := accountOf(principal)
	if err != nil || !strings.Contains(principal, ":role/") {
		return principal
	}
	partition := strings.Split(principal, ":")[1]
	name := withoutPath(principal)
	return fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/{{SessionName}}", partition, number, name[strings.LastIndex(name, "/")+1:])
}

func accountOf(arn string) (string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return "", errors.New("not an ARN")
	}
	return parts[4], nil
}

// entryGroup is a group that holds just the sessions of one access entry. Policies are bound to it, since the user name
// differs from session to session. EKS forbids the prefix to kubernetesGroups, so nobody else can claim it.
func entryGroup(principal string) string { return "eks:access-entry:" + principal }
