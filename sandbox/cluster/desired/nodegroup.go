package desired

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/cloudinsight/platform/sandbox/account"
)

// NodeGroup is a managed node group.
type NodeGroup struct {
	Name         string
	InstanceType string // the first one listed, or the launch template's
	CapacityType string // ON_DEMAND or SPOT
	AMIType      string // such as AL2023_x86_64_STANDARD
	Image        string // id of the machine image
	Desired      int
	Labels       map[string]string
	Taints       []Taint
	Subnets      []Subnet // by zone

	// MaxPods is what the launch template's user data tells the kubelet; 0 when it says nothing.
	MaxPods int

	// LaunchTemplateID and LaunchTemplateVersion are empty for a group without one.
	LaunchTemplateID, LaunchTemplateVersion string

	// Release is what a node is made from besides its type. EKS replaces the nodes of a group when it changes, and
	// leaves them alone when labels, taints or sizes do.
	// https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
	Release string
}

// Taint is a taint in EKS's spelling.
type Taint struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Effect string `json:"effect"` // NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE
}

// Subnet is where nodes of a group get their addresses.
type Subnet struct {
	ID     string
	Zone   string // such as af-south-1a
	ZoneID string // such as afs1-az1; may be empty
	CIDR   string
}

type nodeGroupProps struct {
	Name           string            `json:"nodeGroupName"`
	SubnetIDs      []string          `json:"subnetIds"`
	InstanceTypes  []string          `json:"instanceTypes"`
	CapacityType   string            `json:"capacityType"`
	AMIType        string            `json:"amiType"`
	ReleaseVersion string            `json:"releaseVersion"`
	Version        string            `json:"version"`
	Labels         map[string]string `json:"labels"`
	Taints         []Taint           `json:"taints"`
	Scaling        struct {
		Desired int `json:"desiredSize"`
	} `json:"scalingConfig"`
	LaunchTemplate *struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"launchTemplate"`
}

// defaultInstanceType is what EKS takes when a group names none.
// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
const defaultInstanceType = "t3.medium"

func nodeGroups(c *Cluster, s *account.State) []NodeGroup {
	var groups []NodeGroup
	for _, r := range of(s, TypeNodeGroup, c.Name) {
		if props, ok := decode[nodeGroupProps](c, r, "node group"); ok {
			groups = append(groups, nodeGroup(c, s, props))
		}
	}
	sortBy(groups, func(g NodeGroup) string { return g.Name })
	return groups
}

func nodeGroup(c *Cluster, s *account.State, props nodeGroupProps) NodeGroup {
	subject := fmt.Sprintf("node group %q", props.Name)
	g := NodeGroup{
		Name: props.Name, CapacityType: props.CapacityType, AMIType: props.AMIType,
		Desired: props.Scaling.Desired, Labels: props.Labels, Taints: props.Taints,
	}
	if g.CapacityType == "" {
		g.CapacityType = "ON_DEMAND"
	}
	for _, id := range props.SubnetIDs {
		r := s.Get(TypeSubnet, id)
		if r == nil {
			c.problem(subject, "subnet %q is not in the account", id)
			continue
		}
		g.Subnets = append(g.Subnets, Subnet{
			ID: id, Zone: r.String("availabilityZone"), ZoneID: r.String("availabilityZoneId"), CIDR: r.String("cidrBlock"),
		})
	}
	sortBy(g.Subnets, func(n Subnet) string { return n.Zone + "/" + n.ID })

	if len(props.InstanceTypes) > 0 {
		g.InstanceType = props.InstanceTypes[0]
	}
	if ref := props.LaunchTemplate; ref != nil {
		template := launchTemplate(s, ref.ID, ref.Name)
		if template == nil {
			c.problem(subject, "launch template %q is not in the account", ref.ID+ref.Name)
		} else {
			g.LaunchTemplateID, g.LaunchTemplateVersion = template.ID, ref.Version
			g.Image = template.String("imageId")
			if g.InstanceType == "" {
				g.InstanceType = template.String("instanceType")
			}
			maxPods, err := MaxPodsOf(template.String("userData"))
			if err != nil {
				c.problem(subject, "user data of launch template %q: %v", template.ID, err)
			}
			g.MaxPods = maxPods
		}
	}
	if g.InstanceType == "" {
		g.InstanceType = defaultInstanceType
	}
	g.Release = strings.Join([]string{
		g.InstanceType, g.AMIType, g.Image, props.Version, props.ReleaseVersion, g.LaunchTemplateID, g.LaunchTemplateVersion,
	}, " ")
	return g
}

func launchTemplate(s *account.State, id, name string) *account.Resource {
	if id != "" {
		return s.Get(TypeLaunchTemplate, id)
	}
	for _, r := range s.List(TypeLaunchTemplate) {
		if r.String("name") == name {
			return r
		}
	}
	return nil
}

// bottlerocketMaxPods finds the setting in Bottlerocket's TOML, as max-pods under [settings.kubernetes] or with the whole
// path. https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/
var bottlerocketMaxPods = regexp.MustCompile(`(?m)^\s*(?:settings\.kubernetes\.)?max-pods\s*=\s*(\d+)\s*$`)

// MaxPodsOf returns the max pods that base64 user data sets for the kubelet, or 0. It reads nodeadm's NodeConfig, alone or
// as a part of a MIME document, and Bottlerocket's TOML.
// https://awslabs.github.io/amazon-eks-ami/nodeadm/
func MaxPodsOf(userData string) (int, error) {
	if userData == "" {
		return 0, nil
	}
	raw, err := base64.StdEncoding.DecodeString(userData)
	if err != nil {
		return 0, fmt.Errorf("must be base64: %w", err)
	}
	parts, err := mimeParts(raw)
	if err != nil {
		return 0, err
	}
	maxPods := 0
	for _, part := range parts {
		for _, document := range bytes.Split(part, []byte("\n---")) {
			if n := nodeConfigMaxPods(document); n > 0 {
				maxPods = n
			}
		}
		if found := bottlerocketMaxPods.FindSubmatch(part); found != nil {
			if maxPods, err = strconv.Atoi(string(found[1])); err != nil {
				return 0, fmt.Errorf("max-pods: %w", err)
			}
		}
	}
	return maxPods, nil
}

// nodeConfigMaxPods reads spec.kubelet.config.maxPods of a NodeConfig; any other document has none.
func nodeConfigMaxPods(document []byte) int {
	var config struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Kubelet struct {
				Config struct {
					MaxPods int `json:"maxPods"`
				} `json:"config"`
			} `json:"kubelet"`
		} `json:"spec"`
	}
	if yaml.Unmarshal(document, &config) != nil || config.Kind != "NodeConfig" || !strings.HasPrefix(config.APIVersion, "node.eks.aws/") {
		return 0
	}
	return config.Spec.Kubelet.Config.MaxPods
}

// mimeParts splits a multipart document; anything else is one part.
func mimeParts(raw []byte) ([][]byte, error) {
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return [][]byte{raw}, nil //nolint:nilerr // no MIME document: that is an answer
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return [][]byte{raw}, nil //nolint:nilerr // of one part
	}
	var parts [][]byte
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return parts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("MIME: %w", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("MIME: %w", err)
		}
		parts = append(parts, content)
	}
}
