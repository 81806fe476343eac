package main

import (
	"context"
	"crypto/tls"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/aws"
)

// signIn is TLS with the system's certificate authorities, and IAM with the credentials that the AWS SDK finds. They are
// asked for again at each connection: those of a pod change every few hours.
func signIn(ctx context.Context) ([]kgo.Opt, error) {
	found, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	credentials := func(ctx context.Context) (aws.Auth, error) {
		c, err := found.Credentials.Retrieve(ctx)
		return aws.Auth{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SessionToken: c.SessionToken}, err
	}
	return []kgo.Opt{
		kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}),
		kgo.SASL(aws.ManagedStreamingIAM(credentials)),
	}, nil
}
