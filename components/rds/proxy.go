package rds

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	awsiam "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/cloudinsight/platform/internal/iam"
)

// behindProxy puts a pool of connections between the clients and the instance, which then lets in nobody but the proxy.
func (b *builder) behindProxy(d *Database) error {
	group, err := b.securityGroup("-proxy", "Proxy of PostgreSQL "+b.args.Name)
	if err != nil {
		return err
	}
	if err := b.admitClients("-proxy", group); err != nil {
		return err
	}
	if err := b.admit("", b.group, "proxy", group.ID().ToStringOutput()); err != nil {
		return err
	}
	// The only way out of a proxy; it reaches Secrets Manager through AWS's own network.
	if _, err := vpc.NewSecurityGroupEgressRule(b.ctx, b.name+"-proxy-to-database", &vpc.SecurityGroupEgressRuleArgs{
		Description:               pulumi.String("PostgreSQL " + b.args.Name),
		SecurityGroupId:           group.ID(),
		ReferencedSecurityGroupId: b.group.ID(),
		IpProtocol:                pulumi.String("tcp"),
		FromPort:                  pulumi.Int(Port),
		ToPort:                    pulumi.Int(Port),
		Tags:                      b.tags(b.args.Name + "-proxy-to-database"),
	}, b.parent); err != nil {
		return fmt.Errorf("egress of the proxy: %w", err)
	}
	proxy, target, err := b.proxy(d.SecretARN, group)
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	d.Endpoint, d.SecurityGroupID = proxy.Endpoint, group.ID().ToStringOutput()
	d.Ready = append(d.Ready, target)
	return nil
}

func (b *builder) proxy(secretARN pulumi.StringOutput, group *ec2.SecurityGroup) (*rds.Proxy, *rds.ProxyTarget, error) {
	name := b.args.Name + "-proxy"
	logs, err := b.logGroup(b.name+"-proxy", "/aws/rds/proxy/"+name)
	if err != nil {
		return nil, nil, err
	}
	role, err := b.proxyRole(secretARN)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := rds.NewProxy(b.ctx, b.name, &rds.ProxyArgs{
		Name:         pulumi.String(name),
		EngineFamily: pulumi.String("POSTGRESQL"),
		RequireTls:   pulumi.Bool(true),
		// Clients come with the managed secret, as they would to the instance itself: whether a proxy stands in between is
		// not theirs to know.
		Auths: rds.ProxyAuthArray{rds.ProxyAuthArgs{
			AuthScheme:             pulumi.String("SECRETS"),
			ClientPasswordAuthType: pulumi.String("POSTGRES_SCRAM_SHA_256"),
			Description:            pulumi.String("Master user " + b.args.Username),
			IamAuth:                pulumi.String("DISABLED"),
			SecretArn:              secretARN,
		}},
		RoleArn:             role.Arn,
		VpcSecurityGroupIds: pulumi.StringArray{group.ID()},
		VpcSubnetIds:        b.args.SubnetIDs,
		Tags:                b.tags(name),
	}, b.parent, pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(append(role.policies, logs)))
	if err != nil {
		return nil, nil, err
	}
	pool, err := rds.NewProxyDefaultTargetGroup(b.ctx, b.name, &rds.ProxyDefaultTargetGroupArgs{
		DbProxyName: proxy.Name,
		ConnectionPoolConfig: rds.ProxyDefaultTargetGroupConnectionPoolConfigArgs{
			// The rest is for people and for the instance's own housekeeping; it keeps the alarm on connections quiet too.
			MaxConnectionsPercent:     pulumi.Int(75),
			MaxIdleConnectionsPercent: pulumi.Int(50),
			// Seconds.
			ConnectionBorrowTimeout: pulumi.Int(30),
		},
	}, b.parent)
	if err != nil {
		return nil, nil, err
	}
	target, err := rds.NewProxyTarget(b.ctx, b.name, &rds.ProxyTargetArgs{
		DbProxyName:          proxy.Name,
		TargetGroupName:      pool.Name,
		DbInstanceIdentifier: b.instance.Identifier,
	}, b.parent)
	return proxy, target, err
}

// proxyRole may read the master user's secret and nothing else.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
func (b *builder) proxyRole(secretARN pulumi.StringOutput) (*role, error) {
	made, err := b.newRole("proxy", "Reads the secret of "+b.args.Name+" for its proxy", iam.AssumeService("rds.amazonaws.com"))
	if err != nil {
		return nil, err
	}
	policy, err := awsiam.NewRolePolicy(b.ctx, b.name+"-proxy", &awsiam.RolePolicyArgs{
		Role: made.ID(),
		Policy: pulumi.All(secretARN, b.args.SecretKeyARN).ApplyT(func(of []any) string {
			return secretReader(of[0].(string), of[1].(string), b.args.Region).JSON()
		}).(pulumi.StringOutput),
	}, pulumi.Parent(made))
	if err != nil {
		return nil, fmt.Errorf("role %q: %w", "proxy", err)
	}
	return &role{made, []pulumi.Resource{policy}}, nil
}

func secretReader(secretARN, keyARN, region string) iam.Document {
	return iam.Document{Statements: []iam.Statement{
		{Sid: "Read", Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{secretARN}},
		{
			Sid: "Decrypt", Actions: []string{"kms:Decrypt"}, Resources: []string{keyARN},
			Conditions: iam.Conditions{"StringEquals": {"kms:ViaService": {"secretsmanager." + region + ".amazonaws.com"}}},
		},
	}}
}
