package access

import (
	"regexp"
	"strings"

	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	rbacv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/rbac/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Team is a group of people with the same rights.
type Team string

// The teams.
const (
	Developers Team = "developers" // change workloads, read no secrets
	QA         Team = "qa"         // look, read logs, forward ports
	TechLeads  Team = "techLeads"  // change everything in the namespace but its guards
	DevOps     Team = "devops"     // administer the cluster
)

// Teams lists every Team.
var Teams = []Team{Developers, QA, TechLeads, DevOps}

var capital = regexp.MustCompile(`[A-Z]`)

// label is the team's name where capitals are not allowed.
func (t Team) label() string {
	return capital.ReplaceAllStringFunc(string(t), func(c string) string { return "-" + strings.ToLower(c) })
}

// group is the Kubernetes group of the team's people.
func (t Team) group() string { return "cloudinsight:" + t.label() }

// grant is what a team may do in the namespace, by rules of its own or by a
// ClusterRole that Kubernetes brings, and in the cluster, by a policy of EKS.
type grant struct {
	rules        []rule
	builtin      string
	accessPolicy string // https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
}

// rule allows verbs on resources of an API group.
type rule struct {
	group     string
	resources []string
	verbs     []string
}

var (
	look   = []string{"get", "list", "watch"}
	change = []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	use    = []string{"get", "create"} // both ways in which clients ask for it
)

// inspect is what one needs to see how the services do. Secrets are not in it.
var inspect = []rule{
	{"", []string{
		"configmaps", "endpoints", "events", "limitranges", "persistentvolumeclaims",
		"pods", "pods/log", "pods/status", "resourcequotas", "serviceaccounts", "services",
	}, look},
	{"apps", []string{"deployments", "replicasets", "statefulsets"}, look},
	{"autoscaling", []string{"horizontalpodautoscalers"}, look},
	{"batch", []string{"cronjobs", "jobs"}, look},
	{"discovery.k8s.io", []string{"endpointslices"}, look},
	{"events.k8s.io", []string{"events"}, look},
	{"metrics.k8s.io", []string{"pods"}, look},
	{"networking.k8s.io", []string{"ingresses", "networkpolicies"}, look},
	{"policy", []string{"poddisruptionbudgets"}, look},
}

// grants is the whole of what people may do. Whoever may create pods can have
// them read any secret of the namespace; leaving secrets out keeps developers
// from meeting them by accident and is no wall, which is why they enter dev only.
var grants = map[Team]grant{
	Developers: {rules: append([]rule{
		{"", []string{"configmaps", "pods", "services"}, change},
		{"", []string{"pods/exec", "pods/portforward"}, use},
		{"apps", []string{"deployments", "statefulsets"}, change},
		{"apps", []string{"deployments/scale", "statefulsets/scale"}, []string{"get", "update", "patch"}},
		{"autoscaling", []string{"horizontalpodautoscalers"}, change},
		{"batch", []string{"cronjobs", "jobs"}, change},
	}, inspect...)},
	QA:        {rules: append([]rule{{"", []string{"pods/portforward"}, use}}, inspect...)},
	TechLeads: {builtin: "edit"},
	DevOps:    {builtin: "admin", accessPolicy: "AmazonEKSClusterAdminPolicy"},
}

// newPermissions binds the team's group in the namespace.
func newPermissions(ctx *pulumi.Context, name string, team Team, a Args, opts ...pulumi.ResourceOption) error {
	labels := pulumi.StringMap{
		"app.kubernetes.io/part-of":    pulumi.String("cloudinsight"),
		"app.kubernetes.io/managed-by": pulumi.String("pulumi"),
	}
	objectName := "cloudinsight-" + team.label()
	role := pulumi.String(grants[team].builtin).ToStringOutput()
	if grants[team].builtin == "" {
		own, err := rbacv1.NewClusterRole(ctx, name+"-"+team.label(), &rbacv1.ClusterRoleArgs{
			Metadata: &metav1.ObjectMetaArgs{Name: pulumi.String(objectName), Labels: labels},
			Rules:    policyRules(grants[team].rules),
		}, opts...)
		if err != nil {
			return err
		}
		role = own.Metadata.Name().Elem()
	}
	_, err := rbacv1.NewRoleBinding(ctx, name+"-"+team.label(), &rbacv1.RoleBindingArgs{
		Metadata: &metav1.ObjectMetaArgs{
			Name: pulumi.String(objectName), Namespace: pulumi.String(a.Namespace), Labels: labels,
		},
		RoleRef: &rbacv1.RoleRefArgs{
			ApiGroup: pulumi.String("rbac.authorization.k8s.io"), Kind: pulumi.String("ClusterRole"), Name: role,
		},
		Subjects: rbacv1.SubjectArray{&rbacv1.SubjectArgs{
			ApiGroup: pulumi.String("rbac.authorization.k8s.io"), Kind: pulumi.String("Group"),
			Name: pulumi.String(team.group()),
		}},
	}, opts...)
	return err
}

func policyRules(rules []rule) rbacv1.PolicyRuleArray {
	var array rbacv1.PolicyRuleArray
	for _, r := range rules {
		array = append(array, &rbacv1.PolicyRuleArgs{
			ApiGroups: pulumi.ToStringArray([]string{r.group}),
			Resources: pulumi.ToStringArray(r.resources),
			Verbs:     pulumi.ToStringArray(r.verbs),
		})
	}
	return array
}
