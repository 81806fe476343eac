package eks

import (
	"encoding/base64"
	"fmt"
)

// userData sets what EKS's own user data leaves open, base64-encoded as launch templates want it: the number of pods,
// which EKS computes without prefix delegation. EKS merges it with its own.
// https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
func userData(ami AMI, maxPods int) string {
	text := fmt.Sprintf(`MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: %d

--//--
`, maxPods)
	if ami == Bottlerocket {
		text = fmt.Sprintf("[settings.kubernetes]\nmax-pods = %d\n", maxPods)
	}
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// rootDevice is the volume that holds pods' images and files: Bottlerocket keeps its own system apart from it.
func rootDevice(ami AMI) string {
	if ami == Bottlerocket {
		return "/dev/xvdb"
	}
	return "/dev/xvda"
}
