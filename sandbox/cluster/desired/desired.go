// Package desired reads from the sandbox's account what AWS would make of one EKS cluster: its node groups with their
// subnets and launch templates, add-ons, access entries and the images of the account's registries.
//
// It is the one place that knows under which names the account keeps these things; what acts on the cluster works with
// the types here. It only reads: a thing that cannot be understood becomes a Problem, and the rest still counts.
package desired

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/cloudinsight/platform/sandbox/account"
)

// The account's resource types that a cluster is made of, as Pulumi type tokens.
const (
	TypeCluster           = "aws:eks/cluster:Cluster"
	TypeNodeGroup         = "aws:eks/nodeGroup:NodeGroup"
	TypeAddon             = "aws:eks/addon:Addon"
	TypeAccessEntry       = "aws:eks/accessEntry:AccessEntry"
	TypePolicyAssociation = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
	TypeSubnet            = "aws:ec2/subnet:Subnet"
	TypeLaunchTemplate    = "aws:ec2/launchTemplate:LaunchTemplate"
	TypeRepository        = "aws:ecr/repository:Repository"

	// TypeImage is an image that somebody pushed: props repositoryName, imageTag and imageDigest. Pulumi has no such
	// resource, so the type is the sandbox's own.
	TypeImage = "aws:ecr/image:Image"
)

// Problem is something in the account that cannot be brought about in the cluster.
type Problem struct {
	Subject string `json:"subject"` // what it is about, such as `node group "workload"`
	Message string `json:"message"`
}

// Cluster is everything in the account that bears on one cluster.
type Cluster struct {
	Name      string
	AccountID string
	Region    string

	// SelfManagedAddons: the cluster came with its own vpc-cni, kube-proxy and coredns, which no add-on resource stands
	// for. EKS does so unless bootstrapSelfManagedAddons is false.
	// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
	SelfManagedAddons bool

	NodeGroups   []NodeGroup
	Addons       []Addon
	Entries      []AccessEntry
	Associations []PolicyAssociation
	Images       map[string]bool // "REGISTRY/REPOSITORY:TAG" and "REGISTRY/REPOSITORY@DIGEST" of every image pushed
	Problems     []Problem
}

// AccessEntry lets an IAM principal in.
type AccessEntry struct {
	PrincipalARN string   `json:"principalArn"`
	UserName     string   `json:"userName"` // empty: derived from the principal
	Groups       []string `json:"kubernetesGroups"`
	Type         string   `json:"type"` // empty: STANDARD
}

// PolicyAssociation gives the principal of an access entry one of EKS's access policies.
type PolicyAssociation struct {
	PrincipalARN string `json:"principalArn"`
	PolicyARN    string `json:"policyArn"`
	Scope        struct {
		Type       string   `json:"type"` // cluster or namespace
		Namespaces []string `json:"namespaces"`
	} `json:"accessScope"`
}

// Read returns what the account holds for the cluster of that name. A cluster that is not in the account (yet) has no
// node groups, add-ons or entries.
func Read(s *account.State, name string) *Cluster {
	c := &Cluster{Name: name, AccountID: s.AccountID, Images: images(s)}
	for _, r := range s.List(TypeCluster) {
		if r.String("name") != name {
			continue
		}
		c.Region = r.Region
		c.SelfManagedAddons = true
		if bootstrap, ok := r.Props["bootstrapSelfManagedAddons"].(bool); ok {
			c.SelfManagedAddons = bootstrap
		}
	}
	c.NodeGroups = nodeGroups(c, s)
	c.Addons = addons(c, s)
	for _, r := range of(s, TypeAccessEntry, name) {
		if entry, ok := decode[AccessEntry](c, r, "access entry"); ok {
			c.Entries = append(c.Entries, entry)
		}
	}
	for _, r := range of(s, TypePolicyAssociation, name) {
		if association, ok := decode[PolicyAssociation](c, r, "access policy association"); ok {
			c.Associations = append(c.Associations, association)
		}
	}
	return c
}

// problem records what cannot be brought about.
func (c *Cluster) problem(subject, format string, args ...any) {
	c.Problems = append(c.Problems, Problem{Subject: subject, Message: fmt.Sprintf(format, args...)})
}

// of returns the resources of a type that belong to the cluster.
func of(s *account.State, typ, cluster string) []*account.Resource {
	var own []*account.Resource
	for _, r := range s.List(typ) {
		if r.String("clusterName") == cluster {
			own = append(own, r)
		}
	}
	return own
}

// decode reads the resource's properties into a T; what is not of T's shape is a problem.
func decode[T any](c *Cluster, r *account.Resource, kind string) (T, bool) {
	var value T
	raw, err := json.Marshal(r.Props)
	if err == nil {
		err = json.Unmarshal(raw, &value)
	}
	if err != nil {
		c.problem(fmt.Sprintf("%s %q", kind, r.ID), "cannot be read: %v", err)
		return value, false
	}
	return value, true
}

// images lists what was pushed to the account's registries.
func images(s *account.State) map[string]bool {
	all := map[string]bool{}
	for _, r := range s.List(TypeImage) {
		repository := fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", s.AccountID, r.Region, r.String("repositoryName"))
		if tag := r.String("imageTag"); tag != "" {
			all[repository+":"+tag] = true
		}
		if digest := r.String("imageDigest"); digest != "" {
			all[repository+"@"+digest] = true
		}
	}
	return all
}

// sortBy orders the list by a key, so that two reads of one account agree.
func sortBy[T any](list []T, key func(T) string) {
	sort.SliceStable(list, func(i, j int) bool { return key(list[i]) < key(list[j]) })
}
