package iam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cloudinsight/platform/internal/iam"
)

func TestDocument_JSON(t *testing.T) {
	document := iam.Document{Statements: []iam.Statement{
		{Sid: "Read", Actions: []string{"s3:ListBucket", "s3:GetObject"}, Resources: []string{"arn:aws:s3:::logs"}},
		iam.DenyInsecureTransport("arn:aws:s3:::logs"),
	}}
	assert.JSONEq(t, `{
	  "Version": "2012-10-17",
	  "Statement": [
	    {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::logs"]},
	    {"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": ["s3:*"],
	     "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"], "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}
	  ]
	}`, document.JSON())
}

func TestDocument_JSONDoesNotDependOnOrder(t *testing.T) {
	one := iam.Document{Statements: []iam.Statement{{Actions: []string{"a:B", "a:C"}, Principals: iam.Principals{AWS: []string{"x", "y"}}}}}
	other := iam.Document{Statements: []iam.Statement{{Actions: []string{"a:C", "a:B"}, Principals: iam.Principals{AWS: []string{"y", "x"}}}}}
	assert.Equal(t, one.JSON(), other.JSON())
}

func TestDocument_EmptyIsValid(t *testing.T) {
	assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": []}`, iam.Document{}.JSON())
}

func TestTrust(t *testing.T) {
	for name, test := range map[string]struct {
		document iam.Document
		want     string
	}{
		"service": {
			iam.AssumeService("vpc-flow-logs.amazonaws.com",
				iam.Conditions{"StringEquals": {"aws:SourceAccount": {"1"}}},
				iam.Conditions{"ArnLike": {"aws:SourceArn": {"arn"}}}),
			`{"Effect": "Allow", "Principal": {"Service": ["vpc-flow-logs.amazonaws.com"]}, "Action": ["sts:AssumeRole"],
			  "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}, "ArnLike": {"aws:SourceArn": ["arn"]}}}`,
		},
		"pod identity": {
			iam.AssumePodIdentity(),
			`{"Effect": "Allow", "Principal": {"Service": ["pods.eks.amazonaws.com"]}, "Action": ["sts:AssumeRole", "sts:TagSession"]}`,
		},
		"service account": {
			iam.AssumeServiceAccount("arn:provider", "https://oidc.example/id/1", "apps", "cost"),
			`{"Effect": "Allow", "Principal": {"Federated": ["arn:provider"]}, "Action": ["sts:AssumeRoleWithWebIdentity"],
			  "Condition": {"StringEquals": {"oidc.example/id/1:aud": ["sts.amazonaws.com"], "oidc.example/id/1:sub": ["system:serviceaccount:apps:cost"]}}}`,
		},
		"people": {
			iam.AssumeWithMFA("arn:aws:iam::1:root"),
			`{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:root"]}, "Action": ["sts:AssumeRole"],
			  "Condition": {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.JSONEq(t, `{"Version": "2012-10-17", "Statement": [`+test.want+`]}`, test.document.JSON())
		})
	}
}

func TestConditions_AndLeavesItsParts(t *testing.T) {
	first := iam.Conditions{"Bool": {"a": {"true"}}}
	both := first.And(iam.Conditions{"Bool": {"b": {"false"}}})
	assert.Equal(t, iam.Conditions{"Bool": {"a": {"true"}, "b": {"false"}}}, both)
	assert.Equal(t, iam.Conditions{"Bool": {"a": {"true"}}}, first)
}
