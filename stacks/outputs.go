package stacks

// Names of an environment's outputs: whoever reads them, in this program or from another stack, uses these.
const (
	// OutputRegion is the AWS region, text.
	OutputRegion = "region"
	// OutputVPCID is the id of the VPC, text.
	OutputVPCID = "vpcId"
	// OutputNATAddresses are the public addresses that the environment's traffic comes from, a list of text.
	OutputNATAddresses = "natAddresses"
	// OutputClusterName and OutputClusterEndpoint are the EKS cluster's name and the URL of its API server, text.
	OutputClusterName     = "clusterName"
	OutputClusterEndpoint = "clusterEndpoint"
	// OutputKubeconfig is a kubeconfig that asks `aws eks get-token` for credentials, JSON text without a secret.
	OutputKubeconfig = "kubeconfig"
	// OutputNamespace is the namespace of the services, text.
	OutputNamespace = "namespace"
	// OutputServices are the services' URLs inside the cluster by name, a map of text.
	OutputServices = "services"
	// OutputPlaceholders names the services that run the placeholder image, a list of text.
	OutputPlaceholders = "placeholders"
	// OutputTeamRoles are the IAM roles that people take on, by team, a map of text.
	OutputTeamRoles = "teamRoles"
	// OutputStores are the host names of the data stores, a map of text; no credentials.
	OutputStores = "stores"
	// OutputSecrets are the ARNs of the secrets that people put values into, a map of text.
	OutputSecrets = "secrets"
	// OutputAlarmTopics are the SNS topics of alarms by severity, a map of text.
	OutputAlarmTopics = "alarmTopics"
)

// Names of the shared stack's outputs that are not for environments.
const (
	// OutputDeployRoles are the IAM roles that the workflows deploy with, by environment, a map of text.
	OutputDeployRoles = "deployRoles"
	// OutputPreviewRole is the IAM role that previews read with, text.
	OutputPreviewRole = "previewRole"
	// OutputFindingsTopic is the SNS topic of security findings, text.
	OutputFindingsTopic = "findingsTopic"
)
