package iam

import "strings"

// AssumeService is the trust policy of a role for an AWS service, such as "vpc-flow-logs.amazonaws.com". Conditions
// bind it to the account or resource that the service acts for.
func AssumeService(service string, conditions ...Conditions) Document {
	s := Statement{Actions: []string{"sts:AssumeRole"}, Principals: Principals{Service: []string{service}}}
	for _, c := range conditions {
		s.Conditions = s.Conditions.And(c)
	}
	return Document{Statements: []Statement{s}}
}

// AssumePodIdentity is the trust policy of a role that EKS Pod Identity hands to pods. Which pods is said by the
// association, not here.
// https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
func AssumePodIdentity() Document {
	return Document{Statements: []Statement{{
		Actions:    []string{"sts:AssumeRole", "sts:TagSession"},
		Principals: Principals{Service: []string{"pods.eks.amazonaws.com"}},
	}}}
}

// AssumeServiceAccount is the trust policy of a role for one Kubernetes service account, through the cluster's OIDC
// provider. The issuer may be given with or without https://.
// https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html
func AssumeServiceAccount(providerARN, issuer, namespace, serviceAccount string) Document {
	host := strings.TrimPrefix(issuer, "https://")
	return Document{Statements: []Statement{{
		Actions:    []string{"sts:AssumeRoleWithWebIdentity"},
		Principals: Principals{Federated: []string{providerARN}},
		Conditions: Conditions{"StringEquals": {
			host + ":aud": {"sts.amazonaws.com"},
			host + ":sub": {"system:serviceaccount:" + namespace + ":" + serviceAccount},
		}},
	}}}
}

// AssumeWithMFA is the trust policy of a role for people: the principals may take it on after a second factor.
func AssumeWithMFA(principalARNs ...string) Document {
	return Document{Statements: []Statement{{
		Actions:    []string{"sts:AssumeRole"},
		Principals: Principals{AWS: principalARNs},
		Conditions: Conditions{"Bool": {"aws:MultiFactorAuthPresent": {"true"}}},
	}}}
}

// DenyInsecureTransport refuses every request to a bucket that does not come over TLS.
func DenyInsecureTransport(bucketARN string) Statement {
	return Statement{
		Sid:        "DenyInsecureTransport",
		Deny:       true,
		Actions:    []string{"s3:*"},
		Resources:  []string{bucketARN, bucketARN + "/*"},
		Principals: Principals{Everyone: true},
		Conditions: Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}
}
